"""Figures from small hand-made tables: what they say, that they are the same each time, and that nothing fails in silence."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from dirgrad.report.figures import loss, overview, style, trajectories

Tables = dict[str, pd.DataFrame]
ORIGIN = '{"run_id": "0123456789ab", "commit": "abc", "config_hash": "def", "dirgrad": "0", "records": ["beale/jax 01"]}'
ESTIMATORS = {"backprop": 0.1, "forward_gradient": 0.01, "lost_everywhere": None}
RATES, STEPS = (0.01, 0.1), (0, 5, 10)
DRAW: dict[str, tuple[Callable[..., Figure], tuple[str, ...]]] = {
    "loss": (loss.draw, ("beale",)),
    "trajectories": (trajectories.draw, ("beale",)),
    "overview": (overview.draw, ()),
}


@pytest.fixture(autouse=True)
def _styled() -> Iterator[None]:
    with style.figure_style(0.95):
        yield


def bounded(name: str, value: float | None) -> dict[str, float]:
    value = np.nan if value is None else value
    return {name: value, f"{name}_low": 0.9 * value, f"{name}_high": 1.2 * value}


def tables(
    backends: tuple[str, ...] = ("jax", "torch"),
    estimators: dict[str, float | None] = ESTIMATORS,
    seeds: int = 7,
    failed: tuple[str, ...] = (),
) -> Tables:
    """Estimators with the best of their rates; None: failed at every rate. failed: experiments on which all failed."""
    trials = [
        (e, b, name, rate)
        for e in ("beale", "mlp")
        for b in backends
        for name in estimators
        for rate in RATES
    ]
    ran = [(*keys, keys[0] not in failed and estimators[keys[2]] == keys[3]) for keys in trials]
    good = [keys for *keys, best in ran if best]
    final = [
        {
            "experiment": e,
            "backend": b,
            "estimator": name,
            "estimator_kind": name,
            "stage": "final",
            "learning_rate": rate,
            "lanes": 4,
        }
        | {"n_seeds": seeds, "n_ok": seeds if best else 0, "best_rate": best}
        | bounded("final_loss", rate if best else None)
        | bounded("step_seconds", 1e-3 * (1 + rate) if best else None)
        for e, b, name, rate, best in ran
    ]
    curves = [
        {
            "experiment": e,
            "backend": b,
            "estimator": name,
            "stage": "final",
            "learning_rate": rate,
            "step": step,
            "n": seeds,
            "train_seconds": 0.01 * step,
        }
        | bounded("loss", 1 / (1 + step))
        for e, b, name, rate in good
        for step in STEPS
    ]
    paths = [
        {
            "experiment": e,
            "backend": b,
            "estimator": name,
            "stage": "final",
            "learning_rate": rate,
            "seed": seed,
            "step": step,
        }
        | {"theta_0": 0.1 * step, "theta_1": 0.1 * seed}
        for e, b, name, rate in trials
        for seed in range(seeds)
        for step in STEPS
    ]
    grid = [
        {"experiment": "beale", "theta_0": x, "theta_1": y, "loss": x * x + y * y}
        for x in (-1.0, 0.0, 1.0)
        for y in (-1.0, 0.5, 1.0)
    ]
    columns = [
        *(
            "experiment",
            "backend",
            "estimator",
            "stage",
            "learning_rate",
            "step",
            "n",
            "train_seconds",
        ),
        *bounded("loss", None),
    ]
    return {
        "final": pd.DataFrame(final),
        "curves": pd.DataFrame(curves, columns=columns),
        "trajectories": pd.DataFrame(paths),
        "landscape": pd.DataFrame(grid),
    }


def drawn(figure: str, given: Tables | None = None) -> Figure:
    draw, subjects = DRAW[figure]
    return draw(tables() if given is None else given, *subjects)


def small() -> Tables:
    """For tests that save: of one framework and two estimators."""
    return tables(("jax",), {"backprop": 0.1, "lost_everywhere": None}, seeds=2)


def said(made: Figure) -> str:
    """All that stands above and beside the panels."""
    titles = [axes.get_title() for axes in made.axes]
    return "\n".join([made.get_suptitle(), made.get_supxlabel(), made.get_supylabel(), *titles])


def legend(made: Figure) -> list[str]:
    legends = [*made.legends, *(axes.get_legend() for axes in made.axes if axes.get_legend())]
    return [text.get_text() for one in legends for text in one.get_texts()]


@pytest.mark.parametrize("figure", DRAW)
def test_a_figure_is_three_files_and_the_same_tables_give_the_same_bytes(
    figure: str, tmp_path: Path
) -> None:
    for directory in ("one", "two"):
        style.save(drawn(figure, small()), tmp_path / directory / "loss_of.name", ORIGIN)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        "loss_of.name.pdf",
        "loss_of.name.png",
        "loss_of.name.svg",
    ]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_file_of_a_figure_has_no_date(tmp_path: Path) -> None:
    style.save(drawn("overview", small()), tmp_path / "made", ORIGIN)
    assert b"CreationDate" not in (tmp_path / "made.pdf").read_bytes()
    assert b"<dc:date>" not in (tmp_path / "made.svg").read_bytes()


@pytest.mark.parametrize("figure", DRAW)
def test_the_tables_are_left_as_they_are(figure: str) -> None:
    given, before = tables(), tables()
    drawn(figure, given)
    for name, table in given.items():
        pd.testing.assert_frame_equal(table, before[name])


@pytest.mark.parametrize(
    ("figure", "text"),
    [("loss", "n = 7 seeds"), ("trajectories", "7 trials"), ("overview", "n = 7 seeds")],
)
def test_a_figure_says_how_many_seeds_it_shows(figure: str, text: str) -> None:
    assert text in said(drawn(figure))


@pytest.mark.parametrize("figure", DRAW)
def test_a_title_says_how_many_and_what_interval(figure: str) -> None:
    title = drawn(figure).get_suptitle()
    assert "n = 7" in title
    assert "95 % bootstrap interval" in title or "no interval" in title


@pytest.mark.parametrize("figure", ["loss", "overview"])
def test_the_confidence_of_the_configuration_is_that_of_the_title(figure: str) -> None:
    with style.figure_style(0.9):
        assert "90 % bootstrap interval" in said(drawn(figure))
    assert "95 % bootstrap interval" in said(drawn(figure))


@pytest.mark.parametrize("figure", ["loss", "overview"])
def test_a_figure_says_what_its_line_and_band_are(figure: str) -> None:
    text = said(drawn(figure))
    assert "inter-quartile mean" in text
    assert "95 % bootstrap interval" in text


def test_numbers_of_seeds_that_differ_are_a_range() -> None:
    given = tables()
    given["curves"].loc[given["curves"]["estimator"] == "backprop", "n"] = 5
    assert "n = 5 to 7 seeds" in said(drawn("loss", given))


@pytest.mark.parametrize(
    ("figure", "labels"),
    [("loss", ["iteration", "training time [s per trial]"]), ("overview", ["final training loss"])],
)
def test_every_axis_is_labelled_and_times_have_their_unit(figure: str, labels: list[str]) -> None:
    made = drawn(figure)
    found = {axes.get_xlabel() for axes in made.axes}
    assert found >= set(labels)
    assert "" not in found
    assert all("[s" in label or "/" in label for label in found if "time" in label)


def test_the_axes_of_trajectories_are_the_parameters() -> None:
    made = drawn("trajectories")
    assert (made.get_supxlabel(), made.get_supylabel()) == ("x", "y")


@pytest.mark.parametrize("backends", [("jax",), ("torch",), ("jax", "torch")])
@pytest.mark.parametrize("figure", DRAW)
def test_every_framework_has_its_panels(figure: str, backends: tuple[str, ...]) -> None:
    text = said(drawn(figure, tables(backends, {"backprop": 0.1})))
    assert {name for name in ("JAX", "PyTorch") if name in text} == {
        style.BACKENDS[name] for name in backends
    }


def test_the_legend_of_losses_names_every_estimator_and_the_rate_it_is_shown_at() -> None:
    assert sorted(set(legend(drawn("loss")))) == [
        "backprop, rate 0.1",
        "forward gradient, rate 0.01",
        "lost everywhere, failed at every rate",
    ]


def test_the_legend_of_the_overview_names_every_estimator_once() -> None:
    assert sorted(legend(drawn("overview"))) == ["backprop", "forward gradient", "lost everywhere"]


def test_an_estimator_that_failed_at_every_rate_has_a_panel_with_no_trials() -> None:
    assert "PyTorch: lost everywhere\n0 trials" in said(drawn("trajectories"))


@pytest.mark.parametrize(
    "failed", [("beale",), ("beale", "mlp")], ids=["one experiment", "all experiments"]
)
@pytest.mark.parametrize("figure", DRAW)
def test_a_figure_is_drawn_even_where_every_estimator_failed(
    figure: str, failed: tuple[str, ...]
) -> None:
    made = drawn(figure, tables(("jax",), failed=failed))
    made.draw_without_rendering()
    assert "nan" not in said(made)


@pytest.mark.parametrize("figure", DRAW)
def test_a_figure_is_drawn_even_where_a_framework_failed_everywhere(figure: str) -> None:
    given = tables(estimators={"backprop": 0.1})
    given["final"].loc[given["final"]["backend"] == "torch", "best_rate"] = False
    made = drawn(figure, given)
    made.draw_without_rendering()
    assert "PyTorch" in said(made)


@pytest.mark.parametrize("figure", DRAW)
def test_a_figure_is_drawn_from_a_single_seed(figure: str) -> None:
    given = tables(("jax",), {"backprop": 0.1}, seeds=1)
    for table in given.values():
        table.loc[:, [name for name in table.columns if name.endswith(("_low", "_high"))]] = np.nan
    made = drawn(figure, given)
    made.draw_without_rendering()
    assert any(line.get_xdata().size for axes in made.axes for line in axes.get_lines())


def test_losses_are_shown_at_the_best_rate_alone() -> None:
    given = tables(("jax",))
    worse = given["curves"].assign(learning_rate=1.0, loss=99.0, loss_low=99.0, loss_high=99.0)
    given["curves"] = pd.concat([given["curves"], worse])
    made = drawn("loss", given)
    shown = [
        line.get_ydata() for axes in made.axes for line in axes.get_lines() if len(line.get_ydata())
    ]
    assert len(shown) == 4
    assert all(list(values) == [1 / (1 + step) for step in STEPS] for values in shown)


def test_a_step_is_shown_in_units_of_backprops() -> None:
    made = drawn("overview", tables(("jax",)))
    points = {round(float(x), 6) for line in made.axes[1].get_lines() for x in line.get_xdata()}
    assert points == {1.0, round(1.01 / 1.1, 6)}


def test_every_trial_is_a_path_from_a_circle_to_a_cross() -> None:
    made = drawn("trajectories", tables(("jax",), seeds=3))
    first = made.axes[0].get_lines()
    assert [line.get_marker() for line in first] == ["None", "o", "x"] * 3
    assert [line.get_xdata()[0] for line in first] == [0.0, 0.0, 1.0] * 3


def test_estimators_differ_in_colour_dashes_and_marker_and_keep_them() -> None:
    names = [f"e{i}" for i in range(8)]
    lines = style.lines(names)
    for part in ("color", "linestyle", "marker"):
        assert len({str(line[part]) for line in lines.values()}) == len(names)
    assert lines == style.lines(names)


def test_points_of_many_estimators_are_told_apart_without_colour() -> None:
    marks = [style.mark(line) for line in style.lines(f"e{i}" for i in range(20)).values()]
    assert len({(mark["marker"], mark["fillstyle"]) for mark in marks}) == 20
    assert {mark["linestyle"] for mark in marks} == {""}


def test_colours_go_from_dark_to_light_in_grey() -> None:
    luminance = [
        float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722))) for colour in style.COLOURS[:3]
    ]
    assert luminance == sorted(luminance)
    assert min(np.diff(luminance)) > 0.03


@pytest.mark.parametrize("figure", DRAW)
def test_a_figure_of_one_framework_shows_its_rows_alone(figure: str) -> None:
    draw, subjects = DRAW[figure]
    text = said(style.one_framework(draw, tables(), subjects, "torch"))
    assert "PyTorch" in text
    assert "JAX" not in text


def test_a_framework_without_rows_has_a_figure_that_says_so() -> None:
    draw, subjects = DRAW["loss"]
    assert "PyTorch: n = 0 rows" in said(
        style.one_framework(draw, tables(("jax",)), subjects, "torch")
    )


def test_more_estimators_than_lines_are_all_drawn() -> None:
    drawn = {str(line) for line in style.lines(f"e{i}" for i in range(20)).values()}
    assert len(drawn) == 20
