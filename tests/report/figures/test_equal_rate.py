"""The figure `equal_rate` states the times at which each estimator reaches backprop's loss."""

from dirgrad.report.figures import equal_rate
from support import hand_made_tables as training
from support.figure_text import legend_labels


def test_the_legend_states_each_time_or_that_the_loss_was_not_reached() -> None:
    tables = {"curves": training.curves(), "baydin": training.baydin()}
    labels = legend_labels(equal_rate.draw(tables, "mlp"))
    assert labels.count("T_f = 0.5 s") == 2
    assert labels.count("T_f not reached by all") == 2
    assert labels.count("T_b = 1 s") == 4


def test_a_time_between_distant_record_points_is_a_range_and_not_a_missed_loss() -> None:
    times = training.baydin()
    missed = times["value"].isna()
    ranges = times.assign(value_from=0.4, value_to=0.8)
    labels = legend_labels(equal_rate.draw({"curves": training.curves(), "baydin": ranges}, "mlp"))
    assert missed.sum() == 2
    assert labels.count("T_f between 0.4 and 0.8 s") == 2
    assert "T_f not reached by all" not in labels
