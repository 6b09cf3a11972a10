"""The best rate of a search lies between rates that were searched, or has no bound on one side."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.evidence.reading import ratio_of_pair
from dirgrad.analysis.table_columns import ROLES, add_derived
from dirgrad.analysis.tables import final
from support.hand_made_records import QUICK, trial_records, trials_at_rate

INF = float("inf")
FROM, TO = "best_learning_rate_from", "best_learning_rate_to"


def bounds(search: dict[float, str], best: float | None, **columns: Any) -> list[dict[str, Any]]:
    """Return trials of a search with a status per rate, and a final trial at its best rate."""
    rows = []
    for rate, status in search.items():
        rows += trials_at_rate(rate, 1.0, stage="tuning", status=status, **columns)
    if best is not None:
        rows += trials_at_rate(best, 1.0, **columns)
    return rows


def best_rows(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of the table at best rates, with its derived columns."""
    table = add_derived("final", final.make({"trials": trial_records(*rows)}, QUICK))
    return table[table["best_rate"]].set_index("estimator")


OK, DIVERGED, TIMEOUT = "ok", "diverged", "timeout"
CASES = {
    "inside": ({1.0: OK, 4.0: OK, 9.0: OK}, 4.0, 2.0, 6.0),
    "at the lower end": ({4.0: OK, 9.0: OK}, 4.0, 0.0, 6.0),
    "at the upper end": ({1.0: OK, 4.0: OK}, 4.0, 2.0, INF),
    "below a rate that diverged": ({1.0: OK, 4.0: OK, 9.0: DIVERGED}, 4.0, 2.0, 9.0),
    "below a rate that timed out": ({1.0: OK, 4.0: OK, 9.0: TIMEOUT}, 4.0, 2.0, INF),
    "between rates in another order": ({9.0: OK, 1.0: OK, 100.0: OK, 4.0: OK}, 4.0, 2.0, 6.0),
    "one rate": ({4.0: OK}, 4.0, 0.0, INF),
    "no search": ({}, 4.0, np.nan, np.nan),
}


@pytest.mark.parametrize("name", CASES)
def test_the_best_rate_lies_between_its_neighbors_in_the_search(name: str) -> None:
    search, best, lowest, highest = CASES[name]
    row = best_rows(*bounds(search, best)).loc["backprop"]
    np.testing.assert_allclose([row[FROM], row[TO]], [lowest, highest])


def test_estimators_have_bounds_from_their_own_searches() -> None:
    rows = best_rows(
        *bounds({1.0: OK, 4.0: OK, 9.0: OK}, 4.0),
        *bounds({1.0: OK, 4.0: OK}, 4.0, estimator="forward_gradient"),
        *bounds({4.0: OK, 9.0: OK, 16.0: OK}, 9.0, experiment="cnn", estimator="central"),
    )
    np.testing.assert_allclose(rows[FROM], [2.0, 2.0, 6.0])
    np.testing.assert_allclose(rows[TO], [6.0, INF, 12.0])


def test_the_ratio_of_two_best_rates_has_no_bound_where_one_of_them_has_none() -> None:
    rows = best_rows(
        *bounds({1.0: OK, 4.0: OK}, 4.0),
        *bounds({1.0: OK, 4.0: OK, 9.0: OK}, 4.0, estimator="inside"),
        *bounds({4.0: OK, 9.0: OK}, 4.0, estimator="low"),
    )

    def ratio_bounds(over: str, under: str) -> tuple[float, float]:
        pair = pd.concat([rows.loc[over], rows.loc[under].add_suffix("_under")])
        evidence = ratio_of_pair({}, pair, ROLES["final"], "best_learning_rate")
        (low,), (high,) = evidence.samples.low, evidence.samples.high
        return low, high

    assert ratio_bounds("backprop", "inside") == pytest.approx((2 / 6, INF))
    assert ratio_bounds("inside", "backprop") == pytest.approx((0.0, 3.0))
    assert ratio_bounds("inside", "low") == pytest.approx((2 / 6, INF))
    assert ratio_bounds("low", "backprop") == pytest.approx((0.0, 3.0))
    assert ratio_bounds("backprop", "low") == pytest.approx((2 / 6, INF))
