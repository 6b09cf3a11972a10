"""A compiled step continues from its last result and leaves the workload as it was."""

import numpy as np

from dirgrad.core.types import Backend
from dirgrad.runs.instruments import programs, workload
from support.measured import MLP, small_measurement


def test_repeated_calls_of_a_step_equal_a_loop_of_steps_and_keep_the_workload(
    backend: Backend,
) -> None:
    to_numpy = backend.engine.to_numpy
    measurement = small_measurement(backend, "cost", {"mlp": MLP})
    (target,) = workload.workloads(measurement, backend)
    initial = {name: to_numpy(leaf).copy() for name, leaf in target.params.items()}
    for estimator in measurement.estimators.values():
        _, step = programs.estimate_and_step(backend, target, estimator)
        _, call = programs.compile(backend, step)
        plain_step = step.build(backend.ops)
        state = step.arguments[0]
        for others in step.in_turn[:3]:
            renewed, _ = call()
            state, _ = plain_step(state, *others)
            for name, leaf in state.params.items():
                leaf_of_call = to_numpy(renewed.params[name])
                np.testing.assert_allclose(leaf_of_call, to_numpy(leaf), rtol=1e-12)
        for name, leaf in target.params.items():
            np.testing.assert_array_equal(to_numpy(leaf), initial[name])
