"""Figures that every configuration has: the loss and the trajectories."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from dirgrad.report.figures import loss, saving, style, trajectories
from support.figure_text import headings
from support.hand_made_searches import search_tables, small_search_tables
from support.hand_made_tables import Tables

ORIGIN = (
    '{"run_id": "0123456789ab", "commit": "abc", "config_hash": "def", "dirgrad": "0", '
    '"records": ["beale/jax 01"]}'
)


class FigureCase(NamedTuple):
    """A figure.

    Attributes:
        draw: Function that draws it from tables.
        subjects: Experiments that it shows, or none if it shows all.
    """

    draw: Callable[..., Figure]
    subjects: tuple[str, ...]


CASES = {
    "loss": FigureCase(loss.draw, ("beale",)),
    "trajectories": FigureCase(trajectories.draw, ("beale",)),
}


def draw(figure: str, tables: Tables | None = None) -> Figure:
    """Draw a figure, from the full set of tables by default."""
    case = CASES[figure]
    return case.draw(search_tables() if tables is None else tables, *case.subjects)


@pytest.mark.parametrize("figure", CASES)
def test_a_figure_has_three_formats_and_equal_tables_give_equal_bytes(
    figure: str, tmp_path: Path
) -> None:
    for directory in ("first", "second"):
        stem = tmp_path / directory / "loss_of.name"
        saving.save(draw(figure, small_search_tables()), stem, saving.Metadata(ORIGIN))
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == [
        "loss_of.name.pdf",
        "loss_of.name.png",
        "loss_of.name.svg",
    ]
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name


def test_a_saved_figure_contains_no_date(tmp_path: Path) -> None:
    metadata = saving.Metadata(ORIGIN)
    saving.save(draw("loss", small_search_tables()), tmp_path / "loss", metadata)
    assert b"CreationDate" not in (tmp_path / "loss.pdf").read_bytes()
    assert b"<dc:date>" not in (tmp_path / "loss.svg").read_bytes()


@pytest.mark.parametrize("figure", CASES)
def test_drawing_leaves_the_tables_unchanged(figure: str) -> None:
    tables, expected = search_tables(), search_tables()
    draw(figure, tables)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, expected[name])


@pytest.mark.parametrize(
    ("figure", "text"),
    [("loss", "n = 7 seeds"), ("trajectories", "7 trials")],
)
def test_a_figure_states_its_number_of_seeds(figure: str, text: str) -> None:
    assert text in headings(draw(figure))


@pytest.mark.parametrize("figure", CASES)
def test_the_title_states_n_and_the_interval(figure: str) -> None:
    title = draw(figure).get_suptitle()
    assert "n = 7" in title
    assert "95 % bootstrap interval" in title or "no interval" in title


def test_the_title_states_the_confidence_of_the_style() -> None:
    with style.figure_style(0.9):
        assert "90 % bootstrap interval" in headings(draw("loss"))
    assert "95 % bootstrap interval" in headings(draw("loss"))


def test_a_figure_explains_its_values_and_their_intervals() -> None:
    text = headings(draw("loss"))
    assert "inter-quartile mean" in text
    assert "95 % bootstrap interval" in text


def test_every_axis_is_labeled_and_times_have_a_unit() -> None:
    xlabels = {axes.get_xlabel() for axes in draw("loss").axes}
    assert xlabels == {"iteration", "training time [s per trial]"}


@pytest.mark.parametrize("backends", [("jax",), ("torch",), ("jax", "torch")])
@pytest.mark.parametrize("figure", CASES)
def test_a_figure_names_exactly_the_frameworks_in_its_tables(
    figure: str, backends: tuple[str, ...]
) -> None:
    text = headings(draw(figure, search_tables(backends, {"backprop": 0.1})))
    shown = {name for name in ("JAX", "PyTorch") if name in text}
    assert shown == {style.BACKENDS[name] for name in backends}


@pytest.mark.parametrize(
    "failed", [("beale",), ("beale", "mlp")], ids=["one experiment", "all experiments"]
)
@pytest.mark.parametrize("figure", CASES)
def test_a_figure_can_be_drawn_if_every_estimator_failed(
    figure: str, failed: tuple[str, ...]
) -> None:
    drawn = draw(figure, search_tables(("jax",), failed=failed))
    drawn.draw_without_rendering()
    assert "nan" not in headings(drawn)


@pytest.mark.parametrize("figure", CASES)
def test_a_figure_can_be_drawn_if_all_trials_of_a_framework_failed(figure: str) -> None:
    tables = search_tables(best_rates={"backprop": 0.1})
    final = tables["final"]
    final.loc[final["backend"] == "torch", "best_rate"] = False
    drawn = draw(figure, tables)
    drawn.draw_without_rendering()
    assert "PyTorch" in headings(drawn)


@pytest.mark.parametrize("figure", CASES)
def test_a_figure_can_be_drawn_from_a_single_seed(figure: str) -> None:
    tables = search_tables(("jax",), {"backprop": 0.1}, seeds=1)
    for table in tables.values():
        ends = [name for name in table.columns if name.endswith(("_low", "_high"))]
        table.loc[:, ends] = np.nan
    drawn = draw(figure, tables)
    drawn.draw_without_rendering()
    assert any(line.get_xdata().size for axes in drawn.axes for line in axes.get_lines())


@pytest.mark.parametrize("figure", CASES)
def test_a_figure_without_rows_can_be_drawn(figure: str) -> None:
    tables = {
        name: table if name == "landscape" else table[:0] for name, table in search_tables().items()
    }
    draw(figure, tables).draw_without_rendering()


@pytest.mark.parametrize("figure", CASES)
def test_a_figure_of_one_framework_omits_the_other_framework(figure: str) -> None:
    case = CASES[figure]
    text = headings(saving.one_framework(case.draw, search_tables(), case.subjects, "torch"))
    assert "PyTorch" in text
    assert "JAX" not in text
