"""Front page of a tier's report: short answer, verdicts, main figures, the run and the machine."""

import base64
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dirgrad.config import outputs, validation
from dirgrad.core.errors import UserError, nearest
from dirgrad.report.pages import ENVIRONMENT
from dirgrad.report.pages.cells import number, with_interval
from dirgrad.report.readme_tables import answers, author, measured_range

VERSIONS = ("dirgrad", "python", "numpy", "jax", "torch")
CLAIM_TEXTS = (
    "id",
    "statement",
    "source",
    "evidence",
    "quantity",
    "criterion",
    "verdict",
    "holds",
    "fails",
    "open",
)
"""Columns of claims.csv that the page prints as they are."""
EVIDENCE_TEXTS = (
    "id",
    "at",
    "value",
    "low",
    "high",
    "at_least",
    "at_most",
    "outcome",
    "reason",
)
"""Columns of evidence.csv that the page prints."""
MATRIX = "matrix"
"""First word of the names of the figures that show every problem, estimator and framework."""
OTHER_SOURCES = "closed forms and standard methods"
NOT_A_PAPER = re.compile(r"^(?!slides)(?!.*\b(?:19|20)\d\d\b)")
"""Sources of claims that are neither slides nor have a year."""


class PageFigure(NamedTuple):
    """A figure of the page.

    Attributes:
        name: The file name in words.
        title: The title of the figure.
        caption: The caption of the figure.
        alt: The description for readers who cannot see the figure.
        data: The PNG as a data URI.
    """

    name: str
    title: str
    caption: str
    alt: str
    data: str


class PaperVerdicts(NamedTuple):
    """Number of claims of one source by verdict.

    Attributes:
        source: Who makes the claims.
        holds: Claims that hold.
        undecided: Claims that hold in part or are inconclusive.
        fails: Claims that do not hold.
    """

    source: str
    holds: int
    undecided: int
    fails: int


class Answer(NamedTuple):
    """The answer to a question of the front page, as text.

    Attributes:
        question: The question.
        source: Who makes the claim behind it.
        measured: The range over all places.
        verdict: The verdict with the numbers of places.
    """

    question: str
    source: str
    measured: str
    verdict: str


class ShownPlace(NamedTuple):
    """A claim at one place, as text.

    Attributes:
        where: Where it was measured.
        value: The measured value with its interval.
        outcome: The outcome, and why the place is open if it was not tested.
    """

    where: str
    value: str
    outcome: str


def page(
    manifest: Mapping[str, Any],
    claims: pd.DataFrame | None,
    evidence: pd.DataFrame | None,
    figures: Sequence[Path],
) -> str:
    """Return the front page as HTML that loads no other file.

    Args:
        manifest: Manifest of the run.
        claims: The rows of claims.csv, or None if no claims were judged.
        evidence: The rows of evidence.csv, or None to list no places.
        figures: PNG files that `dirgrad figure` drew from the configuration in the manifest.

    Raises:
        UserError: If claims.csv lacks a column, or the configuration in the manifest is not valid
            or lacks a figure.
    """
    config = validation.check({"manifest.json": manifest["config"]})
    specs = outputs.figure_specs(config)
    shown = [embed_figure(path, specs) for path in figures]
    return ENVIRONMENT.get_template("front.html").render(
        tier=manifest["tier"],
        warning=noise_warning(manifest),
        run=run_facts(manifest),
        machine=machine_facts(manifest),
        noise=noise_facts(manifest),
        claims=None if claims is None else verdicts(claims),
        answers=[] if claims is None else short_answer(claims),
        papers=[] if claims is None else verdicts_by_paper(claims),
        places={} if evidence is None else places(evidence),
        matrix=[figure for figure in shown if figure.name.split()[0] == MATRIX],
        figures=[figure for figure in shown if figure.name.split()[0] != MATRIX],
    )


def noise_warning(manifest: Mapping[str, Any]) -> str:
    """Return a sentence about the measurements of time on a noisy machine; empty without one."""
    timed = [entry for entry in manifest["jobs"].values() if "other_cpu_fraction" in entry]
    shares = [entry["other_cpu_fraction"] for entry in timed if entry.get("noisy")]
    if not shares:
        return ""
    return (
        f"The machine was noisy during {len(shares)} of {len(timed)} measurements of time: other "
        f"processes used up to {max(shares):.0%} of the processor time. Do not trust their seconds."
    )


