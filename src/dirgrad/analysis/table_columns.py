"""The tables that claims read, with their columns and with columns derived from them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.samples import Samples, format_samples, parse_samples
from dirgrad.analysis.tables import (
    baydin,
    bench,
    cost,
    equal_loss,
    final,
    memory,
    quality,
    scaling,
    stability,
    targets,
)
from dirgrad.records.schemas import Stage

MODULES = (baydin, bench, cost, equal_loss, final, memory, quality, scaling, stability, targets)
Derived = Mapping[str, Callable[[pd.DataFrame], "pd.Series[Any]"]]


def _first_known(first: "pd.Series[float]", second: "pd.Series[float]") -> "pd.Series[float]":
    return pd.to_numeric(first).fillna(pd.to_numeric(second))


def _temp_bytes(table: pd.DataFrame) -> "pd.Series[float]":
    return _first_known(table["xla_temp_bytes"], table["graph_temp_bytes"])


def _sequence_temp_bytes(table: pd.DataFrame) -> "pd.Series[float]":
    allocated = _first_known(table["step_xla_temp_bytes"], table["step_graph_temp_bytes"])
    return (allocated - table["observation_bytes"]).where(table["length"] > 0)


def _added_product_flops(table: pd.DataFrame) -> "pd.Series[float]":
    forward = table["forward_product_flops"]
    return (table["step_product_flops"] - forward).where(forward > 0)


def _best_rate(table: pd.DataFrame) -> "pd.Series[float]":
    return table["learning_rate"].where(table["best_rate"].astype(bool))


def _half_grid_step(table: pd.DataFrame) -> "pd.Series[float]":
    """Return the square root of the ratio of neighbors in the grid of a search."""
    cell = ["backend", "experiment"]
    rates = table[table["stage"] == Stage.TUNING].sort_values("learning_rate")
    grid = rates[[*cell, "learning_rate"]].drop_duplicates()
    neighbors = grid["learning_rate"] / grid.groupby(cell)["learning_rate"].shift()
    steps = neighbors.groupby([grid[name] for name in cell]).min().rename("step")
    return table.join(steps, on=cell)["step"] ** 0.5


def _reciprocals(cell: object) -> str | float:
    """Return the reciprocals of raw values, as text."""
    keys, low, high = parse_samples(cell)
    return format_samples(Samples(keys, 1 / high, 1 / low)) or np.nan


DERIVED: Mapping[str, Derived] = {
    "final": {
        "best_learning_rate": _best_rate,
        "best_learning_rate_from": lambda table: _best_rate(table) / _half_grid_step(table),
        "best_learning_rate_to": lambda table: _best_rate(table) * _half_grid_step(table),
    },
    "memory": {"temp_bytes": _temp_bytes},
    "cost": {
        "sequence_temp_bytes": _sequence_temp_bytes,
        "added_product_flops": _added_product_flops,
    },
    "quality": {
        "relative_squared_error": lambda table: 1 / table["snr"],
        # The reciprocal is decreasing, so it exchanges the ends of the interval.
        "relative_squared_error_low": lambda table: 1 / table["snr_high"],
        "relative_squared_error_high": lambda table: 1 / table["snr_low"],
        "relative_squared_error_values": lambda table: table["snr_values"].map(_reciprocals),
    },
}
"""Columns that claims may name although the CSV file of the table lacks them."""
MEANINGS: Mapping[str, str] = {
    "best_learning_rate": "best rate of an estimator after a search. It lies within half a step of "
    "the grid, from `best_learning_rate_from` to `best_learning_rate_to`, which ignores that other "
    "seeds might choose another rate",
    "temp_bytes": "temporary bytes as the framework counts them: by XLA, or in PyTorch's graph",
    "sequence_temp_bytes": "temporary bytes of a step along a sequence, without the observations, "
    "which every estimator needs",
    "added_product_flops": "multiplications of a step in addition to the loss function",
    "relative_squared_error": "1/SNR, with its interval",
}
"""Meaning of these columns."""


def _roles(name: str, declared: ColumnRoles) -> ColumnRoles:
    derived = DERIVED.get(name, {})
    sampled = tuple(column for column in derived if f"{column}_low" in derived)
    plain = tuple(column for column in derived if not column.startswith(sampled or ("-",)))
    bounds = {name: (f"{name}_from", f"{name}_to") for name in plain if f"{name}_to" in derived}
    return replace(
        declared,
        plain=(*declared.plain, *plain),
        sampled=(*declared.sampled, *sampled),
        ratios=(*declared.ratios, *sampled),
        bounds={**declared.bounds, **bounds},
    )


DECLARED: Mapping[str, ColumnRoles] = {
    module.__name__.rpartition(".")[2]: module.COLUMN_ROLES for module in MODULES
}
ROLES: Mapping[str, ColumnRoles] = {name: _roles(name, roles) for name, roles in DECLARED.items()}
"""Roles of the columns of each table, derived columns included."""


def add_derived(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its derived columns, except where it lacks their sources."""
    for column, compute in DERIVED.get(name, {}).items():
        try:
            table = table.assign(**{column: compute(table)})
        except KeyError:
            # The table is of an earlier version.
            continue
    return table
