"""`crossing` finds where a recorded curve first reaches a level, by linear interpolation."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.analysis.tables.crossing import crossing

LOSSES = st.lists(st.floats(0.01, 100.0), min_size=2, max_size=8)


@given(LOSSES, st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_the_crossing_is_the_first_position_at_or_below_the_level(
    losses: list[float], share: float
) -> None:
    values = np.array(losses)
    steps = np.arange(len(losses)) * 10.0
    level = values.min() + share * (values.max() - values.min())
    position = crossing(steps, values, level)
    assert np.interp(position, steps, values) <= level + 1e-6
    earlier = position * np.linspace(0, 1, 50)[:-1]
    earlier_losses = np.interp(earlier, steps, values)
    assert position == 0 or (earlier_losses >= level - 1e-6).all()


def test_a_missed_level_gives_nan_and_a_reached_level_is_interpolated() -> None:
    steps, losses = np.array([0.0, 10.0]), np.array([2.0, 1.0])
    assert np.isnan(crossing(steps, losses, 0.5))
    assert crossing(steps, losses, 3.0) == 0.0
    assert crossing(steps, losses, 1.5) == 5.0
