"""The three findings on one page: time at an equal rate, steps at the best rates, and memory."""

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.records.statuses import measured
from dirgrad.report.figures import by_depth, labels, panels, style

TABLES = ("curves", "final", "targets", "memory")
FIGURES = {"headline": ("training/mlp", "training/mlp_sgd", "memory/depth")}
ONE_FRAMEWORK = True
CATEGORY = "experiments"
TITLE = "Time, steps and memory"
CAPTION = """
(a) Validation loss of a perceptron against the seconds of training, at one learning rate for all.
T_b is the time at which the mean curve of backprop reaches its lowest loss, and T the time at which
the mean curve of another estimator reaches the same loss. (b) Training loss against steps, each
estimator at its own best rate. (c) Temporary memory of a step against the number of layers.
"""
ALT = (
    "Three panels with a line per estimator: loss against seconds and steps, memory against depth."
)

EQUAL_RATE = ("backprop", "forward_gradient", "forward_gradient_rank_one")
"""Estimators of panel (a)."""
DEEP = ("backprop", "checkpointed_backprop", "forward_gradient", "forward_gradient_rank_one")
"""Estimators of panel (c)."""
TEXT_SIZE = 7.0
TITLE_WIDTH = 36
"""Characters in a line of a panel's title."""


def draw(tables: style.Tables, at_equal_rate: str, at_own_rate: str, depth: str) -> Figure:
    """Draw three panels of one framework, JAX if the tables have it.

    Args:
        tables: The tables.
        at_equal_rate: Experiment with one rate for all estimators; its highest rate is shown.
        at_own_rate: Experiment that searches the rate of each estimator.
        depth: Measurement of memory.
    """
    backend = style.first_framework(tables["curves"])
    curves = tables["curves"].query("backend == @backend and stage == 'final'")
    equal = _at_highest_rate(curves.query("experiment == @at_equal_rate"))
    own = curves.query("experiment == @at_own_rate")
    final = tables["final"].query("backend == @backend")
    targets = tables["targets"].query("backend == @backend and experiment == @at_own_rate")
    memory = measured(tables["memory"]).query("backend == @backend and memory == @depth")
    memory = memory[memory["estimator"].isin(DEEP)].sort_values("depth")
    names = dict.fromkeys([*EQUAL_RATE, *own["estimator"].unique(), *memory["estimator"].unique()])
    styles = style.line_styles(names)
    figure, ((left, middle, right),) = panels.new_figure(1, 3, width=7.0, height=2.1)
    _loss_against_seconds(left, equal, styles)
    _loss_against_steps(middle, own, targets, styles)
    _memory_against_depth(right, memory, styles, backend)
    return panels.finish(
        figure,
        pd.concat([equal, own]),
        "{backend}; (a) {equal}; (b) {own}",
        "inter-quartile mean and {interval}; (c) exact bytes, batch {batch}",
        title_size=TEXT_SIZE,
        backend=style.BACKENDS.get(backend, ""),
        equal=_subject(at_equal_rate, equal, final),
        own=_subject(at_own_rate, own, final),
        batch=style.count_range(memory["batch_size"]),
    )


def _subject(experiment: str, curves: pd.DataFrame, final: pd.DataFrame) -> str:
    """Return the name of an experiment, its number of parameters and its number of seeds."""
    dimensions = final.loc[final["experiment"] == experiment, "dimension"].unique()
    d = "".join(f", d = {dimension:,}" for dimension in dimensions)
    return f"{style.label(experiment)}{d}, n = {style.count_range(curves['n'])} seeds"


