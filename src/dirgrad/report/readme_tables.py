"""Markdown tables of the README files: answers, verdicts, paper values, targets, benchmark."""

import re
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.core.errors import UserError, nearest
from dirgrad.records import damage
from dirgrad.records.csv_tables import read_table
from dirgrad.records.markdown import interval_cell, markdown_table
from dirgrad.report import bench_table

CONFIDENCE = {
    "figure": "read off its figure",
    "secondary": "from a reader's notes",
    "derived": "derived",
}
"""Text of a row's source for the paper value, by the column `paper_confidence`."""

OF_BACKPROP = (
    "gradient_0",
    "gradient_1",
    "backprop_final_loss",
    "backprop_final_valid_loss",
    "R_b",
)
"""Quantities of the table `baydin` that do not depend on the estimator."""

Row = Mapping[Hashable, Any]
Cells = Sequence[Any]


def page(paths: Sequence[Path]) -> str:
    """Return the table in CSV files as Markdown.

    Args:
        paths: One CSV file, or the claims.csv files of several tiers.

    Raises:
        UserError: If the files cannot be shown as one table.
    """
    name, *others = dict.fromkeys(path.stem for path in paths)
    if others or (len(paths) > 1 and name != "claims"):
        raise UserError(
            f"cannot make one README table from {len(paths)} files: "
            "give one table, or the claims.csv files of several tiers"
        )
    tables = [read_table(path) for path in paths]
    with damage.missing_column_named(paths):
        return markdown(name, pd.concat(tables, ignore_index=True))


def answers(claims: Sequence[pd.DataFrame]) -> list[Row]:
    """Return the short answer: one row of claims.csv per claim that has a question.

    Args:
        claims: The tables claims.csv of several tiers. The first one that measured a claim gives
            its row. A claim that none of them measured keeps its row in the first table.
    """
    rows: dict[str, Row] = {}
    for table in claims:
        for row in table[table["question"].notna()].to_dict("records"):
            if row["id"] not in rows or not number_of_places(rows[row["id"]]):
                rows[row["id"]] = row if number_of_places(row) else rows.get(row["id"], row)
    return list(rows.values())


def answers_page(paths: Sequence[Path]) -> str:
    """Return the short answer in the claims.csv files of several tiers as Markdown.

    Raises:
        UserError: If a file is damaged or lacks a column.
    """
    with damage.missing_column_named(paths):
        return answers_as_markdown(answers([read_table(path) for path in paths]))


def answers_as_markdown(rows: Sequence[Row]) -> str:
    """Return rows of claims.csv as the Markdown table of the short answer."""
    head = [
        "question",
        "source",
        "criterion",
        "measured",
        "n",
        "tier",
        "verdict",
        "holds/fails/open",
    ]
    cells = [
        [
            row["question"],
            author(row),
            row["criterion"],
            measured_range(row),
            _count(row),
            row["tier"],
            row["verdict"],
            f"{row['holds']}/{row['fails']}/{row['open']}",
        ]
        for row in rows
    ]
    return markdown_table(head, cells)


def author(row: Row) -> str:
    """Return who makes a claim, without the place in the text."""
    return re.split("[,;]", row["source"])[0]


def markdown(name: str, table: pd.DataFrame) -> str:
    """Return the table `baydin`, `targets`, `claims` or `bench` as Markdown.

    Raises:
        UserError: If `name` is another table.
    """
    if name not in ROW_MAKERS:
        raise UserError(
            f"no README table is made from the table '{name}': {nearest(name, ROW_MAKERS)}"
        )
    head, *rows = ROW_MAKERS[name](table)
    notes = bench_table.notes(table) if name == "bench" else ""
    return markdown_table(head, rows) + notes


def _baydin(table: pd.DataFrame) -> list[Cells]:
    """Return one row per quantity with a known paper value, and per estimator that we measured."""
    head = ["figure", "problem", "rate", "quantity", "estimator", "paper", "JAX", "PyTorch"]
    rows: list[Cells] = [head]
    keys = ["figure", "problem", "learning_rate", "quantity"]
    for _, quantity in table.groupby(keys, sort=False, dropna=False):
        if quantity["paper_value"].isna().all():
            continue
        if quantity["quantity"].iloc[0] in OF_BACKPROP:
            rows.append(_baydin_row(quantity.drop_duplicates("backend"), "backprop"))
            continue
        for estimator, group in quantity.groupby("estimator", sort=False, dropna=False):
            rows.append(_baydin_row(group, str(estimator) if pd.notna(estimator) else ""))
    return rows


