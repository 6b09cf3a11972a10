"""The figure `headline` states what its three panels show, computed from their data."""

import pytest
from matplotlib.figure import Figure

from dirgrad.report.figures import headline, saving
from support.figure_text import headings, panel_texts
from support.hand_made_headline import headline_tables
from support.hand_made_tables import Tables

SUBJECTS = ("mlp", "mlp_sgd", "depth")


def titles(figure: Figure) -> list[str]:
    """Return the titles of the panels, each on one line."""
    return [" ".join(axes.get_title(loc="left").split()) for axes in figure.axes]


def test_the_titles_state_the_ratios_in_the_tables() -> None:
    equal_rate, own_rate, memory = titles(headline.draw(headline_tables(), *SUBJECTS))
    # Rank one needs a half of backprop's time and the forward gradient twice, within one of four
    # steps between record points.
    assert equal_rate == (
        "(a) At the rate 0.2 the others reach backprop's lowest loss in 0.38 to 2 times its time"
    )
    assert own_rate == (
        "(b) At their own best rates the others reach a loss of 1 in 20 to 40 times "
        "backprop's steps"
    )
    assert memory == "(c) At 41 layers backprop holds 40 MB, rank one 2 MB"


def test_each_time_is_a_range_between_record_points_beside_its_line() -> None:
    texts = panel_texts(headline.draw(headline_tables(), *SUBJECTS).axes[0])
    assert "backprop\n$T_b$ = 1 s" in texts
    assert "forward gradient\n1.5 to 2 $T_b$" in texts
    assert "rank one\n0.38 to 0.5 $T_b$" in texts


def test_an_estimator_that_misses_the_loss_has_a_bound_and_is_counted() -> None:
    tables = headline_tables()
    curves = tables["curves"]
    missing = (curves["estimator"] == "forward_gradient") & (curves["experiment"] == "mlp")
    tables["curves"] = curves[~(missing & (curves["step"] == 4))]
    figure = headline.draw(tables, *SUBJECTS)
    assert "1 of 2 reach backprop's lowest loss in 0.38 to 0.5 times" in titles(figure)[0]
    assert "forward gradient\nover 1.5 $T_b$" in panel_texts(figure.axes[0])


def test_no_time_is_stated_where_backprop_learns_nothing() -> None:
    tables = headline_tables()
    curves = tables["curves"]
    tables["curves"] = curves[curves["learning_rate"] == 0.1]
    figure = headline.draw(tables, *SUBJECTS)
    assert titles(figure)[0] == "(a) At the rate 0.1 backprop removes less than 2 % of its loss"
    assert not any("T_b" in text for text in panel_texts(figure.axes[0]))


def test_a_target_that_was_missed_leaves_the_steps_without_an_upper_bound() -> None:
    tables = headline_tables()
    others = tables["targets"]["estimator"] != "backprop"
    tables["targets"].loc[others, "steps_over_backprop_to"] = float("nan")
    assert "in 20 to more times" in titles(headline.draw(tables, *SUBJECTS))[1]


def test_only_one_framework_is_shown_and_named_in_the_title() -> None:
    assert headline.draw(headline_tables(), *SUBJECTS).get_suptitle().startswith("JAX;")
    figure = saving.one_framework(headline.draw, headline_tables(), SUBJECTS, "torch")
    assert figure.get_suptitle().startswith("PyTorch;")


def test_the_title_states_parameters_seeds_and_the_interval() -> None:
    title = headline.draw(headline_tables(), *SUBJECTS).get_suptitle()
    assert "(a) mlp, d = 1,234, n = 7 seeds" in title
    assert "(b) mlp sgd, n = 5 seeds" in title
    assert "95 % bootstrap interval" in title


@pytest.mark.parametrize("empty", ["curves", "targets", "memory", "all"])
def test_the_figure_can_be_drawn_without_the_rows_of_a_table(empty: str) -> None:
    tables: Tables = {
        name: table[:0] if empty in {name, "all"} else table
        for name, table in headline_tables().items()
    }
    figure = headline.draw(tables, *SUBJECTS)
    figure.draw_without_rendering()
    assert "nan" not in headings(figure)
    if empty in {"curves", "all"}:
        assert "removes less" not in titles(figure)[0]


def test_the_figure_has_the_size_of_a_column_of_text() -> None:
    figure = headline.draw(headline_tables(), *SUBJECTS)
    assert tuple(figure.get_size_inches()) == pytest.approx((7.0, 2.6))
