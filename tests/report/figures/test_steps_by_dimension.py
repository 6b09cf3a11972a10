"""The figure `steps_by_dimension` shows ratios of steps and their closed form."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import steps_by_dimension
from support.figure_text import headings
from support.hand_made_tables import combinations, with_interval

STEPS = steps_by_dimension.STEPS


def ratios(factor: float = 1.2) -> pd.DataFrame:
    """Return ratios that are `factor` times the closed form."""
    rows = combinations(backend=("jax", "torch"), num_directions=(1, 16), dimension=(10, 100))
    theory = (rows["dimension"] + rows["num_directions"] + 1) / rows["num_directions"]
    rows = rows.assign(experiment="quadratic_d" + rows["dimension"].astype(str), n=10)
    rows = rows.assign(**{f"{STEPS}_theory": theory, f"{STEPS}_from": factor * theory})
    return with_interval(rows, STEPS, factor * theory)


def draw(table: pd.DataFrame, *names: str) -> Figure:
    """Draw the experiments in both dimensions, or the named ones."""
    subjects = names or ("quadratic_d10", "quadratic_d100")
    return steps_by_dimension.draw({"steps_by_dimension": table}, *subjects)


def test_the_title_states_the_ends_of_the_ratios_and_their_distance_from_theory() -> None:
    title = headings(draw(ratios()))
    # 1.2 * 27/16 and 1.2 * 102
    assert "2 (d = 10, K = 16) to 122 (d = 100, K = 1)" in title
    assert "1.20 to 1.20 times the closed form" in title
    assert "1.10 to 1.10 times the closed form" in headings(draw(ratios(1.1)))
    assert "n = 10 seeds" in title


def test_every_number_of_directions_has_a_name_and_a_closed_form() -> None:
    (axes,) = draw(ratios()).axes
    assert [text.get_text() for text in axes.texts] == ["K = 1", "K = 16"]
    lines = [np.asarray(line.get_ydata(), float) for line in axes.lines]
    for directions in (1, 16):
        theory = [(d + directions + 1) / directions for d in (10, 100)]
        assert any(np.array_equal(line, theory) for line in lines)
        assert any(np.allclose(line, 1.2 * np.array(theory)) for line in lines)


def test_a_ratio_that_is_only_a_bound_is_a_hollow_mark_and_not_in_the_title() -> None:
    table = ratios()
    missed = (table["dimension"] == 100) & (table["num_directions"] == 1)
    table.loc[missed, STEPS] = np.nan
    figure = draw(table)
    (axes,) = figure.axes
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    points = np.concatenate([np.asarray(line.get_xydata()) for line in hollow])
    np.testing.assert_allclose(points, [(100, 1.2 * 102)])
    assert "122" not in headings(figure)


def test_experiments_that_are_not_named_are_not_shown() -> None:
    (axes,) = draw(ratios(), "quadratic_d10").axes
    assert {*np.concatenate([np.asarray(line.get_xdata()) for line in axes.lines])} == {10}


def test_without_a_ratio_the_title_says_so() -> None:
    table = ratios().assign(**{STEPS: np.nan})
    assert headings(draw(table)).startswith("No ratio was measured")
