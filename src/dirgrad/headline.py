"""The tables of the README, as Markdown: the paper's numbers beside ours, and every estimator at its own best rate."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.errors import UserError, nearest

CONFIDENCE = {"figure": "read off its figure", "secondary": "from a reader's notes", "derived": "derived"}
Row = Mapping[Hashable, Any]


def markdown(name: str, table: pd.DataFrame) -> str:
    """The table `baydin` or `targets` as Markdown. Raises UserError for another."""
    if name not in MADE:
        raise UserError(f"no headline of the table '{name}': {nearest(name, MADE)}")
    head, *rows = MADE[name](table)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in lines)


def _baydin(table: pd.DataFrame) -> list[Sequence[str]]:
    """A row per quantity of which the paper's value is known."""
    known = table[table["paper_value"].notna()]
    rows: list[Sequence[str]] = [["figure", "problem", "rate", "quantity", "paper", "JAX", "PyTorch"]]
    place = ["figure", "subject", "learning_rate", "quantity"]
    for _, group in known.groupby(place, sort=False, dropna=False):
        by_backend = {row["backend"]: row for row in group.to_dict("records")}
        one = group.iloc[0]
        paper = f"{one['paper_value']:.3g} ({CONFIDENCE[one['paper_confidence']]})"
        rate = f"{one['learning_rate']:g}" if pd.notna(one["learning_rate"]) else ""
        ours = [_reached(by_backend[name]) if name in by_backend else "" for name in ("jax", "torch")]
        rows.append([str(one["figure"]), one["subject"], rate, one["quantity"], paper, *ours])
    return rows


def _reached(row: Row) -> str:
    return _interval(row, "value") or f"reached by {row['n_reached']:.0f} of {row['n']:.0f}"


def _targets(table: pd.DataFrame) -> list[Sequence[str]]:
    """A row per experiment, backend and estimator."""
    head = ["experiment", "framework", "optimiser", "estimator", "best rate", "steps to target / backprop's"]
    rows: list[Sequence[str]] = [[*head, "train accuracy", "test accuracy", "n"]]
    for row in table.to_dict("records"):
        steps = _interval(row, "steps_over_backprop") or f"reached by {row['n_reached']} of {row['n']}"
        named = [row["experiment"], row["backend"], row["optimizer"], row["estimator"], f"{row['learning_rate']:g}", steps]
        rows.append([*named, _interval(row, "train_accuracy"), _interval(row, "test_accuracy"), row["n"]])
    return rows


MADE = {"baydin": _baydin, "targets": _targets}


def _interval(row: Row, name: str) -> str:
    if np.isnan(row[name]):
        return ""
    if np.isnan(row[f"{name}_low"]):
        return f"{row[name]:.3g}"
    return f"{row[name]:.3g} [{row[f'{name}_low']:.3g}, {row[f'{name}_high']:.3g}]"
