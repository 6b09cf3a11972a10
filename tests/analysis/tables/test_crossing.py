"""`crossing` brackets the step at which a recorded curve first reaches a level."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.analysis.tables.crossing import Bracket, crossing, seconds_at

LOSSES = st.lists(st.floats(0.01, 100.0), min_size=12, max_size=40)
SPACINGS = st.sampled_from([1, 2, 5, 10])


@given(LOSSES, SPACINGS, st.floats(0.0, 1.0))
@settings(max_examples=100, deadline=None)
def test_the_bracket_holds_the_step_at_which_a_falling_curve_first_reaches_the_level(
    losses: list[float], spacing: int, share: float
) -> None:
    every_step = np.sort(losses)[::-1]
    level = every_step.min() + share * (every_step.max() - every_step.min())
    recorded = np.arange(0, len(losses), spacing)
    bracket = crossing(recorded, every_step[recorded], level)
    true_step = np.flatnonzero(every_step <= level)[0]
    assert bracket.low <= true_step <= bracket.high


def test_consecutive_record_points_give_the_exact_step() -> None:
    assert crossing(np.arange(4), np.array([4.0, 3.0, 2.0, 1.0]), 2.5) == Bracket(2.0, 2.0)


def test_a_level_that_holds_at_the_start_takes_no_step() -> None:
    assert crossing(np.array([0, 10]), np.array([2.0, 1.0]), 3.0) == Bracket(0.0, 0.0)


def test_a_missed_level_gives_a_lower_bound() -> None:
    assert crossing(np.array([0, 10]), np.array([2.0, 1.0]), 0.5) == Bracket(10.0, np.inf)


def test_seconds_follow_from_the_steps_of_the_bracket() -> None:
    steps, seconds = np.array([0, 10, 20]), np.array([0.0, 1.0, 3.0])
    low, high = seconds_at(Bracket(11.0, 20.0), steps, seconds)
    assert (low, high) == (1.2, 3.0)
    assert seconds_at(Bracket(20.0, np.inf), steps, seconds) == Bracket(3.0, np.inf)
