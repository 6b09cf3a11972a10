"""The tables of the README, as Markdown: verdicts, the paper's numbers beside ours, and every estimator at its own best rate."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.core.errors import UserError, nearest

CONFIDENCE = {
    "figure": "read off its figure",
    "secondary": "from a reader's notes",
    "derived": "derived",
}
Row = Mapping[Hashable, Any]


def page(paths: Sequence[Path]) -> str:
    """The table in these files as Markdown: one file, or the claims.csv of several tiers. Raises UserError for others."""
    (name, *others) = dict.fromkeys(path.stem for path in paths)
    if others or (len(paths) > 1 and name != "claims"):
        raise UserError(
            f"no headline of {len(paths)} tables: name one, or the claims.csv of several tiers"
        )
    return markdown(name, pd.concat([pd.read_csv(path) for path in paths], ignore_index=True))


def markdown(name: str, table: pd.DataFrame) -> str:
    """The table `baydin`, `targets`, `claims` or `bench` as Markdown. Raises UserError for another."""
    if name not in ROW_MAKERS:
        raise UserError(f"no headline of the table '{name}': {nearest(name, ROW_MAKERS)}")
    head, *rows = ROW_MAKERS[name](table)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in lines)


def _baydin(table: pd.DataFrame) -> list[Sequence[str]]:
    """A row per quantity of which the paper's value is known."""
    known = table[table["paper_value"].notna()]
    rows: list[Sequence[str]] = [
        ["figure", "problem", "rate", "quantity", "paper", "JAX", "PyTorch"]
    ]
    place = ["figure", "problem", "learning_rate", "quantity"]
    for _, group in known.groupby(place, sort=False, dropna=False):
        by_backend = {row["backend"]: row for row in group.to_dict("records")}
        one = group.iloc[0]
        paper = f"{one['paper_value']:.3g} ({CONFIDENCE[one['paper_confidence']]})"
        rate = f"{one['learning_rate']:g}" if pd.notna(one["learning_rate"]) else ""
        ours = [
            _reached(by_backend[name]) if name in by_backend else "" for name in ("jax", "torch")
        ]
        rows.append([str(one["figure"]), one["problem"], rate, one["quantity"], paper, *ours])
    return rows


def _reached(row: Row) -> str:
    return _interval(row, "value") or f"reached by {row['n_reached']:.0f} of {row['n']:.0f}"


def _targets(table: pd.DataFrame) -> list[Sequence[str]]:
    """A row per experiment, backend and estimator, of the experiments that have backprop beside them."""
    table = table[
        table["experiment"].isin(table.loc[table["estimator"] == "backprop", "experiment"])
    ]
    head = [
        "experiment",
        "framework",
        "optimiser",
        "estimator",
        "best rate",
        "steps to target / backprop's",
    ]
    rows: list[Sequence[str]] = [[*head, "train accuracy", "test accuracy", "n"]]
    for row in table.to_dict("records"):
        steps = (
            _interval(row, "steps_over_backprop") or f"reached by {row['n_reached']} of {row['n']}"
        )
        named = [
            row["experiment"],
            row["backend"],
            row["optimizer"],
            row["estimator"],
            f"{row['learning_rate']:g}",
            steps,
        ]
        rows.append(
            [*named, _interval(row, "train_accuracy"), _interval(row, "test_accuracy"), row["n"]]
        )
    return rows


def _claims(table: pd.DataFrame) -> list[Sequence[str]]:
    """A row per claim and tier in which it was run; one that was run in none says so."""
    head = ["claim", "source", "quantity", "criterion", "tier", "measured", "n", "verdict"]
    rows: list[Sequence[str]] = [head]
    for _, group in table.groupby("id", sort=False):
        run = group[group["places"] > 0]
        for i, row in enumerate(run.to_dict("records") or group.head(1).to_dict("records")):
            told = [
                row[name] if i == 0 else ""
                for name in ("statement", "source", "quantity", "criterion")
            ]
            tier, verdict = (row["tier"], row["verdict"]) if len(run) else ("", "not run")
            rows.append(
                [*map(_cell, told), tier, _measured(row), _count(row), _cell(f"**{verdict}**")]
            )
    return rows


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|")


def _measured(row: Row) -> str:
    """With its place, where there is more than one."""
    if row["places"] == 0:
        return ""
    value = "target not reached" if np.isinf(row["measured"]) else f"{row['measured']:.3g}"
    value = f"at least {value}" if row["at_least"] is True else value
    if np.isfinite(row["low"]):
        value += f" [{row['low']:.3g}, {row['high']:.3g}]"
    return value if row["places"] == 1 else f"{value} ({row['at']})"


def _count(row: Row) -> str:
    return f"{row['n']:.0f}" if row["n"] > 0 else ""


FAST, PLAIN = "forward_gradient_rank_one", "forward_gradient"
"""Of the benchmark: the methods that the README shows, of outer products and as others write it."""


def _bench(table: pd.DataFrame) -> list[Sequence[str]]:
    """A row per problem, size of the minibatch and framework: the fast step over others."""
    over = (
        "plain / backprop",
        "fast / backprop",
        "fast / plain",
        "fast / function",
        "fast / floor",
    )
    rows: list[Sequence[str]] = [["problem", "batch", "framework", *over]]
    for (problem, size, backend), group in table.groupby(
        ["problem", "batch_size", "backend"], sort=False
    ):
        by_method = {row["estimator"]: row for row in group.to_dict("records")}
        fast, plain = by_method[FAST], by_method[PLAIN]
        held = [_interval(fast, f"step_over_{one}") for one in ("backprop", "plain", "forward")]
        place = [str(problem), str(size), str(backend), _interval(plain, "step_over_backprop")]
        rows.append([*place, *held, f"{fast['step_over_flop_bound']:.3g}"])
    return rows


ROW_MAKERS = {"baydin": _baydin, "targets": _targets, "claims": _claims, "bench": _bench}


def _interval(row: Row, name: str) -> str:
    if np.isnan(row[name]):
        return ""
    if np.isnan(row[f"{name}_low"]):
        return f"{row[name]:.3g}"
    return f"{row[name]:.3g} [{row[f'{name}_low']:.3g}, {row[f'{name}_high']:.3g}]"
