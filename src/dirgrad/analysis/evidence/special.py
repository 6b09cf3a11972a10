"""Special quantities of a claim: their arithmetic is neither a ratio of rows nor a power law.

The docstring of each class says why it is special.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from dirgrad.analysis.column_roles import with_interval
from dirgrad.analysis.evidence import reading
from dirgrad.analysis.evidence.quantities import TableQuantity, Value
from dirgrad.analysis.evidence.reading import UNDER, Tables
from dirgrad.analysis.selection import Estimators, OneOf
from dirgrad.analysis.verdicts import Evidence
from dirgrad.components import registry

CELL = ["backend", "experiment", "estimator"]
ROUNDING = 0.01
"""Relative error allowed for a loss without randomness, whose rounding depends on the machine."""


class Projection(TableQuantity):
    """The mean estimate along the gradient over the gradient's norm; unbiased gives 1.

    It is special because it averages all measurements of a framework, weighted by their numbers of
    directions.
    """

    kind: Literal["projection"]
    table: Literal["quality"] = "quality"
    column: Annotated[Literal["projection"], Field(alias="of")] = "projection"

    def evidence(self, tables: Tables, estimators: Estimators) -> Iterator[Evidence]:
        """Yield one average per framework."""
        value, low, high = with_interval(self.column)
        by = self.by or ["backend"]
        rows = self.rows(tables, estimators, *by, "num_directions")
        for facets, group in reading.facet_groups(rows[rows[high].notna()], by):
            directions = group["draws"] * group["num_directions"]
            weights = directions.to_numpy(float) / directions.sum()
            half_widths = (group[high] - group[low]).to_numpy(float) / 2
            half = np.sqrt(((weights * half_widths) ** 2).sum())
            mean = (weights * group[value]).sum()
            yield reading.symmetric_evidence(facets, mean, half, int(group["draws"].sum()))


class OrderOfDifference(TableQuantity):
    """The order of a finite difference: the power p in error = c eps^p.

    It is special because it fits only steps far above the step of the smallest error, where the
    Taylor remainder dominates rounding, and because a bias may be negative.
    """

    is_ratio: ClassVar[bool | None] = False

    kind: Literal["order_of_difference"]
    table: Literal["quality"] = "quality"
    column: Annotated[Literal["difference_error", "difference_bias"], Field(alias="of")]
    """Column of the error."""

    @property
    def _measure(self) -> str:
        return f"power of {self.column} in eps"

    def evidence(self, tables: Tables, estimators: Estimators) -> Iterator[Evidence]:
        """Yield one order per group of rows that agree in the facets."""
        by = self.facets("eps", "dtype")
        rows = self.rows(tables, estimators, *by, "eps", "difference_error")
        for facets, group in reading.facet_groups(rows[rows["difference_error"] > 0], by):
            errors = group["difference_error"]
            best_eps = group.loc[errors == errors.min(), "eps"].max()
            large_steps = _magnitudes(group[group["eps"] > 10 * best_eps], self.column)
            yield from reading.fitted_exponent(facets, large_steps, "eps", self.column, "draws")


def _magnitudes(group: pd.DataFrame, name: str) -> pd.DataFrame:
    """Replace a column by its absolute values, and its intervals accordingly."""
    names = with_interval(name)
    value, low, high = (group[column] for column in names)
    columns = (value.abs(), low.where(value >= 0, -high), high.where(value >= 0, -low))
    return group.assign(**dict(zip(names, columns, strict=True)))


class StepsPerDimension(Value):
    """Steps to the target over backprop's steps, divided by the number of parameters.

    It is special because the number of parameters is in another table.
    """

    kind: Literal["steps_over_backprop_per_dimension"]  # type: ignore[assignment]
    table: Literal["targets"] = "targets"
    column: Annotated[Literal["steps_over_backprop"], Field(alias="of")] = "steps_over_backprop"

    @property
    def _measure(self) -> str:
        return self.kind

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables that are read."""
        return (self.table, "final")

    def rows(self, tables: Tables, estimators: Estimators, *columns: str) -> pd.DataFrame:
        """Return the selected rows, with their steps and bounds divided by the dimension."""
        rows = super().rows(tables, estimators, *columns, *CELL)
        cells = reading.read_table(tables, "final", *CELL, "dimension")
        # All trials of a cell have the same problem, and so the same dimension.
        rows = rows.join(cells.groupby(CELL)["dimension"].max(), on=CELL, how="inner")
        steps = [name for name in map(str, rows.columns) if name.startswith(self.column)]
        return rows.assign(**{name: rows[name] / rows["dimension"] for name in steps})


