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
