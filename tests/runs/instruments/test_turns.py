"""Steps that are timed in turn choose each group of parameters as often as its probability says."""

from collections import Counter

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.core import steps, tree
from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost, programs, turns
from dirgrad.runs.instruments.workload import random_key, workloads
from support.measured import MLP, measurement_with_estimators

ONE_LAYER = {"kind": "forward_gradient", "direction": {"kind": "one_layer"}}
LAST_LAYER = {
    "kind": "forward_gradient",
    "direction": {"kind": "one_layer", "probabilities": [1.0, 2.0, 5.0]},
}


@pytest.mark.parametrize(
    ("probabilities", "counts"),
    [
        ([1 / 3, 1 / 3, 1 / 3], [4, 4, 4]),
        ([1 / 8] * 8, [2] * 8),
        ([1 / 65] * 65, [1] * 65),
        ([0.05, 0.15, 0.8], [1, 3, 16]),
    ],
)
def test_the_smallest_number_of_steps_with_the_probabilities_of_the_law_is_taken(
    probabilities: list[float], counts: list[int]
) -> None:
    assert turns.occurrences(np.array(probabilities)).tolist() == counts


def test_a_group_that_occurs_too_rarely_is_replaced_by_steps_that_are_left() -> None:
    groups = [0, 0, 0, 1, 0, 1]
    assert turns.balanced(groups, np.array([1, 2])) == [0, 3, 5]
    assert turns.balanced(groups, np.array([2, 3])) == [0, 1, 2, 3, 5]


@pytest.mark.parametrize(
    ("estimator", "counts"), [(ONE_LAYER, [4, 4, 4]), (LAST_LAYER, [2, 4, 10])]
)
def test_the_steps_of_a_measurement_choose_each_layer_as_often_as_its_probability_says(
    backend: Backend, estimator: dict, counts: list[int]
) -> None:
    job = measurement_with_estimators(backend, "cost", {"mlp": MLP}, {"layer": estimator})
    (target,) = workloads(job, backend)
    law = job.estimators["layer"]
    indices = turns.step_indices(backend, target, law)
    chosen = Counter[int]()
    for index in indices:
        key = backend.ops.fold_in(random_key(backend, 0), backend.ops.arange(index + 1)[index])
        choice = tree.choice(steps.direction_sampler(backend.ops, law, key, target.params)(0))
        assert choice is not None
        chosen[int(choice.index)] += 1
    assert [chosen[i] for i in range(3)] == counts
    assert len(set(indices)) == sum(counts)
    for program in programs.estimate_and_step(backend, target, law, indices):
        assert len(program.in_turn) == sum(counts)
        assert program.costs_differ


def test_a_round_has_a_whole_number_of_turns_if_their_costs_differ() -> None:
    backend = backends.load("torch", 1, "float64")
    job = measurement_with_estimators(
        backend, "cost", {"mlp": MLP}, {"layer": ONE_LAYER}, rounds=1, round_seconds=1e-6
    )
    records = cost.run(job, Context(backend))["cost"].to_pandas()
    calls = records.groupby("estimator")["calls"].unique()
    assert calls["layer"].tolist() == [12]


def test_a_round_near_its_wanted_length_has_at_least_one_call() -> None:
    program = programs.Program("step", lambda _: lambda: None, (), in_turn=((),) * 12)
    differing = program._replace(costs_differ=True)
    assert [programs.calls_in_round(program, calls) for calls in (0.1, 7.4, 40.0)] == [1, 7, 40]
    assert [programs.calls_in_round(differing, calls) for calls in (0.1, 7.4, 40.0)] == [12, 12, 36]
