"""Special quantities of a claim: their arithmetic is neither a ratio of rows nor a power law.

The docstring of each class says why it is special.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from dirgrad.analysis.evidence import reading
from dirgrad.analysis.evidence.quantities import TableQuantity
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.samples import Samples, common
from dirgrad.analysis.selection import Estimators, OneOf
from dirgrad.analysis.verdicts import Evidence

CELL = ["backend", "experiment", "estimator"]


class Projection(TableQuantity):
    """The mean estimate along the gradient over the gradient's norm; unbiased gives 1.

    It is special because it averages all measurements of a framework, weighted by their numbers of
    directions.
    """

    kind: Literal["projection"]
    table: Literal["quality"] = "quality"
    column: Annotated[Literal["projection"], Field(alias="of")] = "projection"

    def evidence(self, tables: Tables, estimators: Estimators) -> Iterator[Evidence]:
        """Yield one average per framework, block of draws by block of draws."""
        by = self.by or ["backend"]
        rows = self.rows(tables, estimators, *by, "num_directions")
        for facets, group in reading.facet_groups(rows[rows[self.column].notna()], by):
            samples = [reading.samples_of_row(row, self.column) for _, row in group.iterrows()]
            shared = common(samples)
            weights = (group["draws"] * group["num_directions"]).to_numpy(float)
            means = np.average([values.low for values in shared], axis=0, weights=weights)
            yield Evidence(facets, Samples(shared[0].keys, means, means))


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
        rows = rows[rows["best_rate"].astype(bool) & (rows["valid_loss"] > 0)]
        names = rows["experiment"]
        for family in self.family:
            over = rows.assign(
                plain=names.str.replace(f"^{family}_", f"{family}_plain_", regex=True)
            )
            under = rows.assign(plain=names)
            pairs = reading.row_pairs(over, under, ["backend", "plain", "estimator"])
            for facets, pair in reading.rows_with_facets(pairs, self.facets(), self.roles.identity):
                yield reading.ratio_of_pair(facets, pair, self.roles, self.column)
