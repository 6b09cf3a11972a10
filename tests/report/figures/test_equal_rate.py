"""The figure `equal_rate` states the times at which each estimator reaches backprop's loss."""

import pandas as pd

from dirgrad.report.figures import equal_rate
from support import hand_made_tables as training
from support.figure_text import legend_labels


def test_the_legend_states_each_time_or_that_the_loss_was_not_reached() -> None:
    tables = {"curves": training.curves(), "baydin": training.baydin()}
    labels = legend_labels(equal_rate.draw(tables, "mlp"))
    assert labels.count("forward gradient: T_f = 0.5 s") == 2
    assert labels.count("forward gradient: T_f not reached by all") == 2
    assert labels.count("backprop: T_b = 1 s") == 4


def test_a_time_between_distant_record_points_is_a_range_and_not_a_missed_loss() -> None:
    times = training.baydin()
    missed = times["value"].isna()
    ranges = times.assign(value_from=0.4, value_to=0.8)
    labels = legend_labels(equal_rate.draw({"curves": training.curves(), "baydin": ranges}, "mlp"))
    assert missed.sum() == 2
    assert labels.count("forward gradient: T_f = 0.4 to 0.8 s") == 2
    assert "forward gradient: T_f not reached by all" not in labels


def test_every_estimator_has_its_own_time_and_the_title_counts_those_that_arrive_sooner() -> None:
    curves, times = training.curves(), training.baydin()
    fast = curves["estimator"] == "forward_gradient"
    curves = pd.concat([curves, curves[fast].assign(estimator="rank_one")])
    slow = times.assign(value=2.0, estimator="rank_one")
    ratios = pd.DataFrame(
        {
            "problem": "mlp",
            "backend": "jax",
            "learning_rate": 0.1,
            "estimator": ["forward_gradient", "rank_one"],
            "quantity": "T_f_over_T_b",
            "value_to": [0.5, 2.0],
        }
    )
    figure = equal_rate.draw({"curves": curves, "baydin": pd.concat([times, slow, ratios])}, "mlp")
    labels = legend_labels(figure)
    assert labels.count("forward gradient: T_f = 0.5 s") == 2
    assert labels.count("rank one: T_f = 2 s") == 4
    titles = [axes.get_title() for axes in figure.axes]
    assert titles.count("sooner than backprop: 1 of 2 estimators") == 1
