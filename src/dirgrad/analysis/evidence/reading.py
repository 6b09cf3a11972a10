"""Reading of evidence from rows of tables: facets, values and ratios of rows.

A table that is absent or lacks a column gives no evidence, and neither does a row whose status is
not `ok`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles, values_column
from dirgrad.analysis.facets import describe
from dirgrad.analysis.samples import Samples, parse_samples, ratio
from dirgrad.analysis.table_columns import add_derived
from dirgrad.analysis.verdicts import Evidence
from dirgrad.core.errors import UserError
from dirgrad.records.statuses import measured

Tables: TypeAlias = Mapping[str, pd.DataFrame]
"""Tables by name, which is their file name without the suffix."""
Row: TypeAlias = "pd.Series[Any]"
UNDER = "_under"
"""Suffix of the columns of a denominator."""
LACK_OF_FIT = "lack_of_fit"
"""Column of the p-value of a fit, in tables whose means are fitted."""
FACET_NAMES = {"backend": "framework", "learning_rate": "rate"}
"""Columns whose facet has another name."""


def read_table(tables: Tables, name: str, *columns: str) -> pd.DataFrame:
    """Return a table with its derived columns; no rows if it is absent or lacks one of `columns`.

    Rows that were not measured are left out.

    Args:
        tables: Tables by name.
        name: Name of the table.
        *columns: Columns that the caller reads.

    Raises:
        UserError: The table lacks only raw values, as a table of an earlier version does.
    """
    if name in tables:
        table = add_derived(name, tables[name])
        absent = {*columns} - {*table.columns}
        if not absent:
            return measured(table)
        if absent <= {values_column(column) for column in columns}:
            raise UserError(
                f"table '{name}' has no raw values (column '{min(absent)}'): "
                "make it again with `dirgrad table`"
            )
    return pd.DataFrame(columns=list(dict.fromkeys(columns)))


def rows_with_facets(
    rows: pd.DataFrame,
    by: Sequence[str],
    keys: Sequence[str],
) -> Iterator[tuple[dict[str, Any], Row]]:
    """Yield the rows of a table, each with its facets, which no other row has.

    Args:
        rows: Rows of a table.
        by: Columns of the facets; a column that is null in every row is left out.
        keys: Columns that are added, one after another, as long as two rows have equal facets.

    Raises:
        UserError: Two rows have equal facets nevertheless.
    """
    names = distinguishing_columns(rows, by, keys)
    repeated = rows[rows.duplicated(names)]
    if len(repeated):
        text = describe(_facets(repeated.iloc[0], names))
        raise UserError(f"the table has several rows at {text}")
    for _, row in rows.iterrows():
        yield _facets(row, names), row


def distinguishing_columns(
    rows: pd.DataFrame,
    by: Sequence[str],
    keys: Sequence[str],
) -> list[str]:
    """Return `by` with as many of `keys` as are needed to tell the rows apart.

    The result does not depend on the order of the rows.
    """
    names = [name for name in by if rows[name].notna().any()]
    for key in (name for name in keys if name in rows):
        n_groups = len(rows[names].drop_duplicates())
        if n_groups < len(rows) and len(rows[[*names, key]].drop_duplicates()) > n_groups:
            names.append(key)
    return names


def facet_groups(
    rows: pd.DataFrame,
    by: Sequence[str],
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield groups of rows that agree in the columns `by`, each with its facets."""
    if len(rows):
        for _, group in rows.groupby(list(by), sort=False, dropna=False):
            yield _facets(group.iloc[0], by), group