def run_facts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts that identify the run, by label."""
    versions = {name: _join(manifest[name]) for name in VERSIONS if manifest.get(name)}
    kinds = Counter(path.partition("/")[0] for path in manifest["jobs"])
    jobs = [f"{count} {kind}" for kind, count in kinds.items()]
    trials = [f"{count} {status}" for status, count in manifest["trials_by_status"].items()]
    return {
        "tier": manifest["tier"],
        "run": manifest["run_id"],
        "commit": _join(manifest["commit"]),
        "configuration": manifest["config_hash"],
        **versions,
        "jobs": _join(jobs),
        "trials": _join(trials) or "none",
        "training time": f"{number(manifest['training_seconds'])} s",
    }


def machine_facts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts about the machine that ran the jobs, by label."""
    cpu = _join(manifest["cpu"])
    cpu_count = _join(manifest["cpu_count"])
    concurrency = (
        "one at a time"
        if manifest["exclusive"]
        else "in parallel; compare their times only within a job"
    )
    return {
        "processor": f"{cpu}, {cpu_count} logical CPUs",
        "device": _join(manifest["device"]),
        "threads per job": str(manifest["threads"]),
        "training jobs": concurrency,
        "system": _join(manifest["platform"]),
    }


def noise_facts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the share of CPU time that other processes used during each timed job.

    A job that the manifest flags as noisy is labeled NOISY.
    """
    facts = {}
    for name, entry in manifest["jobs"].items():
        share = entry.get("other_cpu_fraction")
        if share is not None:
            facts[name] = f"{share:.1%}{', NOISY' if entry['noisy'] else ''}"
    return facts


def verdicts(claims: pd.DataFrame) -> list[dict[str, str]]:
    """Return the rows of the verdict table, with measured claims first.

    Raises:
        UserError: If a column is missing.
    """
    require(claims, (*CLAIM_TEXTS, "measured", "low", "high"))
    claims = claims.sort_values("measured", key=lambda values: values.isna(), kind="stable")
    measured = with_interval(claims, "measured", "low", "high")
    return [
        {name: str(row[name]) for name in CLAIM_TEXTS} | {"measured": value}
        for row, value in zip(claims.to_dict("records"), measured, strict=True)
    ]


def require(table: pd.DataFrame, columns: Sequence[str], file: str = "claims.csv") -> None:
    """Check that a table has these columns.

    Raises:
        UserError: If a column is missing.
    """
    for name in columns:
        if name not in table:
            raise UserError(
                f"{file}: {name}: missing column: the required columns are {', '.join(columns)}"
            )


def short_answer(claims: pd.DataFrame) -> list[Answer]:
    """Return one row per claim that has a question.

    Raises:
        UserError: If a column is missing.
    """
    require(claims, ("question", "lowest", "highest", "at_least", "at_most"))
    return [
        Answer(str(row["question"]), author(row), measured_range(row), str(row["verdict"]))
        for row in answers([claims])
    ]


def verdicts_by_paper(claims: pd.DataFrame) -> list[PaperVerdicts]:
    """Return the numbers of verdicts by source; claims that were not run are not counted."""
    counts = pd.crosstab(claims["source"].map(paper), claims["verdict"])
    rows = [
        PaperVerdicts(
            str(source),
            holds=int(row.get("holds", 0)),
            undecided=int(row.get("holds in part", 0) + row.get("inconclusive", 0)),
            fails=int(row.get("does not hold", 0)),
        )
        for source, row in counts.iterrows()
    ]
    judged = [row for row in rows if row.holds + row.undecided + row.fails]
    return sorted(judged, key=lambda row: (row.source == OTHER_SOURCES, row.source))


def paper(source: str) -> str:
    """Return who makes a claim, and one name for all sources that are neither papers nor slides."""
    name = author({"source": source})
    return OTHER_SOURCES if NOT_A_PAPER.search(name) else name


def places(evidence: pd.DataFrame) -> dict[str, list[ShownPlace]]:
    """Return the places of every claim, by the id of the claim.

    Args:
        evidence: The rows of evidence.csv.

    Raises:
        UserError: If a column is missing.
    """
    require(evidence, EVIDENCE_TEXTS, "evidence.csv")
    values = with_interval(evidence, "value", "low", "high")
    reasons = evidence["reason"].fillna("")
    shown: dict[str, list[ShownPlace]] = {}
    for row, value, reason in zip(evidence.to_dict("records"), values, reasons, strict=True):
        outcome = f"{row['outcome']} ({reason})" if reason else str(row["outcome"])
        bound = "at least " if row["at_least"] else "at most " if row["at_most"] else ""
        place = ShownPlace(str(row["at"]), f"{bound}{value}", outcome)
        shown.setdefault(str(row["id"]), []).append(place)
    return shown


def embed_figure(path: Path, specs: Mapping[str, outputs.FigureSpec]) -> PageFigure:
    """Return a PNG file as a figure of the page, with the texts that its module declares.

    Raises:
        UserError: If the configuration has no figure of this name.
    """
    if path.stem not in specs:
        suggestion = nearest(path.stem, specs)
        raise UserError(f"{path}: the configuration has no such figure: {suggestion}")
    declared = specs[path.stem].declared
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return PageFigure(
        name=path.stem.replace("_", " "),
        title=declared.title,
        caption=declared.caption,
        alt=declared.alt,
        data=f"data:image/png;base64,{data}",
    )


def _join(values: Sequence[str]) -> str:
    # A fact has several values if, for example, the run spans two commits.
    return ", ".join(values)
