"""Directional descent treats directions and tangents at the end of a window as its options say."""

from typing import Any, Literal

import numpy as np
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.problems.influence_balancing import InfluenceBalancing
from dirgrad.core import sequences, tree
from dirgrad.core.types import Backend, Params
from support.cases import Case, compiled, inner, placed, to_numpy
from support.sequence_tasks import RANDOM, assert_close, sequence_start, total_estimate

WINDOW, NUM_WINDOWS = 4, 2
CASE = Case(
    InfluenceBalancing(trained="drive_and_diagonal", length=WINDOW * NUM_WINDOWS),
    terms=8 * 24,
)


def estimate_by_hand(backend: Backend, hold: str, tangent: str) -> dict[str, np.ndarray]:
    """Return the sum over windows of slope times direction at constant parameters.

    Window i draws its direction with the key of index i. A direction for the whole sequence has
    the index after the last window.
    """
    ops = backend.ops
    (key,) = backend.engine.keys(np.array([0]))
    start = sequence_start(backend, CASE)

    def total_of(params: Params) -> Params:
        windows = sequences.split_windows(start.remaining, WINDOW)
        state, total = start.state, tree.map(ops.zeros_like, params)
        state_tangent = tree.map(ops.zeros_like, state)
        for i in range(NUM_WINDOWS):
            index = i if hold == "window" else NUM_WINDOWS
            direction = Gaussian().draw(ops, ops.fold_in(ops.fold_in(key, index), 0), params)
            if tangent == "reset":
                state_tangent = tree.map(ops.zeros_like, state)
            window: Any = tuple(x[i] for x in windows)
            position = start._replace(params=params, state=state, remaining=window)
            _, state, slope, state_tangent = sequences.jvp_window(
                ops, position, direction, state_tangent
            )
            total = tree.axpy(ops, slope, direction, total)
        return total

    return to_numpy(backend, compiled(backend, total_of)(placed(backend, CASE.params())))


@pytest.mark.parametrize(
    ("hold", "tangent"), [("window", "kept"), ("sequence", "reset"), ("window", "reset")]
)
def test_a_window_redraws_its_direction_and_resets_its_tangent_as_the_options_say(
    backend: Backend,
    hold: Literal["sequence", "window"],
    tangent: Literal["kept", "reset"],
) -> None:
    estimator = DirectionalDescent(candidate=RANDOM, window=WINDOW, hold=hold, tangent=tangent)
    expected = estimate_by_hand(backend, hold, tangent)
    assert_close(total_estimate(backend, CASE, estimator), expected)
    # An estimator that ignored the options would give the estimate of the defaults, which is far
    # beyond the tolerance of 1e-10.
    default = estimate_by_hand(backend, "sequence", "kept")
    difference = {name: leaf - expected[name] for name, leaf in default.items()}
    assert inner(difference, difference) > 1e-6 * inner(default, default)


def test_only_a_held_direction_with_a_kept_tangent_is_unbiased() -> None:
    def projection(**options: Any) -> float:
        return DirectionalDescent(candidate=RANDOM, **options).expected_projection([])

    assert projection() == projection(window=2) == projection(hold="window") == 1.0
    assert np.isnan(projection(window=2, hold="window"))
    assert np.isnan(projection(window=2, tangent="reset"))