def _at_highest_rate(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the curves of panel (a) at the highest rate at which backprop has a curve."""
    shown = curves[curves["estimator"].isin(EQUAL_RATE)].astype({"learning_rate": float})
    rates = shown["learning_rate"]
    is_highest: pd.Series = rates == rates[shown["estimator"] == "backprop"].max()
    return shown.loc[is_highest]


def _loss_against_seconds(axes: Axes, curves: pd.DataFrame, styles: style.LineStyles) -> None:
    times = _times(curves)
    for name in EQUAL_RATE:
        part, line = curves[curves["estimator"] == name], styles[name]
        if len(part):
            text = f"{style.short_label(name)}{_in_words(times, name)}"
            style.line_with_interval(axes, part["train_seconds"], part, "valid_loss", line, text)
        if name in times:
            _mark(axes, times[name], curves, line)
    axes.set(xlabel="training time [s per trial]", ylabel="validation loss [nat]", xlim=(0, None))
    _finish_panel(axes, f"(a) {_time_needed(curves, times)}")


def _times(curves: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the seconds between which each mean curve reaches the lowest loss of backprop.

    The upper end is infinite for a curve that stays above this loss. The times are left out where
    backprop learns nothing.
    """
    losses = curves.loc[curves["estimator"] == "backprop", "valid_loss"]
    if losses.empty or losses.min() > (1 - style.LEARNED) * losses.iloc[0]:
        return {}
    times = {}
    for name, part in curves.groupby("estimator", sort=False):
        reached = (part["valid_loss"] <= losses.min()).to_numpy()
        seconds = part["train_seconds"].to_numpy(float)
        first = int(reached.argmax()) if reached.any() else len(seconds)
        end = float(seconds[first]) if reached.any() else float("inf")
        # The time of backprop is defined by a record point.
        start = end if name == "backprop" else float(seconds[max(first - 1, 0)])
        times[str(name)] = (start, end)
    return times


def _in_words(times: dict[str, tuple[float, float]], name: str) -> str:
    """Return the time of an estimator as the end of its label; empty without times."""
    if name not in times:
        return ""
    (low, high), backprop = times[name], times["backprop"][1]
    if name == "backprop":
        return f"\n$T_b$ = {high:.3g} s"
    if high == float("inf"):
        return f"\nover {low / backprop:.2g} $T_b$"
    ends = f"{low / backprop:.2g}", f"{high / backprop:.2g}"
    return f"\n{' to '.join(dict.fromkeys(ends))} $T_b$"


def _mark(
    axes: Axes, times: tuple[float, float], curves: pd.DataFrame, line: style.LineStyle
) -> None:
    """Draw the range of a time on the lowest loss of backprop."""
    level = curves.loc[curves["estimator"] == "backprop", "valid_loss"].min()
    axes.axhline(level, color="0.7", linewidth=0.6, zorder=0)
    if times[1] < float("inf"):
        axes.plot(times, [level, level], color=line["color"], linewidth=4, solid_capstyle="butt")
        axes.axvline(times[1], ymax=0.35, color=line["color"], linestyle=(0, (1, 1)), linewidth=0.9)


def _time_needed(curves: pd.DataFrame, times: dict[str, tuple[float, float]]) -> str:
    rate = "".join(f" {rate:g}" for rate in curves["learning_rate"].unique())
    if curves.empty:
        return "One rate for all"
    if not times:
        return f"At the rate{rate} backprop removes less than {100 * style.LEARNED:g} % of its loss"
    backprop = times["backprop"][1]
    others = [ends for name, ends in times.items() if name != "backprop"]
    reached = [ends for ends in others if ends[1] < float("inf")]
    if not reached:
        return f"At the rate{rate} no other reaches backprop's lowest loss"
    subject = "the others reach" if len(others) > 1 else "the other reaches"
    if len(reached) < len(others):
        subject = f"{len(reached)} of {len(others)} reach"
    least = min(low for low, _ in reached) / backprop
    most = max(high for _, high in reached) / backprop
    times_its_time = f"{style.number(least)} to {style.number(most)} times its time"
    return f"At the rate{rate} {subject} backprop's lowest loss in {times_its_time}"


def _loss_against_steps(
    axes: Axes, curves: pd.DataFrame, targets: pd.DataFrame, styles: style.LineStyles
) -> None:
    labels.draw_lines(axes, curves[curves["step"] > 0], "step", "loss", styles)
    axes.set(xlabel="steps", ylabel="training loss [nat]", xscale="log")
    for target in targets["target_loss"].unique():
        axes.axhline(target, color="0.7", linewidth=0.6, zorder=0)
    style.plain_ticks(axes.xaxis)
    _finish_panel(axes, f"(b) {_steps_needed(targets)}")


def _steps_needed(targets: pd.DataFrame) -> str:
    others = targets[targets["estimator"] != "backprop"]
    low, high = (others[f"steps_over_backprop_{end}"] for end in ("from", "to"))
    if low.isna().all():
        return "Each at its own best rate"
    loss = targets["target_loss"].iloc[0]
    most = "more" if high.isna().any() else style.number(high.max())
    steps = f"{style.number(low.min())} to {most} times backprop's steps"
    return f"At their own best rates the others reach a loss of {loss:g} in {steps}"


def _memory_against_depth(
    axes: Axes, memory: pd.DataFrame, styles: style.LineStyles, backend: str
) -> None:
    column = by_depth.EXACT.get(backend, by_depth.EXACT["jax"])
    by_depth.draw_lines(axes, memory, column, style.MEGABYTE, styles)
    axes.set(xlabel="number of weight layers", ylabel="memory of a step [MB]")
    _finish_panel(axes, f"(c) {_least_memory(memory, column)}")


def _least_memory(memory: pd.DataFrame, column: str) -> str:
    deepest = memory[memory["depth"] == memory["depth"].max()].set_index("estimator")[column]
    if "backprop" not in deepest or len(deepest) == 1:
        return "Memory of a step"
    megabytes = deepest / style.MEGABYTE
    least = str(megabytes.idxmin())
    return (
        f"At {memory['depth'].max():.0f} layers backprop holds {megabytes['backprop']:.3g} MB, "
        f"{style.short_label(least)} {megabytes[least]:.2g} MB"
    )


def _finish_panel(axes: Axes, title: str) -> None:
    """Set the text sizes of a panel, name its lines and write its title."""
    axes.tick_params(labelsize=TEXT_SIZE)
    axes.xaxis.label.set_fontsize(TEXT_SIZE)
    axes.yaxis.label.set_fontsize(TEXT_SIZE)
    labels.name_lines(axes, TEXT_SIZE - 0.5, shrinkage=0.7)
    axes.set_title(fill(title, TITLE_WIDTH), fontsize=TEXT_SIZE, loc="left")
