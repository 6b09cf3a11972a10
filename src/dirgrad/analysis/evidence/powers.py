"""Exponents of power laws through the rows of a table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.evidence.reading import counted_evidence
from dirgrad.analysis.facets import describe
from dirgrad.analysis.samples import Samples, common
from dirgrad.analysis.significance import two_sided_student
from dirgrad.analysis.verdicts import Evidence
from dirgrad.core.errors import UserError

MIN_ABSCISSAS = 3
"""Minimum number of abscissas through which a power is fitted."""


def fitted_powers(
    facets: Mapping[str, Any],
    x: np.ndarray,
    samples: Sequence[Samples],
) -> Iterator[Evidence]:
    """Yield the power p of y = c x^p, one value for each key that all samples share.

    The power is the slope of the least-squares line through log y against log x. The lack of fit
    is tested by Student's t test of the quadratic coefficient, which needs four abscissas.

    Args:
        facets: Where the power was measured.
        x: Abscissas, (m,). Three distinct ones are needed.
        samples: The values at each abscissa, m samples. They must be exact and positive.
    """
    if len(np.unique(x)) < MIN_ABSCISSAS:
        return
    shared = common(samples)
    keys = shared[0].keys
    y = np.stack([values.low for values in shared])
    if not len(keys) or not (y > 0).all():
        return
    log_x, log_y = np.log(x), np.log(y)
    powers = np.polyfit(log_x, log_y, 1)[0]
    n_unpaired = sum(values.n for values in samples) - y.size
    yield Evidence(
        dict(facets),
        Samples(keys, powers, powers),
        n_unpaired=n_unpaired,
        lack_of_fit=_lack_of_fit(log_x, log_y),
    )


def _lack_of_fit(log_x: np.ndarray, log_y: np.ndarray) -> float:
    """Return the p-value of "a line fits"; NaN if it cannot be tested."""
    if len(np.unique(log_x)) <= MIN_ABSCISSAS or log_y.shape[1] < MIN_ABSCISSAS:
        return float("nan")
    curvature = np.polyfit(log_x, log_y, 2)[0]
    n = len(curvature)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = curvature.mean() * np.sqrt(n) / curvature.std(ddof=1)
    return two_sided_student(t, n)


def last_exponent(
    facets: Mapping[str, Any],
    group: pd.DataFrame,
    x: str,
    y: str,
) -> Iterator[Evidence]:
    """Yield the exponent p of y = c x^p through the positive counts with the two largest x.

    Raises:
        UserError: Two rows have one of these x.
    """
    positive = group[(group[x] > 0) & (group[y] > 0)].sort_values(x)
    largest = positive[x].drop_duplicates().tail(2)
    if len(largest) < 2:
        return
    last = positive[positive[x].isin(largest)]
    if len(last) > 2:
        raise UserError(
            f"several rows at {describe(facets)} have the same {x}: add a column to `by`"
        )
    x0, x1 = last[x].to_numpy(float)
    y0, y1 = last[y].to_numpy(float)
    exponent = np.log(y1 / y0) / np.log(x1 / x0)
    yield counted_evidence(facets, exponent, exponent)
