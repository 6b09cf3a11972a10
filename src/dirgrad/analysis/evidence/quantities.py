"""General quantities of a claim: a column, a ratio of rows, and a power with which a column grows.

A quantity reads measured values from tables, with their intervals and facets.
"""

from collections.abc import Iterator
from functools import reduce
from typing import Annotated, ClassVar, Literal

import pandas as pd
from annotated_types import MinLen
from pydantic import BaseModel, Field

from dirgrad.analysis.column_roles import ColumnRoles, values_column
from dirgrad.analysis.evidence import powers, reading
from dirgrad.analysis.evidence.reading import UNDER, Tables
from dirgrad.analysis.selection import (
    Estimators,
    EstimatorSelector,
    OneOf,
    Rows,
    RowsField,
    Where,
    describe_rows,
    row_mistakes,
    select,
    selected_columns,
    unknown,
)
from dirgrad.analysis.table_columns import ROLES
from dirgrad.analysis.verdicts import Evidence
from dirgrad.components.registry import STRICT
from dirgrad.config.messages import Mistake


class TableQuantity(BaseModel):
    """A quantity that is computed from a column of one table; all quantities have these keys."""

    model_config = STRICT
    is_ratio: ClassVar[bool | None] = None

    table: str
    """Name of the table."""
    column: Annotated[str, Field(alias="of")]
    """Column of the values."""
    estimator: OneOf[EstimatorSelector] | None = None
    """Estimators to use, by `kind` and those options that matter; null means all."""
    where: Where = Field(default_factory=dict)
    """Rows to use: by column a value, a list of values, or bounds as in a criterion."""
    by: Annotated[list[str], MinLen(1)] | None = None
    """Columns that say where a value was measured; null means those that the table declares.

    Further columns are added where two values would otherwise have the same description.
    """

    def __str__(self) -> str:
        return f"{self._measure}, {describe_rows(self.where)}" if self.where else self._measure

    @property
    def _measure(self) -> str:
        """Return the quantity in words, without the selected rows."""
        return self.column

    @property
    def roles(self) -> ColumnRoles:
        """Return what the columns of the table are for."""
        return ROLES[self.table]

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables that are read."""
        return (self.table,)

    @property
    def timed(self) -> bool:
        """Return whether the quantity involves seconds, which differ between machines."""
        return self.column in self.roles.timed

    @property
    def logarithmic(self) -> bool:
        """Return whether the quantity is a ratio, which is compared on a logarithmic scale."""
        return self.column in self.roles.ratios if self.is_ratio is None else self.is_ratio

    def facets(self, *without: str) -> tuple[str, ...]:
        """Return the columns `by`, or else the facets of the table except `without`."""
        return tuple(self.by or (name for name in self.roles.facets if name not in without))

    def rows(self, tables: Tables, estimators: Estimators, *columns: str) -> pd.DataFrame:
        """Return the selected rows; no rows if the table lacks a column that is read."""
        selections: list[Rows] = [self.where, *([self.estimator] if self.estimator else [])]
        selected = (name for rows in selections for name in selected_columns(rows))
        needed = (*self.roles.columns_of(self.column), *columns, *selected)
        table = reading.read_table(tables, self.table, *needed)
        return reduce(lambda rows, part: select(rows, part, estimators), selections, table)

    def mistakes(self) -> Iterator[Mistake]:
        """Yield the names and values that do not exist, with their locations in the quantity."""
        if self.table not in ROLES:
            yield ("table",), unknown("table", self.table, ROLES)
            return
        for key, name in (("of", self.column), ("in", getattr(self, "abscissa", None))):
            if name and name not in self.roles.values:
                yield (key,), unknown("column", name, self.roles.values)
        for key in ("by", "match"):
            for i, name in enumerate(getattr(self, key, None) or ()):
                if name not in self.roles.plain:
                    yield (key, i), unknown("column", name, self.roles.plain)
        for key in ("where", "over", "under"):
            for location, text in row_mistakes(self.roles, getattr(self, key, {})):
                yield (key, *location), text


class Value(TableQuantity):
    """A column, row by row; a trial that misses its target gives a lower bound."""

    kind: Literal["value"]

    def evidence(self, tables: Tables, estimators: Estimators) -> Iterator[Evidence]:
        """Yield one value per row that has one."""
        by = self.facets()
        rows = self.rows(tables, estimators, *by)
        measured = rows[rows[self._measured_column].notna()]
        for facets, row in reading.rows_with_facets(measured, by, self.roles.identity):
            yield reading.value_of_row(facets, row, self.roles, self.column)

    @property
    def _measured_column(self) -> str:
        """Return the column that is null where nothing was measured."""
        is_sampled = self.column in self.roles.sampled
        return values_column(self.column) if is_sampled else self.column


class Ratio(TableQuantity):
    """A column of some rows over the same column of other rows that were measured alike.

    Means are divided seed by seed, or round by round. Values without a partner, and trials
    without a value, are counted in the column `n_unpaired` of the evidence.
    """

    is_ratio: ClassVar[bool | None] = True

    kind: Literal["ratio"]
    over: RowsField
    """Rows of the numerator: estimators by `kind` and options, or values by column."""
    under: RowsField
    """Rows of the denominator, written in the same way."""
    match: Annotated[list[str], MinLen(1)] | None = None
    """Columns in which both rows agree.

    Null means all columns that tell the rows of the table apart, except those in which `over` and
    `under` differ.
    """

    @property
    def _measure(self) -> str:
        return f"{self.column}: {describe_rows(self.over)} / {describe_rows(self.under)}"

    def evidence(self, tables: Tables, estimators: Estimators) -> Iterator[Evidence]:
        """Yield one ratio per numerator and denominator that match."""
        roles = self.roles
        varied = dict.fromkeys((*selected_columns(self.over), *selected_columns(self.under)))
        by = self.facets(*varied)
        rows = self.rows(tables, estimators, *by, *varied, *(self.match or ()))
        is_sampled = self.column in roles.sampled
        column = values_column(self.column) if is_sampled else self.column
        measured = rows[rows[column].notna()]
        telling = [name for name in roles.identity if name not in varied]
        match = self.match or [name for name in telling if name in rows]
        over, under = (select(measured, part, estimators) for part in (self.over, self.under))
        if not is_sampled:
            under = under[under[self.column] > 0]
        pairs = reading.row_pairs(over, under, match)
        keys = (*roles.identity, *varied, *(name + UNDER for name in varied))
        for facets, pair in reading.rows_with_facets(pairs, by, keys):
            yield reading.ratio_of_pair(facets, pair, roles, self.column)


class Power(TableQuantity):
    """The power p with which a column grows: y = c x^p.

    A mean is fitted on logarithms, once for each seed or block of draws, which needs three values
    of x. A count needs no fit: p is taken between the two largest values of x.
    """

    is_ratio: ClassVar[bool | None] = False

    kind: Literal["power"]
    abscissa: Annotated[str, Field(alias="in")]
    """Column of x."""

    @property
    def _measure(self) -> str:
        return f"power of {self.column} in {self.abscissa}"

    def evidence(self, tables: Tables, estimators: Estimators) -> Iterator[Evidence]:
        """Yield one power per group of rows that agree in the facets."""
        x, y, by = self.abscissa, self.column, self.facets(self.abscissa)
        rows = self.rows(tables, estimators, x, *by)
        if y in self.roles.sampled:
            rows = rows[rows[values_column(y)].notna()]
            for facets, group in reading.facet_groups(rows, by):
                samples = [reading.samples_of_row(row, y) for _, row in group.iterrows()]
                yield from powers.fitted_powers(facets, group[x].to_numpy(float), samples)
            return
        rows = rows[(rows[x] > 0) & (rows[y] > 0)]
        rows = rows[rows.groupby(list(by), dropna=False)[x].transform("nunique") > 1]
        # The points of a line come from one measurement, whose name is the last key.
        names = reading.distinguishing_columns(rows, (*by, x), self.roles.keys[-1:])
        for facets, group in reading.facet_groups(rows, [name for name in names if name != x]):
            yield from powers.last_exponent(facets, group, x, y)
