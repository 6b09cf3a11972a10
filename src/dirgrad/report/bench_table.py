"""The benchmark as a Markdown table: a row per method, with the frameworks side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.components import registry
from dirgrad.records.markdown import interval_cell
from dirgrad.records.schemas import MeasurementStatus
from dirgrad.report.layout import FRAMEWORKS

KEYS = ["cost", "problem", "batch_size"]
"""Columns that identify a workload."""

Row = Mapping[Any, Any]


def rows(table: pd.DataFrame) -> list[Sequence[Any]]:
    """Return the head, and one row per problem, batch size and method.

    Columns of frameworks that measured nothing are left out, and so is the energy if no row has it.
    """
    frameworks = [name for name in FRAMEWORKS if name in set(table["backend"])]
    columns: dict[str, Callable[[Row], str]] = {
        "step / backprop": _over_backprop,
        "times the bound": lambda row: _number(row["step_over_flop_bound"]),
        "inference throughput": _throughput,
        "SNR / s": lambda row: _number(row["snr_per_second"]),
        "J / step": lambda row: interval_cell(row, "joules_per_step"),
    }
    if table["joules_per_step"].isna().all():
        del columns["J / step"]
    head = ["problem", "parameters", "batch", "method", "bound: forward passes"]
    head += [f"{name}, {FRAMEWORKS[backend]}" for name in columns for backend in frameworks]
    result: list[Sequence[Any]] = [head]
    for (_, problem, batch_size), workload in table.groupby(KEYS, sort=False):
        names: tuple[Any, ...] = (problem, f"{workload['dimension'].iloc[0]:,}", batch_size)
        for method, group in workload.groupby("estimator", sort=False):
            by_backend = {row["backend"]: row for row in group.to_dict("records")}
            measured = [
                cell(by_backend[backend]) if backend in by_backend else ""
                for cell in columns.values()
                for backend in frameworks
            ]
            result.append([*names, method, bound_in_words(group.iloc[0].to_dict()), *measured])
            # The names of a workload are printed once, in its first row.
            names = ("", "", "")
    return result


def notes(table: pd.DataFrame) -> str:
    """Return a line about the machine: device, threads, counter of the energy, and other load."""
    devices = ", ".join(table["device"].dropna().unique()) or "not recorded"
    threads = ", ".join(f"{n:.0f}" for n in table["threads"].unique())
    sources = ", ".join(table["energy_source"].dropna().unique()) or "not recorded"
    load = table["other_cpu_fraction"].max()
    return (
        f"\nDevice: {devices}; threads: {threads}; energy: {sources}; "
        f"processor time of other processes: at most {load:.1%}.\n"
    )


def bound_in_words(row: Row) -> str:
    """Return the bound of a step in forward passes, and the parts that it counts, as text.

    The text is "" if the bound is not known.

    Args:
        row: A row of the table `bench`.
    """
    bound = row["flop_bound_over_forward"]
    if np.isnan(bound):
        return ""
    if _is_difference(row["estimator_kind"]):
        return f"{bound:.3g}: {bound:.0f} losses"
    if not row["num_directions"]:
        return f"{bound:.3g}: loss, gradient"
    count = int(row["num_directions"])
    tangents = "tangent" if count == 1 else f"{count} tangents"
    return f"{bound:.3g}: loss, {tangents}{_part_of_tangent(row['direction'])}"


def _is_difference(kind: str) -> bool:
    """Return whether an estimator of this kind is a finite difference."""
    if kind not in registry.names("estimators"):
        return False
    return "eps" in {field.name for field in fields(registry.load("estimators", kind))}


def _part_of_tangent(direction: str) -> str:
    """Return which part of the tangent takes multiplications, "" if all of it does."""
    # The name of a wrapped law follows the name of its wrapper, as in `replayed_rank_one`.
    names = [name for name in registry.names("directions") if f"_{direction}".endswith(f"_{name}")]
    law = registry.load("directions", max(names, key=len)) if names else None
    if hasattr(law, "groups"):
        return " behind the chosen layer"
    return " of the layers' inputs" if getattr(law, "is_factored", False) is True else ""


def _over_backprop(row: Row) -> str:
    """Return the time of a step over backprop's, or the status of a step that was not timed."""
    if row["status"] != MeasurementStatus.OK:
        return str(row["status"])
    return interval_cell(row, "step_over_backprop")


def _throughput(row: Row) -> str:
    """Return the share of the throughput of inference in percent, with its interval."""
    ends = (
        "throughput_over_inference",
        "throughput_over_inference_low",
        "throughput_over_inference_high",
    )
    percent = {name: 100 * row[name] for name in ends}
    value, _, interval = interval_cell(percent, ends[0]).partition(" ")
    return f"{value} % {interval}".strip() if value else ""


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3g}"
