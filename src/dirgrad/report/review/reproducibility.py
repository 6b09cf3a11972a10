"""Page REPRODUCIBILITY.md: what was tested, with which result, and how to make it again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dirgrad.config.settings import Config
from dirgrad.records.markdown import interval_cell, markdown_table
from dirgrad.report.layout import REFERENCE_TIERS
from dirgrad.report.pages.front import VERSIONS, paper, verdicts_by_paper
from dirgrad.report.readme_tables import Row, answers_as_markdown, measured_range, number_of_places
from dirgrad.report.review import job_times
from dirgrad.report.review.commands import config_files, tier_option
from dirgrad.report.review.judgements import Judgements

EMPTY_DIFFERENCE = "as its source"
"""Cell of a claim without a difference of its own."""


class Run(NamedTuple):
    """The results of one run.

    Attributes:
        manifest: Its manifest.
        config: The configuration that the manifest states.
        claims: The rows of its claims.csv.
    """

    manifest: Mapping[str, Any]
    config: Config
    claims: pd.DataFrame


def page(
    runs: Sequence[Run],
    judgements: Judgements,
    differences: Mapping[str, str],
    head: str = "",
) -> str:
    """Return the page as Markdown.

    Args:
        runs: Runs of several tiers. The first one that measured a claim gives its row.
        judgements: The sentences that no table contains.
        differences: What differs from the source of a claim, by the id of the claim.
        head: A comment for the first line.
    """
    shown = first_measured([run.claims for run in runs])
    parts = [
        *([head] if head else []),
        "# Reproducibility",
        _summary(shown),
        "## Scope of reproducibility",
        judgements.scope,
        "## Methodology",
        judgements.methodology,
        _runs_table(runs),
        "## Results",
        *_results(runs, shown),
        "## What was easy",
        _bullets(judgements.easy),
        "## What was hard",
        _bullets(judgements.hard),
        "## Communication with the authors",
        judgements.communication,
        "## What differs from the sources",
        _differences_table(shown, judgements),
        "## How to make it again",
        _instructions(runs),
        "## Claims",
        _legend(runs),
    ]
    for run in runs:
        parts += _claim_sections(run, shown, differences)
    parts += _not_measured(shown)
    return "\n\n".join(part.strip() for part in parts) + "\n"


def first_measured(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return one row per claim: of the first table that measured it, or else of the first table.

    The column `elsewhere` has the verdicts of the other tables that measured the claim.
    """
    rows = pd.concat(tables, ignore_index=True)
    # A stable sort keeps the order of the tables.
    rows = rows.assign(is_measured=number_of_places(rows) > 0)
    order = list(dict.fromkeys(rows["id"]))
    best = rows.sort_values("is_measured", ascending=False, kind="stable").drop_duplicates("id")
    shown = best.set_index("id").loc[order]
    others = rows[rows["is_measured"]].drop(best.index, errors="ignore")
    texts = others["tier"] + ": " + others["verdict"]
    return shown.assign(elsewhere=texts.groupby(others["id"]).agg("; ".join)).reset_index()


def _summary(shown: pd.DataFrame) -> str:
    measured = shown[shown["is_measured"]]
    counts = measured["verdict"].value_counts()
    verdicts = ", ".join(f"{count} {_verdict(str(name), count)}" for name, count in counts.items())
    were = "was" if len(measured) == 1 else "were"
    tiers = ", ".join(f"`{tier}`" for tier in dict.fromkeys(shown["tier"]))
    return (
        f"Of {len(shown)} claims, {len(measured)} {were} measured (tier {tiers}): {verdicts}. "
        "All numbers on this page come from tables and manifests."
    )


def _verdict(verdict: str, count: int) -> str:
    """Return a verdict with the verb for this number of claims."""
    if count == 1:
        return f"is {verdict}" if verdict == "inconclusive" else verdict
    plural = {"holds": "hold", "does not hold": "do not hold", "holds in part": "hold in part"}
    return plural.get(verdict, f"are {verdict}")


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _runs_table(runs: Sequence[Run]) -> str:
    """Return a table with one column per run: code, versions, machine, jobs and time."""
    facts = [_run_facts(run) for run in runs]
    labels = [label for label in facts[0] if label != "tier"]
    rows = [[label, *(fact[label] for fact in facts)] for label in labels]
    return markdown_table(["tier", *(fact["tier"] for fact in facts)], rows)


def _run_facts(run: Run) -> dict[str, str]:
    manifest = run.manifest
    versions = [f"{name} {_join(manifest[name])}" for name in VERSIONS if manifest.get(name)]
    trials = [f"{count} {status}" for status, count in manifest["trials_by_status"].items()]
    times = job_times.recorded(manifest, [*manifest["jobs"]])
    times_of_jobs = sorted(entry["started"] for entry in manifest["jobs"].values())
    return {
        "tier": manifest["tier"],
        "commit": _join(manifest["commit"]),
        "versions": _join(versions),
        "processor": f"{_join(manifest['cpu'])}, {_join(manifest['cpu_count'])} logical CPUs",
        "threads per job": str(manifest["threads"]),
        "jobs": str(len(manifest["jobs"])),
        "trials": _join(trials) or "none",
        "minutes of all jobs": job_times.minutes(times),
        "day of the first job": times_of_jobs[0][:10] if times_of_jobs else "",
    }