class LossOverTruncated(TableQuantity):
    """The final loss of descent along the truncated gradient relative to truncated BPTT.

    It is special because it pairs estimators with equal windows, because a cell with a trial that
    diverged counts as an infinite loss, and because the loss has no randomness.
    """

    is_ratio: ClassVar[bool | None] = True

    kind: Literal["loss_over_truncated"]
    table: Literal["final"] = "final"
    column: Annotated[Literal["final_loss"], Field(alias="of")] = "final_loss"

    @property
    def _measure(self) -> str:
        return self.kind

    def evidence(self, tables: Tables, estimators: Estimators) -> Iterator[Evidence]:
        """Yield one ratio per framework, experiment and window."""
        rows = self.rows(tables, estimators, *CELL, "n_seeds")
        converged = rows["n_ok"] == rows["n_seeds"]
        rows = rows.assign(loss=rows[self.column].where(converged, np.inf).astype(float))
        over, under = (
            rows.assign(window=rows["estimator"].map(windows)).dropna(subset="window")
            for windows in _windows(estimators)
        )
        pairs = reading.row_pairs(
            over[np.isfinite(over["loss"])], under, ["backend", "experiment", "window"]
        )
        keys = (*self.roles.identity, f"estimator{UNDER}")
        for facets, pair in reading.rows_with_facets(pairs, self.by or ["backend", "window"], keys):
            ratio = pair["loss"] / pair[f"loss{UNDER}"]
            yield reading.counted_evidence(
                facets, ratio, (1 - ROUNDING) * ratio, (1 + ROUNDING) * ratio
            )


def _windows(estimators: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the windows of descent along the truncated gradient, and of truncated BPTT."""
    kinds = {name: registry.kind(estimator) for name, estimator in estimators.items()}
    truncated = {name: estimators[name].window for name in kinds if kinds[name] == "truncated_bptt"}
    descents = (name for name in kinds if kinds[name] == "directional_descent")
    candidates = {name: estimators[name].candidate for name in descents}
    descent = {
        name: candidate.truncation
        for name, candidate in candidates.items()
        if registry.kind(candidate) == "truncated_gradient"
    }
    return descent, truncated


class LossOverPlain(TableQuantity):
    """The validation loss of experiments FAMILY_NAME relative to experiments FAMILY_plain_NAME.

    It is special because it pairs experiments by their names, each at its best learning rate.
    """

    is_ratio: ClassVar[bool | None] = True

    kind: Literal["loss_over_plain"]
    table: Literal["final"] = "final"
    column: Annotated[Literal["valid_loss"], Field(alias="of")] = "valid_loss"
    family: OneOf[str]
    """First word of the names of the experiments."""

    @property
    def _measure(self) -> str:
        return self.kind

    def evidence(self, tables: Tables, estimators: Estimators) -> Iterator[Evidence]:
        """Yield one ratio per framework, experiment and estimator."""
        rows = self.rows(tables, estimators, *CELL, "best_rate")
        rows = rows[rows["best_rate"].astype(bool) & (rows["valid_loss_low"] > 0)]
        names = rows["experiment"]
        for family in self.family:
            over = rows.assign(
                plain=names.str.replace(f"^{family}_", f"{family}_plain_", regex=True)
            )
            under = rows.assign(plain=names)
            pairs = reading.row_pairs(over, under, ["backend", "plain", "estimator"])
            for facets, pair in reading.rows_with_facets(pairs, self.facets(), self.roles.identity):
                yield reading.ratio_of_pair(facets, pair, self.roles, self.column)
