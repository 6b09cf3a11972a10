"""Each cell of the matrix has a mark in the figure, or a word if it has no value."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.report.figures import matrix
from support.figure_text import headings, legend_labels
from support.hand_made_tables import BACKENDS, ESTIMATORS, combinations, with_interval

PROBLEMS = ("rosenbrock", "mlp")


def table() -> pd.DataFrame:
    """Return a matrix in which the forward gradient ends at twice the loss in half the time."""
    rows = combinations(problem=PROBLEMS, backend=BACKENDS, estimator=ESTIMATORS)
    is_backprop = rows["estimator"] == "backprop"
    rows = rows.assign(
        dimension=np.where(rows["problem"] == "mlp", 100, 2),
        n=10,
        rounds=7,
        draws=200,
        step_temp_bytes=np.where(is_backprop, 400, 100),
        temp_bytes_over_inference=np.where(is_backprop, 4.0, 1.0),
        snr_theory=np.where(is_backprop, np.nan, 0.01),
        status="ok",
        reason="",
    )
    rows = with_interval(rows, "final_loss", np.where(is_backprop, 1.0, 2.0))
    rows = with_interval(rows, "step_over_backprop", np.where(is_backprop, 1.0, 0.5))
    # In one framework, rounding separates backprop from the exact gradient.
    exact = np.where(rows["backend"] == "jax", 1e13, np.inf)
    return with_interval(rows, "snr", np.where(is_backprop, exact, 0.02))


def words(rows: pd.DataFrame) -> list[str]:
    """Return the words that stand in the panels of the figure."""
    figure = matrix.draw({"matrix": rows}, "matrix")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    return [text for text in texts if text]


def test_the_title_counts_the_cells_and_states_n_and_the_interval() -> None:
    figure = matrix.draw({"matrix": table()}, "matrix")
    figure.draw_without_rendering()
    title = headings(figure).replace("\n", " ")
    assert "Without backprop, 4 cells: 0 end at most 5 % above backprop's loss" in title
    assert "4 take less time a step, 4 less memory" in title
    assert "n = 10 trials, 7 rounds of timing, 200 draws" in title
    assert "95 % bootstrap interval" in title
    assert "nan" not in title
    assert legend_labels(figure) == ["JAX", "PyTorch", "closed form"]
    titles = [column.title for column in matrix.COLUMNS]
    assert [axes.get_title() for axes in figure.axes[: len(titles)]] == titles
    assert [axes.get_xlabel() for axes in figure.axes[-len(titles) :]] == titles


def test_every_cell_has_a_mark_or_a_word() -> None:
    figure = matrix.draw({"matrix": table()}, "matrix")
    assert len(figure.axes) == len(PROBLEMS) * len(matrix.COLUMNS)
    for axes in figure.axes:
        marks = [x for line in axes.lines if line.get_marker() in "os" for x in line.get_xdata()]
        # One word stands for both frameworks.
        without = [text for text in axes.texts if text.get_text()]
        assert len(marks) + len(BACKENDS) * len(without) == len(BACKENDS) * len(ESTIMATORS)
    assert words(table()) == ["no noise"] * len(PROBLEMS)


@pytest.mark.parametrize("status", ["diverged", "unsupported", "not measured"])
def test_a_missing_value_is_the_status_of_its_row(status: str) -> None:
    rows = table()
    missing = (rows["problem"] == "mlp") & (rows["estimator"] == "forward_gradient")
    rows.loc[missing, "status"] = status
    rows.loc[missing, ["final_loss", "final_loss_low", "final_loss_high", "n"]] = np.nan
    assert status in words(rows)
    in_torch = missing & (rows["backend"] == "torch")
    rows.loc[missing & ~in_torch, "final_loss"] = 1.0
    assert f"PyTorch: {status}" in words(rows)


def test_the_noise_of_a_problem_that_was_not_trained_is_shown() -> None:
    rows = table().assign(status="not measured", n=0, final_loss=np.nan)
    assert words(rows).count("no noise") == len(PROBLEMS)
    assert words(rows).count("not measured") == len(PROBLEMS) * len(ESTIMATORS)


def test_a_figure_without_rows_can_be_drawn() -> None:
    figure = matrix.draw({"matrix": table()[:0]}, "matrix")
    figure.draw_without_rendering()
    assert "nan" not in figure.get_suptitle()