def _join(values: Sequence[str]) -> str:
    return ", ".join(values)


def _results(runs: Sequence[Run], shown: pd.DataFrame) -> Iterator[str]:
    head = ["source", "hold", "hold in part or inconclusive", "do not hold"]
    rows = [[row.source, row.holds, row.undecided, row.fails] for row in verdicts_by_paper(shown)]
    yield markdown_table(head, rows)
    questions = shown[shown["question"].notna() & shown["is_measured"]]
    if len(questions):
        yield "The short answer:"
        yield answers_as_markdown(questions.to_dict("records"))


def _differences_table(shown: pd.DataFrame, judgements: Judgements) -> str:
    papers = dict.fromkeys(paper(str(source)) for source in shown["source"])
    rows = []
    for name in papers:
        source = judgements.sources.get(name)
        texts = (source.knowledge, source.differs) if source else ("not stated", "not stated")
        rows.append([name, *texts])
    return markdown_table(["source", "how we know it", "what differs, and why"], rows)


def _instructions(runs: Sequence[Run]) -> str:
    """Return the commands that make all results again, and those that judge the claims."""
    lines = ["make install && export PATH=$PWD/.venv/bin:$PATH"]
    for run in runs:
        tier = run.manifest["tier"]
        folder = f"results/{tier}"
        lines += [
            f"snakemake{tier_option(tier)}",
            f"dirgrad claims {folder}/tables --config {config_files(tier)} --out check/{tier}",
        ]
    commands = "\n".join(lines)
    return (
        "These commands make everything. The command `dirgrad claims` judges the claims by the "
        "tables that exist, so it can also follow a command that makes one table.\n\n"
        f"```\n{commands}\n```\n\n"
        "`make verify TIER=NAME` compares a new run of a tier with the committed results in "
        f"results/reference. They exist for the tiers {', '.join(REFERENCE_TIERS)}."
    )


def _legend(runs: Sequence[Run]) -> str:
    machines = dict.fromkeys(
        f"{_join(run.manifest['cpu'])} with {_join(run.manifest['cpu_count'])} logical CPUs"
        for run in runs
    )
    return (
        "A place is one combination of framework, problem and estimator. *Measured* is the middle "
        "one of the places that decide the verdict, with its interval, and then the range over all "
        "places. *n* is the number of seeds, rounds or blocks at the middle place; a count has "
        "none. *H/F/O* is the number of places where the claim holds, fails and is open. "
        "Verdicts of other tiers stand in parentheses. "
        f"*Differs* says what differs from the source; `{EMPTY_DIFFERENCE}` refers to the table of "
        "the sources above.\n\n"
        "Minutes are the wall time of the jobs that a command runs, one after another, on this "
        f"processor: {_join(list(machines))}. A job has one thread or as many as the table above "
        "says. Earlier versions recorded the time of training, without compilation and "
        "evaluation, and no time of measurements."
    )


def _claim_sections(run: Run, shown: pd.DataFrame, differences: Mapping[str, str]) -> Iterator[str]:
    """Yield a section per table: the command that makes it, its time, and the claims about it."""
    tier = run.manifest["tier"]
    rows = shown[shown["is_measured"] & (shown["tier"] == tier)]
    for names, group in rows.groupby("tables", sort=False):
        tables = str(names).split(", ")
        files = " ".join(f"results/{tier}/tables/{name}.csv" for name in tables)
        times = job_times.recorded(run.manifest, job_times.jobs_of_tables(run.config, tables))
        yield f"### Tier `{tier}`, table `{names}`"
        yield f"```\nsnakemake {files}{tier_option(tier)}\n```"
        yield f"Jobs: {times.n_jobs}. Minutes: {job_times.minutes(times)}."
        head = ["claim", "criterion", "measured", "n", "H/F/O", "verdict", "differs"]
        yield markdown_table(
            head, [_claim_row(row, differences) for row in group.to_dict("records")]
        )


def _claim_row(row: Row, differences: Mapping[str, str]) -> list[str]:
    return [
        str(row["statement"]),
        str(row["criterion"]),
        _measured(row),
        "" if np.isnan(row["n"]) else f"{row['n']:.0f}",
        f"{row['holds']}/{row['fails']}/{row['open']}",
        _verdicts(row),
        differences.get(str(row["id"])) or EMPTY_DIFFERENCE,
    ]


def _verdicts(row: Row) -> str:
    """Return the verdict, with the verdicts of other tiers in parentheses."""
    return (
        f"{row['verdict']} ({row['elsewhere']})" if pd.notna(row["elsewhere"]) else row["verdict"]
    )


def _measured(row: Row) -> str:
    """Return the value at the middle place, and the range if there are several places."""
    bound = "at least " if row["at_least"] is True else "at most " if row["at_most"] is True else ""
    value = interval_cell(row, "measured", "low", "high")
    middle = f"{bound}{value}" if value else "no value"
    n_places = number_of_places(row)
    return f"{middle}; {n_places} places: {measured_range(row)}" if n_places > 1 else middle


def _not_measured(shown: pd.DataFrame) -> Iterator[str]:
    names = [f"- {text}" for text in shown.loc[~shown["is_measured"], "statement"]]
    if names:
        yield "### Not measured here"
        yield "\n".join(names)
