"""Where a figure or a table comes from, in one line of JSON that files of every format can carry."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dirgrad.core.errors import UserError
from dirgrad.records import files, provenance

ORIGIN_PATTERN = re.compile(rb'\{"run_id": [^{}]*\}')
"""The line, as it stands uncompressed in SVG, PNG, PDF, HTML and LaTeX."""


class Origin(NamedTuple):
    """run_id: a hash of the provenance of all records, which holds the second at which each began: the same records give the same,
    another run another. commit, dirgrad: of the code that made them, all there are. config_hash: of the part of the
    configuration that it depends on, the settings of its records and the statistics. records: every job, with its own run_id."""

    run_id: str
    commit: str
    config_hash: str
    dirgrad: str
    records: tuple[str, ...]


def run_id(facts: Mapping[str, str]) -> str:
    """The identity of one job, from the provenance of its records: 12 hexadecimal digits."""
    return provenance.digest(facts)


def from_records(root: Path, paths: Iterable[str], statistics: Mapping[str, Any]) -> Origin:
    """The origin of what is made from these files of records below root. Raises FileNotFoundError where one is missing."""
    return from_jobs(
        {_job(Path(path)): files.read_provenance(root / path) for path in sorted(paths)}, statistics
    )


def from_jobs(facts: Mapping[str, Mapping[str, str]], statistics: Mapping[str, Any]) -> Origin:
    """The origin of what is made from these jobs, given by the provenance of each."""
    ids = {job: run_id(dict(one)) for job, one in facts.items()}
    settings = {job: one["settings_hash"] for job, one in facts.items()}
    return Origin(
        run_id=provenance.digest(ids),
        commit=_all(facts, "commit"),
        config_hash=provenance.digest({"settings": settings, "statistics": dict(statistics)}),
        dirgrad=_all(facts, "dirgrad"),
        records=tuple(f"{job} {one}" for job, one in ids.items()),
    )


def from_manifest(manifest: Mapping[str, Any]) -> Origin:
    """The origin of what is made from all that a run leaves behind."""
    jobs = manifest["cells"] | manifest["measurements"]
    return Origin(
        manifest["run_id"],
        ", ".join(manifest["commit"]),
        manifest["config_hash"],
        ", ".join(manifest["dirgrad"]),
        tuple(f"{job} {one['run_id']}" for job, one in jobs.items()),
    )


def _job(path: Path) -> str:
    """What a file of records is called: one job leaves several, of one provenance."""
    return path.parent.as_posix() if path.parent.parts else path.stem


def _all(facts: Mapping[str, Mapping[str, str]], name: str) -> str:
    return ", ".join(sorted({one[name] for one in facts.values()}))


def line(origin: Origin) -> str:
    """The line that a file carries: flat JSON in ASCII."""
    return json.dumps(origin._asdict())


def read(path: Path) -> dict[str, Any]:
    """What a figure or a page says of its origin. Raises UserError where it says nothing."""
    found = ORIGIN_PATTERN.search(path.read_bytes())
    if found is None:
        raise UserError(
            f"{path}: carries no origin: name a figure (svg, png, pdf) or a table (html, tex) that dirgrad has made"
        )
    told: dict[str, Any] = json.loads(found[0])
    return told
