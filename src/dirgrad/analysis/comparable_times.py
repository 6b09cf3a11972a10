"""Times that cannot be compared between two runs, and tables without them.

- Trials that advance together share one clock. They have one time, and its noise is unknown.
- A machine is noisy if other processes used more than 5 % of the processor time of a measurement.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import values_column, with_interval
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.table_columns import DECLARED

SHARED_CLOCK = "trials share one clock"
NOISY_MACHINE = "the machine was noisy"
TIMED_PREFIXES = ("seconds", "T_", "R_")
"""Prefixes of the quantities in the table `baydin` that involve seconds."""
COST_JOB_OF_BAYDIN = "baydin"
"""Measurement of cost whose times the table `baydin` has, as R_f and R_b."""


class Comparable(NamedTuple):
    """Tables of a run at one stage of leaving out times.

    Attributes:
        reason: Why the times were left out at this stage.
        tables: The tables, in which a time that was left out is null.
    """

    reason: str
    tables: Tables


def stages(tables: Tables, noisy_jobs: Collection[str]) -> list[Comparable]:
    """Leave out the times of trials that share a clock, and then the times of noisy machines too.

    Args:
        tables: Tables by name.
        noisy_jobs: Measurements of cost, such as `cost/baydin/jax`, whose machine was noisy.
    """
    own_clocks = {
        name: without_times(name, table, _shares_clock(name, table, tables))
        for name, table in tables.items()
    }
    quiet = {
        name: without_times(name, table, _is_noisy(name, table, noisy_jobs))
        for name, table in own_clocks.items()
    }
    return [Comparable(SHARED_CLOCK, own_clocks), Comparable(NOISY_MACHINE, quiet)]


def without_times(name: str, table: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Return a table whose times are null in the chosen rows.

    Args:
        name: Name of the table.
        table: The table.
        chosen: Whether a row is chosen, by the index of the table.
    """
    if name not in DECLARED or not chosen.any():
        return table
    roles = DECLARED[name]
    if name == "baydin":
        chosen = chosen & table["quantity"].str.startswith(TIMED_PREFIXES)
    columns = [
        column
        for timed in roles.timed
        for column in (*with_interval(timed), values_column(timed), f"{timed}_from", f"{timed}_to")
        if column in table
    ]
    return table.assign(**{column: table[column].mask(chosen) for column in columns})


def _shares_clock(name: str, table: pd.DataFrame, tables: Tables) -> pd.Series:
    """Return whether the times of a row share one clock with other trials."""
    if "lanes" in table:
        return table["lanes"] > 1
    keys = ["experiment", "backend"]
    if "lanes" not in tables.get("final", table) or not {*keys} <= {*table.columns}:
        return pd.Series(False, table.index)
    lanes: Mapping[object, int] = tables["final"].groupby(keys)["lanes"].max().to_dict()
    trials = table[keys].itertuples(index=False, name=None)
    return pd.Series([lanes.get(trial, 1) > 1 for trial in trials], table.index)


def _is_noisy(name: str, table: pd.DataFrame, noisy_jobs: Collection[str]) -> pd.Series:
    """Return whether the times of a row come from a noisy measurement of cost."""
    if "cost" in table:
        jobs = "cost/" + table["cost"].astype(str) + "/" + table["backend"].astype(str)
        return jobs.isin(noisy_jobs)
    if name == "baydin":
        jobs = f"cost/{COST_JOB_OF_BAYDIN}/" + table["backend"].astype(str)
        return jobs.isin(noisy_jobs) & table["quantity"].str.startswith("R_")
    if name == "sweeps":
        # A row does not say which measurement it took its costs from.
        noisy = {job.rpartition("/")[2] for job in noisy_jobs}
        return table["backend"].isin(noisy)
    return pd.Series(np.zeros(len(table), bool), table.index)
