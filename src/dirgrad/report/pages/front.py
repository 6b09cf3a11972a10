"""The front page of a tier's report: what was run, on what, what the papers' claims came to, and the figures that say it."""

import base64
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dirgrad.config import outputs
from dirgrad.core.errors import UserError, nearest
from dirgrad.report.pages import ENVIRONMENT
from dirgrad.report.pages.cells import number, with_interval

VERSIONS = ("dirgrad", "python", "numpy", "jax", "torch")


class Shown(NamedTuple):
    """A figure of the page. says: what it shows, in one sentence. data: the PNG as a data URI."""

    name: str
    says: str
    data: str


def page(manifest: Mapping[str, Any], claims: pd.DataFrame | None, figures: Sequence[Path]) -> str:
    """A page of HTML that needs nothing else. claims: a row per claim, as claims.csv has them, None where there are none; figures:
    PNGs that `dirgrad figure` made of the same configuration."""
    known = outputs.figure_specs(manifest["config"])
    return ENVIRONMENT.get_template("front.html").render(
        tier=manifest["tier"],
        run=ran(manifest),
        machine=machine(manifest),
        noise=noise(manifest),
        claims=None if claims is None else verdicts(claims),
        counts={}
        if claims is None
        else claims.get("verdict", pd.Series(dtype=str)).value_counts().to_dict(),
        figures=[shown(path, known) for path in figures],
    )


def ran(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What was run."""
    trials = manifest["trials_by_status"]
    return {
        "tier": manifest["tier"],
        "run": manifest["run_id"],
        "commit": said(manifest["commit"]),
        "configuration": manifest["config_hash"],
        **{name: said(manifest[name]) for name in VERSIONS if manifest.get(name)},
        "jobs": f"{len(manifest['cells'])} of training, {len(manifest['measurements'])} of measurement",
        "trials": said([f"{count} {status}" for status, count in trials.items()]) or "none",
        "time in training": f"{number(manifest['training_seconds'])} s",
    }


def machine(manifest: Mapping[str, Any]) -> dict[str, str]:
    """On what it was run."""
    return {
        "processor": f"{said(manifest['cpu'])}, {said(manifest['cpu_count'])} logical",
        "device": said(manifest["device"]),
        "threads of a job": str(manifest["threads"]),
        "training jobs": "one at a time"
        if manifest["exclusive"]
        else "side by side: their seconds are compared within a job alone",
        "system": said(manifest["platform"]),
    }


def noise(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Every measurement of time, by how much of the processors' time other processes took meanwhile; those that took more than a
    clock bears are called noisy."""
    timed = {
        name: one
        for name, one in manifest["measurements"].items()
        if one.get("other_cpu_fraction") is not None
    }
    return {
        name: f"{one['other_cpu_fraction']:.1%}{', NOISY' if one['noisy'] else ''}"
        for name, one in timed.items()
    }


def verdicts(claims: pd.DataFrame) -> list[dict[str, str]]:
    """The rows of the table of verdicts, those that were measured first. Raises UserError where a column is missing."""
    told = ("id", "statement", "source", "quantity", "criterion", "verdict")
    for name in (*told, "measured", "low", "high"):
        if name not in claims:
            raise UserError(
                f"claims.csv: {name}: missing: a claim has the columns {', '.join(told)}, measured, low and high"
            )
    claims = claims.sort_values("measured", key=lambda values: values.isna(), kind="stable")
    measured = with_interval(claims, "measured", "low", "high")
    return [
        {name: str(row[name]) for name in told} | {"measured": value}
        for row, value in zip(claims.to_dict("records"), measured, strict=True)
    ]


def shown(path: Path, known: Mapping[str, outputs.FigureSpec]) -> Shown:
    """A figure, with the sentence that its module says of itself. Raises UserError where the configuration has no such figure."""
    if path.stem not in known:
        raise UserError(f"{path}: no figure of this configuration: {nearest(path.stem, known)}")
    drawing = known[path.stem]
    text = " ".join(
        (import_module(f"dirgrad.report.figures.{drawing.module}").__doc__ or "").split()
    )
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return Shown(
        path.stem.replace("_", " "), re.sub(r"(?<=\w)$", ".", text), f"data:image/png;base64,{data}"
    )


def said(values: Sequence[str]) -> str:
    """Several values of one fact, as of a run over two commits."""
    return ", ".join(values)
