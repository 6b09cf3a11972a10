"""The figure `equal_rate` states the times at which each estimator reaches backprop's loss."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from dirgrad.report.figures import equal_rate, saving
from support import hand_made_tables as training
from support.figure_text import headings, panel_texts


def drawn(**columns: float) -> Figure:
    """Return the figure, drawn from times with these columns."""
    tables = {"curves": training.curves(), "baydin": training.baydin().assign(**columns)}
    return equal_rate.draw(tables, "mlp")


def names(figure: Figure) -> list[str]:
    """Return the names at the lines of the panels against seconds."""
    return [text for axes in figure.axes[1::2] for text in panel_texts(axes)]


def test_each_line_states_its_time_or_that_the_loss_was_not_reached() -> None:
    figure = drawn()
    assert names(figure).count("backprop\n$T_b$ = 1 s") == 2
    assert "forward gradient\n$T_f$ = 0.5 s" in names(figure)
    assert "forward gradient\n$T_f$ not reached by all" in names(figure)
    title = figure.get_suptitle()
    assert "1 of 1 sooner than backprop at the rate 0.1 ($T_f/T_b$ 0.5)" in title
    assert "0 of 1 sooner than backprop at the rate 0.2 ($T_f/T_b$ 3 or more)" in title


def test_a_time_between_distant_record_points_is_a_range_and_not_a_missed_loss() -> None:
    shown = names(drawn(value_from=0.4, value_to=0.8))
    assert "forward gradient\n$T_f$ = 0.4 to 0.8 s" in shown
    assert not any("not reached" in text for text in shown)


@pytest.mark.parametrize(("reduction", "is_stated"), [(0.01, False), (0.03, True)])
def test_a_time_is_stated_only_where_backprop_learns(reduction: float, is_stated: bool) -> None:
    figure = drawn(loss_reduction=reduction)
    assert any("T_f" in text for text in names(figure)) is is_stated
    is_told = "backprop removes only 1 % of its loss at the rate 0.1" in figure.get_suptitle()
    assert is_told is not is_stated


def test_every_estimator_has_its_own_time_and_the_title_counts_those_that_arrive_sooner() -> None:
    curves, times = training.curves(), training.baydin()
    fast = curves["estimator"] == "forward_gradient"
    curves = pd.concat([curves, curves[fast].assign(estimator="rank_one")])
    slow = times.assign(value=2.0, value_to=2.0, estimator="rank_one")
    figure = equal_rate.draw({"curves": curves, "baydin": pd.concat([times, slow])}, "mlp")
    assert "forward gradient\n$T_f$ = 0.5 s" in names(figure)
    assert names(figure).count("rank one\n$T_f$ = 2 s") == 2
    assert "1 of 2 sooner than backprop at the rate 0.1" in figure.get_suptitle()


def test_one_framework_is_shown() -> None:
    tables = {"curves": training.curves(), "baydin": training.baydin()}
    assert len(equal_rate.draw(tables, "mlp").axes) == 4
    other = saving.one_framework(equal_rate.draw, tables, ("mlp",), "torch")
    assert "PyTorch; equal rate" in headings(other)
