"""Files of tables and figures, and the place of each in Snakemake's report."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dirgrad.config import outputs
from dirgrad.config.declarations import CATEGORIES, LANDSCAPE
from dirgrad.config.outputs import FigureSpec
from dirgrad.config.settings import Config

FRAMEWORKS = {"jax": "JAX", "torch": "PyTorch"}
REFERENCE_TIERS = ("paper", "sequences", "default", "beyond")
"""Tiers with committed figures, in order of preference."""


class Place(NamedTuple):
    """Place of a file in the report.

    If half of the files of a subcategory have one value of a label and half the other, the report
    shows a switch for it and starts with the first value in sort order. Therefore each switch has
    its own subcategory.
    """

    category: str
    subcategory: str
    labels: dict[str, str]


class ReportFile(NamedTuple):
    """A file, and its place in the report; None if the report does not contain it."""

    path: str
    place: Place | None = None


def table_files(name: str, results: str, readable: bool) -> list[ReportFile]:
    """Return the files of a table: CSV, and for a table to read also HTML and LaTeX.

    Args:
        name: Name of the table, or a wildcard that stands for it.
        results: Directory of the results.
        readable: Whether people read the table.
    """
    stem = f"{results}/tables/{name}"
    if not readable:
        return [ReportFile(f"{stem}.csv")]
    place = Place(CATEGORIES["tables"], "tables", {"table": name})
    # The CSV files hold raw values and would be half of the report.
    return [ReportFile(f"{stem}.csv"), ReportFile(f"{stem}.html", place), ReportFile(f"{stem}.tex")]


def figure_files(
    config: Config, name: str, spec: FigureSpec, root: str, has_reference: bool
) -> list[ReportFile]:
    """Return the files of a figure.

    Args:
        config: The configuration.
        name: Name of the figure.
        spec: The figure.
        root: Directory of the figures.
        has_reference: Whether the report compares the figure with a committed one.
    """
    label = {"figure": _words(name)}
    tier = {"tier": f"This run: {config.tier}"}
    shared = (
        Place(spec.category, "with reference", label | tier)
        if has_reference
        else Place(spec.category, "this run", label)
    )
    by_framework = [
        ReportFile(
            f"{root}/{name}.{backend}.png",
            Place(spec.category, "one framework", label | {"framework": FRAMEWORKS[backend]}),
        )
        for backend in outputs.frameworks(config, spec)
    ]
    # A PNG file with a palette takes half of the bytes of the SVG file.
    other_formats = (ReportFile(f"{root}/{name}.{suffix}") for suffix in ("svg", "pdf"))
    return [ReportFile(f"{root}/{name}.png", shared), *by_framework, *other_formats]


def reference_figure(name: str, spec: FigureSpec, folder: Path) -> list[ReportFile]:
    """Return the committed figure of the first tier that has one, as a list; empty without one.

    Args:
        name: Name of the figure.
        spec: The figure.
        folder: Directory with a directory of figures per tier.
    """
    for tier in REFERENCE_TIERS:
        path = folder / tier / f"{name}.png"
        if path.is_file():
            labels = {"figure": _words(name), "tier": f"reference: {tier}"}
            return [ReportFile(str(path), Place(spec.category, "with reference", labels))]
    return []


def figure_inputs(config: Config, spec: FigureSpec, results: str) -> dict[str, list[str]]:
    """Return the files that the job of a figure reads: CSV tables under `tables`, and records.

    A job that needs only the records of its own subjects makes its tables itself.

    Args:
        config: The configuration.
        spec: The figure.
        results: Directory of the results.
    """
    if spec.own_records_only:
        return {
            "tables": [],
            "records": record_files(outputs.figure_records(config, spec), results),
        }
    landscape = [f"{LANDSCAPE}.parquet"] if LANDSCAPE in spec.tables else []
    names = (name for name in spec.tables if name != LANDSCAPE)
    return {"tables": csv_files(names, results), "records": record_files(landscape, results)}


def explore_file(results: str) -> ReportFile:
    """Return the interactive page, which has a list of its own in the report.

    Args:
        results: Directory of the results.
    """
    place = Place(CATEGORIES["summary"], "interactive page", {"page": "explore"})
    return ReportFile(f"{results}/explore.html", place)


def csv_files(names: Iterable[str], results: str) -> list[str]:
    """Return the CSV files of tables."""
    return [f"{results}/tables/{name}.csv" for name in names]


def record_files(paths: Iterable[str], results: str) -> list[str]:
    """Return the files of records, from their paths relative to the records directory."""
    return [f"{results}/records/{path}" for path in paths]


def _words(name: str) -> str:
    return name.replace("_", " ")
