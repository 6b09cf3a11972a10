"""The figure `steps_by_size` shows steps to the target by method, and where it was missed."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import steps_by_size
from support.figure_text import headings
from support.hand_made_tables import combinations, with_interval

KINDS = {
    "backprop": "backprop",
    "weights": "forward_gradient",
    "activities": "activity_perturbation",
}
FACTORS = {"backprop": 1.0, "weights": 20.0, "activities": 3.0}


def steps() -> pd.DataFrame:
    """Return steps of three methods at two sizes; noise on weights misses the larger one."""
    rows = combinations(backend=("jax", "torch"), estimator=tuple(KINDS), dimension=(100, 1000))
    ratio = rows["estimator"].map(FACTORS) * np.where(rows["dimension"] == 1000, 1.2, 1.0)
    missed = (rows["estimator"] == "weights") & (rows["dimension"] == 1000)
    to = ratio.mask(missed)
    rows = rows.assign(
        experiment="heads_" + rows["dimension"].astype(str),
        estimator_kind=rows["estimator"].map(KINDS),
        target_loss=0.3,
        n=10,
        n_reached=np.where(missed, 4, 10),
        steps_over_backprop_from=ratio,
        steps_over_backprop_to=to,
        steps_to_target_from=100 * ratio,
        steps_to_target_to=100 * to,
    )
    return with_interval(rows, "steps_to_target", 100 * to)


def draw(table: pd.DataFrame) -> Figure:
    return steps_by_size.draw({"steps_by_size": table}, "heads_100", "heads_1000")


def test_the_title_names_the_best_method_without_reverse_mode_and_its_range() -> None:
    title = headings(draw(steps()))
    assert "Without reverse mode, activities takes the fewest steps" in title
    assert "3 to 3.6 times backprop's" in title
    assert "n = 10 seeds" in title
    assert "JAX; loss 0.3" in title


def test_without_a_method_that_reaches_all_targets_the_title_says_so() -> None:
    rows = steps()
    table = rows[rows["estimator_kind"] != "activity_perturbation"]
    assert "every method misses the target at some size" in headings(draw(table))


def test_a_missed_target_is_an_arrow_at_its_lower_bound() -> None:
    (axes,) = draw(steps()).axes
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    points = np.concatenate([np.asarray(line.get_xydata()) for line in hollow])
    np.testing.assert_allclose(points, [(1000, 2400)])
    assert sorted(text.get_text() for text in axes.texts) == ["activities", "backprop", "weights"]


def test_a_method_without_every_size_is_not_shown() -> None:
    rows = steps()
    is_missing = (rows["estimator"] == "activities") & (rows["dimension"] == 1000)
    (axes,) = draw(rows[~is_missing]).axes
    assert sorted(text.get_text() for text in axes.texts) == ["backprop", "weights"]
