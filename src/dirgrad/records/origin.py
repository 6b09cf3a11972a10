"""Origin of a figure or table: one line of JSON that fits into a file of any format."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dirgrad.core.errors import UserError
from dirgrad.records import damage, files, provenance

ORIGIN_PATTERN = re.compile(rb'\{"run_id": [^{}]*\}')
"""Pattern of the line. SVG, PNG, PDF, HTML and LaTeX files contain it uncompressed."""


class Origin(NamedTuple):
    """Records, code and settings that a figure or table was made from.

    Attributes:
        run_id: Hash of the provenance of all records. The provenance contains the time at which
            each job started, so two runs of one configuration have different hashes.
        commit: Commits of the code that wrote the records, separated by commas.
        config_hash: Hash of the settings of the records and of the statistics.
        dirgrad: Versions of dirgrad that wrote the records, separated by commas.
        records: Name and run_id of each job.
    """

    run_id: str
    commit: str
    config_hash: str
    dirgrad: str
    records: tuple[str, ...]


def run_id(facts: Mapping[str, str]) -> str:
    """Return the identifier of one job, 12 hexadecimal digits, from its provenance."""
    return provenance.digest(facts)


def from_records(root: Path, paths: Iterable[str], statistics: Mapping[str, Any]) -> Origin:
    """Return the origin of a file that is made from these records.

    Args:
        root: Directory of the records.
        paths: Parquet files, relative to `root`.
        statistics: Settings of the statistics.

    Raises:
        FileNotFoundError: A file does not exist.
    """
    facts: dict[str, dict[str, str]] = {}
    for path in sorted(paths):
        facts[_job(Path(path))] = files.read_provenance(root / path)
    return from_jobs(facts, statistics)


def from_jobs(facts: Mapping[str, Mapping[str, str]], statistics: Mapping[str, Any]) -> Origin:
    """Return the origin of a file that is made from these jobs.

    Args:
        facts: Provenance of each job, by the name of the job.
        statistics: Settings of the statistics.
    """
    run_ids = {job: run_id(dict(entry)) for job, entry in facts.items()}
    settings = {job: entry["settings_hash"] for job, entry in facts.items()}
    configuration = {"settings": settings, "statistics": dict(statistics)}
    return Origin(
        run_id=provenance.digest(run_ids),
        commit=_join_values(facts, "commit"),
        config_hash=provenance.digest(configuration),
        dirgrad=_join_values(facts, "dirgrad"),
        records=tuple(f"{job} {identifier}" for job, identifier in run_ids.items()),
    )


def from_manifest(manifest: Mapping[str, Any]) -> Origin:
    """Return the origin of a file that is made from all records of a manifest."""
    return Origin(
        run_id=manifest["run_id"],
        commit=", ".join(manifest["commit"]),
        config_hash=manifest["config_hash"],
        dirgrad=", ".join(manifest["dirgrad"]),
        records=tuple(f"{job} {entry['run_id']}" for job, entry in manifest["jobs"].items()),
    )


def _job(path: Path) -> str:
    """Return the name of the job that wrote a file of records; one job may write several."""
    return path.parent.as_posix() if path.parent.parts else path.stem


def _join_values(facts: Mapping[str, Mapping[str, str]], name: str) -> str:
    return ", ".join(sorted({entry[name] for entry in facts.values()}))


def to_line(origin: Origin) -> str:
    """Return the line that a file contains: a flat JSON object in ASCII.

    It is safe in the comment of a page, because a value has neither braces nor the signs of HTML.
    """
    text = json.dumps(origin._asdict())
    for sign in "{}<>&":
        text = text[0] + text[1:-1].replace(sign, f"\\u{ord(sign):04x}") + text[-1]
    return text


def read(path: Path) -> dict[str, Any]:
    """Return the origin that a figure or table contains.

    Raises:
        UserError: The file contains no origin, or a damaged one.
    """
    match = ORIGIN_PATTERN.search(path.read_bytes())
    if match is None:
        raise UserError(
            f"{path}: contains no origin; "
            "expected a figure (svg, png, pdf) or a table (html, tex) written by dirgrad"
        )
    with damage.named(path):
        origin: dict[str, Any] = json.loads(match[0])
    return origin
