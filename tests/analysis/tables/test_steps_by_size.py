"""The table `steps_by_size` has the steps of networks with heads, with their dimension."""

import pandas as pd

from dirgrad.analysis.tables import steps_by_size
from support.hand_made_descents import FAST_DESCENT, SLOW_DESCENT, Descent, descent, descent_records
from support.hand_made_records import QUICK


def descents(problem: str, dimension: int) -> list[Descent]:
    """Return two trials of backprop and of a forward gradient."""
    shared = {"experiment": f"{problem}_{dimension}", "problem": problem, "dimension": dimension}
    return [
        descent(estimator, seed, losses, 1.0, **shared)
        for estimator, losses in (("backprop", FAST_DESCENT), ("forward_gradient", SLOW_DESCENT))
        for seed in (0, 1)
    ]


def table(*trials: Descent) -> pd.DataFrame:
    return steps_by_size.make(descent_records(*trials), QUICK)


def test_every_estimator_has_a_row_per_size() -> None:
    rows = table(*descents("mlp_with_heads", 100), *descents("mlp_with_heads", 900))
    keys = rows[["estimator", "dimension"]].apply(tuple, axis=1)
    estimators = ("backprop", "forward_gradient")
    assert sorted(keys) == [(name, size) for name in estimators for size in (100, 900)]
    forward = rows.set_index(["estimator", "dimension"]).loc["forward_gradient"]
    assert forward["steps_to_target_from"].to_list() == [11.0, 11.0]
    assert forward["steps_to_target_to"].to_list() == [20.0, 20.0]
    assert forward["n"].to_list() == [2, 2]


def test_other_problems_have_no_row() -> None:
    assert table(*descents("mlp", 100)).empty
