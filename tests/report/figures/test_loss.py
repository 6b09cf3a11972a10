"""The figure `loss` shows the training loss of each estimator at its best rate."""

import pandas as pd

from dirgrad.report.figures import loss, saving
from support.figure_text import headings, legend_labels
from support.hand_made_searches import search_tables
from support.hand_made_tables import RECORDED_STEPS


def test_differing_numbers_of_seeds_are_stated_as_a_range() -> None:
    tables = search_tables()
    curves = tables["curves"]
    curves.loc[curves["estimator"] == "backprop", "n"] = 5
    assert "n = 5 to 7 seeds" in headings(loss.draw(tables, "beale"))


def test_the_legend_names_every_estimator_with_its_best_rate() -> None:
    labels = legend_labels(loss.draw(search_tables(), "beale"))
    assert sorted(set(labels)) == [
        "backprop, rate 0.1",
        "forward gradient, rate 0.01",
        "lost everywhere, failed at every rate",
    ]


def test_only_the_loss_at_the_best_rate_is_drawn() -> None:
    tables = search_tables(("jax",))
    curves = tables["curves"]
    worse = curves.assign(learning_rate=1.0, loss=99.0, loss_low=99.0, loss_high=99.0)
    tables["curves"] = pd.concat([curves, worse])
    figure = loss.draw(tables, "beale")
    losses = [line.get_ydata() for axes in figure.axes for line in axes.get_lines()]
    shown = [values for values in losses if len(values)]
    expected = [1 / (1 + step) for step in RECORDED_STEPS]
    assert len(shown) == 4
    assert all(list(values) == expected for values in shown)


def test_a_framework_without_rows_has_a_figure_that_states_n_is_zero() -> None:
    figure = saving.one_framework(loss.draw, search_tables(("jax",)), ("beale",), "torch")
    assert "PyTorch: n = 0 rows" in headings(figure)
