"""Forward mode along a sequence, window by window, gives the derivative of the whole loss."""

from typing import Any

import numpy as np
import pytest

from dirgrad.core import sequences
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Array, Backend, Batch, Params
from support.cases import compiled, loss_of, placed, random_like
from support.sequence_tasks import TASKS, sequence_start


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("width", [1, None])
def test_the_slopes_of_the_windows_add_up_to_the_slope_of_the_whole_loss(
    backend: Backend, task: str, width: int | None
) -> None:
    case, ops = TASKS[task], backend.ops
    start = sequence_start(backend, case)
    direction = placed(backend, random_like(case.params(), seed=3))

    def window_totals(params: Params, direction: Params) -> tuple[Array, Array]:
        def differentiate_window(carry: Any, window: Batch) -> tuple[Any, tuple[Array, Array]]:
            state, tangent = carry
            position = SequencePosition(start.problem, params, state, window)
            loss, state, slope, tangent = sequences.jvp_window(ops, position, direction, tangent)
            return (state, tangent), (loss, slope)

        zero_tangent = {name: ops.zeros_like(leaf) for name, leaf in start.state.items()}
        windows = sequences.split_windows(start.remaining, width or start.problem.length)
        _, (losses, slopes) = ops.scan(differentiate_window, (start.state, zero_tangent), windows)
        return ops.sum(losses), ops.sum(slopes)

    def whole_jvp(params: Params, direction: Params) -> tuple[Array, Array]:
        return ops.jvp(loss_of(backend, case), (params,), (direction,))

    actual = compiled(backend, window_totals)(start.params, direction)
    expected = compiled(backend, whole_jvp)(start.params, direction)
    np.testing.assert_allclose([float(x) for x in actual], [float(x) for x in expected], rtol=1e-10)
