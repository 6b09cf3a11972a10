"""Names at the ends of lines do not overlap and stay near their lines."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from dirgrad.report.figures import labels


def test_texts_that_have_room_stay_at_their_heights() -> None:
    heights = np.array([0.9, 0.1, 0.5])
    np.testing.assert_allclose(labels.spread_apart(heights, np.full(3, 0.1)), heights)


def test_equal_heights_are_spread_around_their_mean_in_the_given_order() -> None:
    spread = labels.spread_apart(np.array([0.5, 0.5, 0.5]), np.array([0.1, 0.2, 0.1]))
    np.testing.assert_allclose(spread, [0.35, 0.5, 0.65])


@pytest.mark.parametrize(("height", "expected"), [(1.0, [0.85, 0.95]), (0.0, [0.05, 0.15])])
def test_texts_stay_inside_the_panel(height: float, expected: list[float]) -> None:
    spread = labels.spread_apart(np.array([height, height]), np.array([0.1, 0.1]))
    np.testing.assert_allclose(spread, expected)


def test_each_labelled_line_has_its_name_beside_the_panel_and_others_have_none() -> None:
    axes = Figure().subplots()
    axes.plot([1, 2], [1, 2], label="above")
    axes.plot([1, 2], [1, 0], label="below")
    axes.plot([1, 2], [1, 1])
    axes.plot([], [], label="without points")
    labels.name_lines(axes)
    placed = {text.get_text(): text.xyann[1] for text in axes.texts}
    assert set(placed) == {"above", "below"}
    assert placed["above"] > placed["below"]
