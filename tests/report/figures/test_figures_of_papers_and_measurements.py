"""Figures that reproduce papers or show measurements state n, and their axes have labels."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.config.declarations import figure_modules
from dirgrad.report.figures import (
    candidates,
    cost_by_depth,
    cost_by_length,
    descents,
    differences,
    equal_rate,
    evaluations_to_target,
    influence_balancing,
    largest_rate,
    learning,
    local_orders,
    memory_by_depth,
    memory_timeline,
    moments,
    noise_by_direction,
    own_best_rate,
    own_best_rate_curves,
    paper_beside_ours,
    rate_by_law,
    rate_by_trace,
    sampled_gradients,
    saving,
    sensitivity,
    snr_by_direction,
    snr_growth,
    sources_of_noise,
    step_times,
    style,
    time_and_memory_by_depth,
)
from support import hand_made_measurements as measurements
from support import hand_made_tables as training
from support.figure_text import headings, legend_labels
from support.hand_made_tables import Tables, with_unmeasured_rows

THRESHOLDED_EXPERIMENTS = tuple(
    f"{rule}_{dimension}" for rule in training.UPDATE_RULES for dimension in training.DIMENSIONS
)


class FigureCase(NamedTuple):
    """A figure with tables that it can be drawn from.

    Attributes:
        draw: Function that draws it.
        tables: The tables.
        subjects: Experiments or measurements that it shows.
        count: Statement of n in its title.
        frameworks: The frameworks that it shows.
    """

    draw: Callable[..., Figure]
    tables: Tables
    subjects: tuple[str, ...]
    count: str
    frameworks: tuple[str, ...] = ("JAX", "PyTorch")


CASES = {
    "equal_rate": FigureCase(
        equal_rate.draw,
        {"curves": training.curves(), "baydin": training.baydin()},
        ("mlp",),
        "n = 7 seeds",
        ("JAX",),
    ),
    "descents": FigureCase(
        descents.draw,
        {
            "curves": training.curves(),
            "trajectories": training.trajectories(),
            "landscape": training.landscape("beale", "rosenbrock"),
        },
        ("beale", "rosenbrock"),
        "n = 7 runs",
    ),
    "sampled_gradients": FigureCase(
        sampled_gradients.draw,
        {
            "estimates": measurements.estimates(),
            "coordinates": measurements.coordinates().query("problem == 'mlp_1'"),
            "landscape": training.landscape("growth"),
        },
        ("growth",),
        "n = 40 forward gradients",
        ("JAX",),
    ),
    "time_and_memory_by_depth": FigureCase(
        time_and_memory_by_depth.draw,
        {"cost": measurements.cost_seconds(), "memory": measurements.memory()},
        ("growth",),
        "n = 10 rounds",
    ),
    "moments": FigureCase(
        moments.draw,
        {"quality": measurements.moments()["quality"]},
        ("growth",),
        "n = 500 forward gradients",
    ),
    "learning": FigureCase(
        learning.draw, {"curves": training.curves()}, ("mlp", "beale"), "n = 7 seeds", ("JAX",)
    ),
    "influence_balancing": FigureCase(
        influence_balancing.draw,
        {"curves": training.balanced()},
        ("influence_balancing",),
        "n = 1",
    ),
    "influence_chains": FigureCase(
        influence_balancing.draw,
        {"curves": training.balanced_with_seeds()},
        ("influence_chains",),
        "n = 10 seeds",
    ),
    "candidates": FigureCase(
        candidates.draw,
        {"quality": measurements.candidates()},
        ("growth",),
        "n = 200 estimates",
    ),
    "cost_by_length": FigureCase(
        cost_by_length.draw,
        {"cost": measurements.costs_by_length()},
        ("growth",),
        "n = 5 rounds",
    ),
    "differences": FigureCase(
        differences.draw,
        {"quality": measurements.differences()},
        ("growth",),
        "n = 200 directions",
    ),
    "sources_of_noise": FigureCase(
        sources_of_noise.draw,
        {"quality": measurements.sources_of_noise()},
        ("growth",),
        "n = 400 estimates on 8 minibatches",
    ),
    "snr_by_direction": FigureCase(
        snr_by_direction.draw,
        {"quality": measurements.signals()},
        ("growth",),
        "worst residual 1.5 standard errors",
    ),
    "snr_growth": FigureCase(
        snr_growth.draw,
        {"quality": measurements.signals()},
        ("growth", "growth"),
        "worst residual 1.5 standard errors",
    ),
    "noise_by_direction": FigureCase(
        noise_by_direction.draw,
        {"quality": measurements.weighted_noise()},
        ("growth",),
        "n = 400 estimates",
    ),
    "rate_by_trace": FigureCase(
        rate_by_trace.draw,
        {"stability": measurements.stability()},
        ("growth",),
        "n = 3 of 3 trials",
    ),
    "local_orders": FigureCase(
        local_orders.draw,
        {"quality": measurements.differences_in_float64(), "orders": measurements.orders()},
        ("growth",),
        "n = 200 directions",
    ),
    "step_times": FigureCase(
        step_times.draw, measurements.step_times(), ("growth",), "n = 10 rounds", ("JAX",)
    ),
    "paper_beside_ours": FigureCase(
        paper_beside_ours.draw, {"baydin": training.baydin()}, (), "n = 7 seeds or rounds"
    ),
    "own_best_rate_curves": FigureCase(
        own_best_rate_curves.draw,
        training.compared_curves(),
        ("mlp_sgd", "mlp_adam"),
        "n = 7 seeds",
        ("JAX",),
    ),
    "cost_by_depth": FigureCase(
        cost_by_depth.draw, {"cost": measurements.cost_ratios()}, ("growth",), "n = 10 rounds"
    ),
    "memory_by_depth": FigureCase(
        memory_by_depth.draw, {"memory": measurements.memory()}, ("growth",), "n = 3 processes"
    ),
    "memory_timeline": FigureCase(
        memory_timeline.draw,
        {"timeline": measurements.timeline()},
        ("growth",),
        "n = 1 process",
    ),
    "largest_rate": FigureCase(
        largest_rate.draw,
        {"stability": measurements.stability()},
        ("growth",),
        "n = 3 of 3 trials",
        ("JAX",),
    ),
    "rate_by_law": FigureCase(
        rate_by_law.draw,
        {"stability": measurements.stability()},
        ("growth",),
        "n = 3 of 3 trials",
        ("JAX",),
    ),
    "sensitivity": FigureCase(
        sensitivity.draw, {"final": training.tuned()}, ("mlp",), "n = 3 seeds"
    ),
    "own_best_rate": FigureCase(
        own_best_rate.draw, training.compared(), (), "n = 5 fresh seeds", ("JAX",)
    ),
    "evaluations_to_target": FigureCase(
        evaluations_to_target.draw,
        training.thresholded(),
        THRESHOLDED_EXPERIMENTS,
        "n = 5 seeds",
    ),
}


def draw(name: str) -> Figure:
    """Draw a figure from its tables."""
    case = CASES[name]
    return case.draw(case.tables, *case.subjects)


@pytest.mark.parametrize("name", CASES)
def test_the_title_states_n_the_axes_have_labels_and_every_framework_is_named(
    name: str,
) -> None:
    figure = draw(name)
    figure.draw_without_rendering()
    title = figure.get_suptitle()
    assert CASES[name].count in title
    assert "nan" not in title
    assert all(axes.get_xlabel() or figure.get_supxlabel() for axes in figure.axes)
    texts = [
        headings(figure),
        *legend_labels(figure),
        *map(str, figure.axes[0].get_legend_handles_labels()[1]),
    ]
    named = {name for name in style.BACKENDS.values() if name in " ".join(texts)}
    assert named == {*CASES[name].frameworks}
    assert "interval" in title
    assert "n = " in title


@pytest.mark.parametrize("name", CASES)
def test_a_module_declares_whether_its_figures_show_one_framework(name: str) -> None:
    module = CASES[name].draw.__module__.rpartition(".")[2]
    declared = figure_modules()[module].one_framework
    assert CASES[name].frameworks == (("JAX",) if declared else ("JAX", "PyTorch"))


@pytest.mark.parametrize("name", CASES)
def test_a_figure_without_rows_can_be_drawn(name: str) -> None:
    case = CASES[name]
    tables = {
        source: table if source == "landscape" else table[:0]
        for source, table in case.tables.items()
    }
    figure = case.draw(tables, *case.subjects)
    figure.draw_without_rendering()
    assert "nan" not in figure.get_suptitle()


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if {"quality", "memory"} & {*case.tables}]
)
def test_a_figure_shows_only_what_was_measured(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    tables = {
        source: with_unmeasured_rows(table, "depth", "dimension", "batch_size", status="failed")
        if source in {"quality", "memory"}
        else table
        for source, table in case.tables.items()
    }
    figures = {"measured": draw(name), "others": case.draw(tables, *case.subjects)}
    contents = []
    for directory, figure in figures.items():
        stem = tmp_path / directory / "figure"
        saving.save(figure, stem, saving.Metadata("{}"), ["svg"])
        contents.append((tmp_path / directory / "figure.svg").read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.parametrize(("name", "has_bands"), [("balancing", False), ("chains", True)])
def test_influence_balancing_has_bands_only_if_its_trials_are_random(
    name: str, has_bands: bool
) -> None:
    case = CASES[f"influence_{name}"]
    figure = case.draw(case.tables, *case.subjects)
    assert all(bool(axes.collections) == has_bands for axes in figure.axes)


def test_a_law_that_was_not_measured_on_one_problem_leaves_its_dimension_in_the_title() -> None:
    quality = measurements.signals()
    lacking = (quality["problem"] == "mlp_1") & (quality["estimator"] == "forward_gradient")
    figure = snr_by_direction.draw({"quality": quality[~lacking]}, "growth")
    titles = {axes.get_title().rpartition("\n")[2] for axes in figure.axes}
    assert titles == {"d = 10", "d = 100", "d = 1000"}


def test_resident_memory_is_shown_from_the_start_of_the_process_on() -> None:
    figure = draw("memory_timeline")
    assert all(
        line.get_xdata()[0] == -1 for line in figure.axes[0].lines if line.get_label()[0] != "_"
    )
    title = figure.get_suptitle()
    assert "reaches 268 to 268 MB; then it grows by up to 0 MB" in title


@pytest.mark.parametrize("name", ["equal_rate", "sampled_gradients"])
def test_equal_tables_give_equal_bytes(name: str, tmp_path: Path) -> None:
    for directory in ("first", "second"):
        saving.save(draw(name), tmp_path / directory / "figure", saving.Metadata("{}"))
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name


def test_a_local_order_is_the_slope_between_neighboring_steps() -> None:
    quality = measurements.differences_in_float64()
    quality["difference_error"] = quality["eps"] ** 1.5
    tables = {"quality": quality, "orders": measurements.orders()}
    figure = local_orders.draw(tables, "growth")
    for axes in figure.axes:
        drawn = [line for line in axes.lines if len(line.get_xdata()) == 2]
        slopes = [line.get_ydata() for line in drawn if not line.get_label().startswith("_")]
        assert slopes
        np.testing.assert_allclose(slopes, 1.5)
        np.testing.assert_allclose(drawn[-1].get_xdata(), [10**-2.5, 10**-1.5])
    assert all("1 [0.9, 1.2]" in label for label in legend_labels(figure))


def test_both_noises_of_one_direction_are_drawn_with_their_closed_forms() -> None:
    rows = measurements.weighted_noise().assign(dimension=100)
    several = rows.assign(num_directions=4, curvature_noise_theory=0.2)
    figure = noise_by_direction.draw({"quality": pd.concat([rows, several])}, "growth")
    drawn = {round(float(x), 6) for axes in figure.axes for x in marks(axes)}
    # 1/SNR over d, and the weighted noise.
    assert drawn == {0.1, 1.5}


def marks(axes: Axes) -> list[float]:
    return [x for line in axes.lines if line.get_marker() == "|" for x in line.get_xdata()]


def test_the_memory_by_length_says_how_much_it_grows() -> None:
    cost = measurements.costs_by_length()
    is_backprop = cost["estimator"] == "backprop"
    factor = (cost["length"] / cost["length"].min()).where(is_backprop, 1.0)
    cost = cost.assign(step_xla_temp_bytes=factor * 2048.0)
    times = cost["length"].max() / cost["length"].min()
    title = cost_by_length.draw({"cost": cost}, "growth").get_suptitle()
    assert f"backprop's memory grows {times:.3g}-fold and the others' at most 1-fold" in title
