"""The module `style` gives each estimator a line that stays distinguishable in gray print."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from dirgrad.report.figures import scales, style

LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue in the relative luminance."""


def estimator_names(count: int) -> list[str]:
    """Return a number of different names."""
    return [f"e{i}" for i in range(count)]


def test_eight_estimators_differ_in_color_dashes_and_marker() -> None:
    names = estimator_names(8)
    lines = style.line_styles(names)
    for part in ("color", "linestyle", "marker"):
        assert len({str(line[part]) for line in lines.values()}) == len(names)
    assert lines == style.line_styles(names)


def test_points_of_twenty_estimators_are_distinguishable_without_color() -> None:
    marks = [style.marker_style(line) for line in style.line_styles(estimator_names(20)).values()]
    assert len({(mark["marker"], mark["fillstyle"]) for mark in marks}) == 20
    assert {mark["linestyle"] for mark in marks} == {""}


def test_the_first_colors_go_from_dark_to_light_in_gray_print() -> None:
    luminances = [float(np.dot(to_rgb(color), LUMINANCE_WEIGHTS)) for color in style.COLORS[:3]]
    assert luminances == sorted(luminances)
    assert min(np.diff(luminances)) > 0.03


def test_twenty_estimators_have_twenty_different_lines() -> None:
    lines = {str(line) for line in style.line_styles(estimator_names(20)).values()}
    assert len(lines) == 20


def test_a_range_of_counts_ignores_rows_without_a_count() -> None:
    assert style.count_range(pd.Series([8.0, np.nan, 8.0])) == "8"
    assert style.count_range(pd.Series([3, 5])) == "3 to 5"
    assert style.count_range(pd.Series([np.nan])) == "0"


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([1.0, 2.0], "log"),
        ([], "log"),
        ([-39.0, -20.0], "symlog"),
        ([0.0, 1e-9, 1.0], "log"),
        ([0.0], "symlog"),
        ([-1.0, float("nan")], "symlog"),
    ],
)
def test_losses_below_0_are_drawn(losses: list[float], scale: str) -> None:
    axes = Figure().subplots()
    axes.plot(losses)
    scales.loss_scale(axes, pd.Series(losses, dtype=float))
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    shown = [loss for loss in losses if np.isfinite(loss) and (loss or scale == "symlog")]
    assert all(low <= loss <= high for loss in shown)