def _baydin_row(group: pd.DataFrame, estimator: str) -> Cells:
    """Return the values of one quantity and one estimator in both frameworks."""
    by_backend = {row["backend"]: row for row in group.to_dict("records")}
    first = group.iloc[0]
    rate = f"{first['learning_rate']:g}" if pd.notna(first["learning_rate"]) else ""
    paper = ""
    if pd.notna(first["paper_value"]):
        paper = f"{first['paper_value']:.3g} ({CONFIDENCE[first['paper_confidence']]})"
    ours = [
        _value_or_bounds(by_backend[backend]) if backend in by_backend else ""
        for backend in ("jax", "torch")
    ]
    facts = [str(first["figure"]), first["problem"], rate, first["quantity"], estimator]
    return [*facts, paper, *ours]


def _value_or_bounds(row: Row) -> str:
    return interval_cell(row, "value") or _bounds(row, "value")


def _bounds(row: Row, name: str) -> str:
    """Return the bounds between which a value lies; a lower bound if a trial never arrived."""
    low, high = row[f"{name}_from"], row[f"{name}_to"]
    if np.isnan(high):
        reached = f"reached by {row['n_reached']:.0f} of {row['n']:.0f}"
        return reached if np.isnan(low) else f"at least {low:.3g} ({reached})"
    return f"{low:.3g} to {high:.3g}"


def _targets(table: pd.DataFrame) -> list[Cells]:
    """Return one row per experiment, backend and estimator.

    Only experiments that include backprop are listed, because the steps are relative to it.
    """
    with_backprop = table.loc[table["estimator"] == "backprop", "experiment"]
    table = table[table["experiment"].isin(with_backprop)]
    head = [
        "experiment",
        "framework",
        "optimizer",
        "estimator",
        "best rate",
        "steps to target / backprop's",
        "train accuracy",
        "test accuracy",
        "n",
    ]
    return [head, *(_targets_row(row) for row in table.to_dict("records"))]


def _targets_row(row: Row) -> Cells:
    steps = interval_cell(row, "steps_over_backprop") or _bounds(row, "steps_over_backprop")
    return [
        row["experiment"],
        row["backend"],
        row["optimizer"],
        row["estimator"],
        f"{row['learning_rate']:g}",
        steps,
        interval_cell(row, "train_accuracy"),
        interval_cell(row, "test_accuracy"),
        row["n"],
    ]


def _claims(table: pd.DataFrame) -> list[Cells]:
    """Return one row per claim and tier that measured it.

    A claim that no tier measured has one row with the verdict "Not run.".
    """
    texts = ["statement", "source", "criterion", "evidence"]
    rows: list[Cells] = [["claim", *texts[1:], "tier", "measured", "n", "verdict"]]
    for _, group in table.groupby("id", sort=False):
        was_run = group[number_of_places(group) > 0]
        if len(was_run):
            by_tier = [(row, row["tier"], row["sentence"]) for row in was_run.to_dict("records")]
        else:
            by_tier = [(group.head(1).to_dict("records")[0], "", "Not run.")]
        for i, (row, tier, verdict) in enumerate(by_tier):
            # The texts of a claim are printed once, in its first row.
            claim = [row[name] if i == 0 else "" for name in texts]
            rows.append([*claim, tier, measured_range(row), _count(row), verdict])
    return rows


def number_of_places(rows: Any) -> Any:
    """Return the number of places where a claim was measured."""
    return rows["holds"] + rows["fails"] + rows["open"]


def measured_range(row: Row) -> str:
    """Return the range over the places, or the value and its interval at the only place."""
    n_places = number_of_places(row)
    if n_places > 1:
        return f"{row['lowest']:.3g} to {row['highest']:.3g}"
    if not n_places:
        return ""
    prefix = (
        "at least " if row["at_least"] is True else "at most " if row["at_most"] is True else ""
    )
    return f"{prefix}{interval_cell(row, 'measured', 'low', 'high')}"


def _count(row: Row) -> str:
    return f"{row['n']:.0f}" if row["n"] > 0 else ""


ROW_MAKERS = {"baydin": _baydin, "targets": _targets, "claims": _claims, "bench": bench_table.rows}
"""Function that returns the head and the rows of the Markdown table, by the name of the table."""