def _facets(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {FACET_NAMES.get(name, name): plain(row[name]) for name in names}


def plain(value: Any) -> str | int | float:
    """Return a table cell as a Python string or number; null is the string `none`."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "none"
    return int(value) if float(value).is_integer() else float(value)


def is_known(row: Row, name: str) -> bool:
    """Return whether a row has a value in the column `name`."""
    value: Any = row.get(name)
    return not pd.isna(value)


def row_pairs(over: pd.DataFrame, under: pd.DataFrame, match: Sequence[str]) -> pd.DataFrame:
    """Pair each row of `over` with each row of `under` that agrees with it in the columns `match`.

    A row is not paired with itself. The columns of `under` except `match` get the suffix `_under`.
    """
    pairs = over.assign(row=over.index).merge(
        under.assign(row=under.index), on=list(match), suffixes=("", UNDER)
    )
    return pairs[pairs["row"] != pairs[f"row{UNDER}"]]


def value_of_row(facets: Mapping[str, Any], row: Row, roles: ColumnRoles, name: str) -> Evidence:
    """Return the column `name` of a row: a mean with its raw values, or a count.

    Raises:
        UserError: The raw values are absent or damaged.
    """
    if name not in roles.sampled:
        return counted_evidence(facets, *_bounds(row, roles, name))
    fit: Any = row.get(LACK_OF_FIT, np.nan)
    return Evidence(
        dict(facets),
        samples_of_row(row, name),
        logarithmic=name in roles.ratios,
        lack_of_fit=float(fit),
    )


def samples_of_row(row: Row, name: str, suffix: str = "") -> Samples:
    """Return the raw values behind a mean in the column `name`.

    Args:
        row: Row of a table, or a pair of rows.
        name: Column of the mean.
        suffix: Suffix of the columns, `UNDER` for the denominator of a pair.

    Raises:
        UserError: The row has a mean without raw values, or their text is damaged.
    """
    column = values_column(name) + suffix
    try:
        samples = parse_samples(row[column])
    except ValueError as error:
        raise UserError(f"column '{column}': {error}") from None
    if not samples.n and is_known(row, name + suffix):
        raise UserError(
            f"column '{column}' is empty beside a value of '{name}': make the table again"
        )
    return samples


def _bounds(row: Row, roles: ColumnRoles, name: str, suffix: str = "") -> tuple[float, float]:
    """Return the hard bounds of a count; an unknown bound is infinite."""
    low, high = roles.bounds.get(name, (name, name))
    lower, upper = row[low + suffix], row[high + suffix]
    return (
        -np.inf if pd.isna(lower) else float(lower),
        np.inf if pd.isna(upper) else float(upper),
    )


def ratio_of_pair(facets: Mapping[str, Any], pair: Row, roles: ColumnRoles, name: str) -> Evidence:
    """Return the ratio of the column `name` in a pair of rows.

    Means are compared seed by seed, or round by round. Hard bounds of counts give hard bounds of
    the ratio.

    Raises:
        UserError: The two rows have no seed or round in common.
    """
    if name not in roles.sampled:
        low, high = _bounds(pair, roles, name)
        low_under, high_under = _bounds(pair, roles, name, UNDER)
        # Quantities are positive; a denominator without a lower bound leaves no upper bound.
        lowest = max(low, 0.0) / high_under
        highest = high / low_under if low_under > 0 else np.inf
        return counted_evidence(facets, lowest, highest, logarithmic=True)
    over, under = (samples_of_row(pair, name, suffix) for suffix in ("", UNDER))
    n_lost = sum(
        _num_lost(pair, samples, suffix) for samples, suffix in ((over, ""), (under, UNDER))
    )
    return ratio_evidence(facets, over, under, n_lost)


def _num_lost(row: Row, samples: Samples, suffix: str) -> int:
    """Return the number of trials of a row that have no value, such as a time, as they failed."""
    n_seeds: Any = row.get(f"n_seeds{suffix}", samples.n)
    return max(0, int(n_seeds) - samples.n)


def ratio_evidence(
    facets: Mapping[str, Any], over: Samples, under: Samples, n_lost: int = 0
) -> Evidence:
    """Return the ratios of values with equal keys.

    Args:
        facets: Where they were measured.
        over: Values of the numerator.
        under: Values of the denominator.
        n_lost: Number of trials of either side that have no value.

    Raises:
        UserError: No key of `over` is a key of `under`.
    """
    paired = ratio(over, under)
    if not paired.n:
        raise UserError(
            f"no values can be paired at {describe(facets)}: "
            f"one row has {_keys(over)}, the other has {_keys(under)}"
        )
    n_unpaired = over.n + under.n - 2 * paired.n + n_lost
    return Evidence(dict(facets), paired, logarithmic=True, n_unpaired=n_unpaired)


def _keys(samples: Samples) -> str:
    if not samples.n:
        return "no values"
    return f"the seeds or rounds {samples.keys.min()} to {samples.keys.max()}"


def counted_evidence(
    facets: Mapping[str, Any],
    low: float,
    high: float,
    logarithmic: bool = False,
) -> Evidence:
    """Return a value that was counted, or that certainly lies between `low` and `high`."""
    samples = Samples(np.array([0]), np.array([float(low)]), np.array([float(high)]))
    return Evidence(dict(facets), samples, counted=True, logarithmic=logarithmic)
