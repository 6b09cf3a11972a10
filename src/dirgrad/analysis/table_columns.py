"""The tables that claims read, with their columns and with columns derived from them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables import (
    baydin,
    bench,
    cost,
    equal_loss,
    final,
    matrix,
    memory,
    orders,
    quality,
    scaling,
    stability,
    steps_by_dimension,
    steps_by_size,
    sweeps,
    targets,
)
from dirgrad.records.schemas import Stage

MODULES = (
    baydin,
    bench,
    cost,
    equal_loss,
    final,
    matrix,
    memory,
    orders,
    quality,
    scaling,
    stability,
    steps_by_dimension,
    steps_by_size,
    sweeps,
    targets,
)
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


def _best_rate_from(table: pd.DataFrame) -> "pd.Series[float]":
    return _bound_of_best_rate(table, lambda rates, best: rates[rates < best].max(), 0.0)


def _best_rate_to(table: pd.DataFrame) -> "pd.Series[float]":
    return _bound_of_best_rate(table, lambda rates, best: rates[rates > best].min(), np.inf)


def _bound_of_best_rate(
    table: pd.DataFrame,
    neighbor: Callable[["pd.Series[float]", float], float],
    unbounded: float,
) -> "pd.Series[float]":
    """Return a bound of the best rate of each estimator after its search; NaN without a search.

    The bound is halfway to the neighboring rate of the search on a logarithmic scale, and the
    neighbor itself if one of its trials diverged. A rate whose trials timed out was not searched.

    Args:
        table: Rows of the table `final`.
        neighbor: Neighboring rate (searched rates, best rate), or NaN if there is none.
        unbounded: Bound without a neighbor.
    """
    cell = ["backend", "experiment", "estimator"]
    tried = table["n_ok"] + table["n_diverged"] == table["n_seeds"]
    search = table[(table["stage"] == Stage.TUNING) & tried]
    searches = dict(iter(search.groupby(cell)))
    bounds = {}
    for index, row in table[table["best_rate"].astype(bool)].iterrows():
        searched = searches.get(tuple(row[cell]))
        if searched is None:
            continue
        rates, best = searched["learning_rate"], row["learning_rate"]
        rate = neighbor(rates, best)
        survived = (searched["n_diverged"] == 0)[rates == rate].all()
        bound = np.sqrt(rate * best) if survived else rate
        bounds[index] = unbounded if np.isnan(rate) else bound
    return pd.Series(bounds, dtype=float).reindex(table.index)


DERIVED: Mapping[str, Derived] = {
    "final": {
        "best_learning_rate": _best_rate,
        "best_learning_rate_from": _best_rate_from,
        "best_learning_rate_to": _best_rate_to,
    },
    "memory": {"temp_bytes": _temp_bytes},
    "cost": {
        "sequence_temp_bytes": _sequence_temp_bytes,
        "added_product_flops": _added_product_flops,
    },
}
"""Columns that claims may name although the CSV file of the table lacks them."""
MEANINGS: Mapping[str, str] = {
    "best_learning_rate": "best rate of an estimator after a search. It lies between "
    "`best_learning_rate_from` and `best_learning_rate_to`, halfway to the neighboring rates of "
    "the search, or at a neighbor that diverged. Without a neighbor they are 0 and infinity. They "
    "ignore that other seeds might choose another rate",
    "temp_bytes": "temporary bytes as the framework counts them: by XLA, or in PyTorch's graph",
    "sequence_temp_bytes": "temporary bytes of a step along a sequence, without the observations, "
    "which every estimator needs",
    "added_product_flops": "multiplications of a step in addition to the loss function",
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
        if column in table:
            continue
        try:
            table = table.assign(**{column: compute(table)})
        except KeyError:
            # The table is of an earlier version.
            continue
    return table
