"""Facets divide the rows among panels, and a finished figure has one legend and one title."""

import pandas as pd
import pytest

from dirgrad.report.figures import panels
from support.figure_text import legend_labels
from support.hand_made_tables import combinations


def sizes() -> pd.DataFrame:
    """Return counts n per framework, problem and size; PyTorch lacks the larger size."""
    rows = combinations(backend=("torch", "jax"), problem=("mlp", "cnn"), size=(8, 64), n=(3, 5))
    return rows[(rows["backend"] == "jax") | (rows["size"] == 8)]


def test_every_pair_of_values_has_a_panel_in_order_of_appearance() -> None:
    data = sizes()
    figure, grid = panels.facets(data, "backend", ["problem", "size"], width=1.0, per_column=2.0)
    subjects = [("mlp", 8), ("cnn", 8), ("mlp", 64), ("cnn", 64)]
    assert [panel.row for panel in grid] == ["torch"] * 4 + ["jax"] * 4
    assert [panel.column for panel in grid] == subjects * 2
    assert [panel.first for panel in grid] == [True, False, False, False] * 2
    assert [panel.axes for panel in grid] == figure.axes
    assert tuple(figure.get_size_inches()) == (9.0, pytest.approx(2 * 2.4 + 0.5))


def test_the_panels_have_all_rows_and_each_row_once() -> None:
    data = sizes()
    _, grid = panels.facets(data, "backend", ["problem", "size"])
    pd.testing.assert_frame_equal(pd.concat(panel.rows for panel in grid).sort_index(), data)
    for panel in grid:
        subjects = panel.rows[["problem", "size"]].drop_duplicates()
        assert set(panel.rows["backend"]) <= {panel.row}
        assert set(subjects.itertuples(index=False, name=None)) <= {panel.column}


def test_given_columns_keep_their_order_and_a_facet_of_none_has_all_rows() -> None:
    _, grid = panels.facets(sizes(), None, "problem", columns=("cnn", "rnn", "mlp"))
    assert [panel.column for panel in grid] == ["cnn", "rnn", "mlp"]
    assert [len(panel.rows) for panel in grid] == [6, 0, 6]


def test_a_row_of_panels_has_the_rows_of_its_value() -> None:
    data = sizes()
    figure, grid = panels.facet_rows(data, "backend", 3, height=[1.0, 2.0])
    assert [(len(axes), value) for axes, _, value in grid] == [(3, "torch"), (3, "jax")]
    for _, rows, value in grid:
        pd.testing.assert_frame_equal(rows, data[data["backend"] == value])
    assert tuple(figure.get_size_inches()) == (9.0, 3.5)


def test_without_data_there_is_one_empty_row_of_panels() -> None:
    figure, grid = panels.facets(sizes()[:0], "backend", "problem")
    assert grid == []
    assert len(figure.axes) == 1


def test_the_title_states_ranges_of_the_data_the_interval_and_further_words() -> None:
    figure, _ = panels.new_figure(1, 1)
    panels.finish(figure, sizes(), "{subject}: n = {n}", "{interval} at {size}", subject="mlp {n}")
    assert figure.get_suptitle() == "mlp {n}: n = 3 to 5\n95 % bootstrap interval at 8 to 64"


def test_a_title_that_is_wider_than_the_figure_is_broken_and_stays_inside() -> None:
    figure, _ = panels.new_figure(1, 1)
    panels.finish(figure, sizes(), " ".join(["performance"] * 30), "short")
    figure.draw_without_rendering()
    (title,) = figure.texts
    extent = title.get_window_extent()
    assert figure.bbox.x0 <= extent.x0
    assert extent.x1 <= figure.bbox.x1
    assert extent.y1 <= figure.bbox.y1


def test_the_legend_has_each_label_of_the_chosen_panels_once() -> None:
    figure, grid = panels.new_figure(1, 3)
    for axes, labels in zip(grid[0], [("a", "b"), ("b",), ("c",)], strict=True):
        for label in labels:
            axes.plot([0, 1], label=label)
    panels.finish(figure, sizes(), "title", legend=2, legend_of=figure.axes[:2])
    assert sorted(legend_labels(figure)) == ["a", "b"]
