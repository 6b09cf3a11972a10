"""Along a sequence: what is carried is exact, what is estimated is unbiased, and memory does not grow with the length."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from dirgrad import backends
from dirgrad.components.candidates.diagonal_rtrl import DiagonalRtrl
from dirgrad.components.candidates.mixture import Mixture
from dirgrad.components.candidates.random import Random
from dirgrad.components.candidates.running_average import RunningAverage
from dirgrad.components.candidates.truncated_gradient import TruncatedGradient
from dirgrad.components.datasets.copy import Copy
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rademacher import Rademacher
from dirgrad.components.estimators.checkpointed_bptt import CheckpointedBptt
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.rtrl import Rtrl
from dirgrad.components.estimators.truncated_bptt import TruncatedBptt
from dirgrad.components.estimators.uoro import Uoro
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.components.problems.influence_balancing import InfluenceBalancing
from dirgrad.components.problems.rnn import Rnn
from dirgrad.components.units.gru import Gru
from dirgrad.components.units.lstm import Lstm
from dirgrad.components.units.tanh import Tanh
from dirgrad.core import sequences, steps
from dirgrad.core.recurrent import OnlineEstimator, SequencePosition
from dirgrad.core.types import Backend, Batch, Ops, Params, Trial
from support.cases import Case, compiled, inner, loss_of, placed, random_like

UNITS = {"tanh": Tanh(), "gru": Gru(), "lstm": Lstm()}
TASKS = {
    f"rows_{name}": Case(Rnn(dataset=Digits(), hidden=4, unit=unit), 150)
    for name, unit in UNITS.items()
}
TASKS |= {
    f"copy_{name}": Case(Rnn(dataset=Copy(shown=2, delay=4), hidden=4, unit=unit), 150)
    for name, unit in UNITS.items()
}
TASKS |= {
    "pixels": Case(Rnn(dataset=Digits(), hidden=4, read="pixels"), 400),
    "influence_balancing": Case(InfluenceBalancing(length=48), 1200),
}
RANDOM = Random(direction=Gaussian())
FALSE_ALARM = 1e-6


def exact(backend: Backend, case: Case) -> dict[str, np.ndarray]:
    """The gradient, by reverse accumulation through the whole sequence."""
    params, loss = placed(backend, case.params()), loss_of(backend, case)
    _, found = compiled(backend, backend.ops.value_and_grad(loss))(params)
    return {name: backend.engine.to_numpy(leaf) for name, leaf in found.items()}


def estimated(
    backend: Backend, case: Case, estimator: OnlineEstimator, seed: int = 0
) -> dict[str, np.ndarray]:
    """The sum over the windows of a sequence, at parameters that stand."""
    batch = tuple(backend.ops.asarray(array) for array in case.batch())
    (key,) = backend.engine.keys(np.array([seed]))
    found = compiled(
        backend,
        lambda key, p: steps.estimate(
            backend.ops, case.problem, estimator, key, p, batch
        )._asdict(),
    )(key, placed(backend, case.params()))
    return {
        name: backend.engine.to_numpy(found["slope"] * leaf)
        for name, leaf in found["vector"].items()
    }


def same(
    found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float = 1e-10
) -> None:
    scale = np.sqrt(inner(expected, expected))
    for name, leaf in expected.items():
        np.testing.assert_allclose(found[name], leaf, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("width", [1, None])
def test_the_carried_derivative_is_that_of_the_whole_loss(
    backend: Backend, task: str, width: int | None
) -> None:
    case, ops = TASKS[task], backend.ops
    arrays = case.params()
    params, direction = placed(backend, arrays), placed(backend, random_like(arrays, seed=3))
    batch = tuple(ops.asarray(array) for array in case.batch())
    problem: Any = case.problem

    def carried(params, direction):
        ahead, state = problem.observations(ops, batch), problem.initial_state(ops, params, batch)
        tangent = {name: ops.zeros_like(leaf) for name, leaf in state.items()}

        def go(carry, window):
            state, tangent = carry
            loss, state, slope, tangent = sequences.jvp_window(
                ops, SequencePosition(problem, params, state, window), direction, tangent
            )
            return (state, tangent), (loss, slope)

        _, (losses, slopes) = ops.scan(
            go, (state, tangent), sequences.split_windows(ahead, width or problem.length)
        )
        return ops.sum(losses), ops.sum(slopes)

    found = compiled(backend, carried)(params, direction)
    expected = compiled(backend, lambda p, v: ops.jvp(loss_of(backend, case), (p,), (v,)))(
        params, direction
    )
    np.testing.assert_allclose([float(x) for x in found], [float(x) for x in expected], rtol=1e-10)


EXACT = {
    "bptt": TruncatedBptt(window=8),
    "checkpointed": CheckpointedBptt(segment=2),
    "rtrl": Rtrl(),
    "rtrl_online": Rtrl(window=1),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_methods_agree_with_reverse_accumulation(backend: Backend, name: str) -> None:
    same(estimated(backend, TASKS["copy_lstm"], EXACT[name]), exact(backend, TASKS["copy_lstm"]))


def test_rtrl_is_exact_on_influence_balancing(backend: Backend) -> None:
    case = TASKS["influence_balancing"]
    same(estimated(backend, case, Rtrl(window=12)), exact(backend, case))


@pytest.mark.parametrize("unit", UNITS)
def test_diagonal_rtrl_is_exact_where_units_see_themselves_alone(
    backend: Backend, unit: str
) -> None:
    case = TASKS[f"copy_{unit}"]
    gates = UNITS[unit].gates
    alone = np.tile(np.eye(4), (1, gates))

    class Alone(Case):
        def params(self, dtype: str = "float64", seed: int = 0) -> dict[str, np.ndarray]:
            found = super().params(dtype, seed)
            return found | {"weight_recurrent": found["weight_recurrent"] * alone}

    blind = Alone(case.problem, case.terms)
    place = stand(backend, blind)
    found = compiled(
        backend, lambda p: DiagonalRtrl().propose(backend.ops, place._replace(params=p), (), dict)
    )(place.params)
    same(
        {name: backend.engine.to_numpy(leaf) for name, leaf in found.items()}, exact(backend, blind)
    )


def test_diagonal_rtrl_points_along_the_gradient_more_than_chance(backend: Backend) -> None:
    case = TASKS["rows_gru"]
    place = stand(backend, case)
    found = compiled(
        backend, lambda p: DiagonalRtrl().propose(backend.ops, place._replace(params=p), (), dict)
    )(place.params)
    proposed = {name: backend.engine.to_numpy(leaf) for name, leaf in found.items()}
    gradient = exact(backend, case)
    cosine = inner(proposed, gradient) / np.sqrt(
        inner(proposed, proposed) * inner(gradient, gradient)
    )
    assert 0.5 < cosine < 1 - 1e-6


def stand(backend: Backend, case: Case) -> SequencePosition:
    """At the start of a sequence."""
    params = placed(backend, case.params())
    batch = tuple(backend.ops.asarray(array) for array in case.batch())
    problem: Any = case.problem
    return SequencePosition(
        problem,
        params,
        problem.initial_state(backend.ops, params, batch),
        problem.observations(backend.ops, batch),
    )


def first_drawn(backend: Backend, params: Params, windows: int) -> Params:
    """The direction that is held: its key has the index after the last window."""
    (key,), ops = backend.engine.keys(np.array([0])), backend.ops
    return compiled(
        backend, lambda p: Gaussian().draw(ops, ops.fold_in(ops.fold_in(key, windows), 0), p)
    )(params)


def test_a_window_of_the_whole_sequence_is_the_estimator_per_sequence(backend: Backend) -> None:
    case = TASKS["rows_tanh"]
    params, ops = placed(backend, case.params()), backend.ops
    drawn = first_drawn(backend, params, windows=1)
    whole = ForwardGradient(direction=Gaussian()).estimate(
        ops, loss_of(backend, case), params, lambda j: drawn
    )
    expected = {
        name: backend.engine.to_numpy(whole.scale * leaf) for name, leaf in whole.vector.items()
    }
    same(estimated(backend, case, DirectionalDescent(candidate=RANDOM)), expected)


def test_held_windows_add_up_to_the_whole(backend: Backend) -> None:
    case, ops = TASKS["rows_gru"], backend.ops
    params = placed(backend, case.params())
    drawn = first_drawn(backend, params, windows=8)
    _, slope = ops.jvp(loss_of(backend, case), (params,), (drawn,))
    expected = {name: backend.engine.to_numpy(slope * leaf) for name, leaf in drawn.items()}
    same(estimated(backend, case, DirectionalDescent(candidate=RANDOM, window=1)), expected)


UNBIASED = {
    "random": DirectionalDescent(candidate=RANDOM),
    "signs_k3": DirectionalDescent(
        candidate=Random(direction=Rademacher()), window=4, num_directions=3
    ),
    "uoro": Uoro(),
    "uoro_online": Uoro(window=2),
}


@pytest.mark.parametrize("name", UNBIASED)
def test_random_directions_and_uoro_are_unbiased(backend: Backend, name: str) -> None:
    case = Case(Rnn(dataset=Digits(), hidden=3), 150)
    batch = tuple(backend.ops.asarray(array) for array in case.batch())
    params, draws, lanes = placed(backend, case.params()), 4000, 250

    def whole(key):
        found = steps.estimate(backend.ops, case.problem, UNBIASED[name], key, params, batch)
        return {leaf: found.scale * value for leaf, value in found.vector.items()}

    of, gradient = backend.engine.vmap_trials(whole, (), lanes), exact(backend, case)
    parts = [
        of(backend.engine.keys(np.arange(first, first + lanes))) for first in range(0, draws, lanes)
    ]
    flat = [
        np.concatenate(
            [backend.engine.to_numpy(part[leaf]).reshape(lanes, -1) for leaf in gradient], axis=1
        )
        for part in parts
    ]
    values = np.concatenate(flat)
    expected = np.concatenate([leaf.reshape(-1) for leaf in gradient.values()])
    z = stats.norm.ppf(1 - FALSE_ALARM / (2 * len(expected)))
    assert (
        np.abs(values.mean(axis=0) - expected) <= z * values.std(axis=0) / np.sqrt(draws) + 1e-12
    ).all()
    assert values.std(axis=0).max() > 0


CANDIDATES = {
    "truncated": TruncatedGradient(truncation=2),
    "diagonal": DiagonalRtrl(),
    "mixture": Mixture(candidate=TruncatedGradient(truncation=2), direction=Gaussian(), share=0.3),
}


@pytest.mark.parametrize("name", CANDIDATES)
def test_descent_along_a_candidate_is_the_projection_of_the_gradient(
    backend: Backend, name: str
) -> None:
    case = TASKS["rows_tanh"]
    found, gradient = (
        estimated(backend, case, DirectionalDescent(candidate=CANDIDATES[name])),
        exact(backend, case),
    )
    # A projection p of g: <p, g> = <p, p>, and it is no longer than g.
    assert inner(found, gradient) == pytest.approx(inner(found, found), rel=1e-9)
    assert 0 < inner(found, found) < inner(gradient, gradient) * (1 - 1e-6)


def test_a_mixture_is_convex_in_unit_vectors(backend: Backend) -> None:
    place = stand(backend, TASKS["rows_tanh"])
    noise = placed(backend, random_like(TASKS["rows_tanh"].params(), seed=9))

    def proposed(share: float) -> dict[str, np.ndarray]:
        mixture = Mixture(
            candidate=TruncatedGradient(truncation=2), direction=Gaussian(), share=share
        )
        return {
            name: backend.engine.to_numpy(leaf)
            for name, leaf in mixture.propose(backend.ops, place, (), lambda: noise).items()
        }

    pure, mixed, drawn = proposed(0.0), proposed(0.25), proposed(1.0)
    same(mixed, {name: 0.75 * pure[name] + 0.25 * drawn[name] for name in pure})
    assert inner(pure, pure) == pytest.approx(1)
    assert inner(drawn, drawn) == pytest.approx(1)


def test_the_running_average_is_carried_from_sequence_to_sequence(backend: Backend) -> None:
    case, ops = TASKS["rows_tanh"], backend.ops
    average = Mixture(candidate=RunningAverage(), direction=Gaussian(), share=0.5)
    estimator = DirectionalDescent(candidate=average, average_decay=0.5)
    step = steps.make_step(ops, case.problem, estimator, Sgd(), 0.0)
    batch = tuple(ops.asarray(array) for array in case.batch())
    (key,) = backend.engine.keys(np.array([0]))
    first = steps.initial_state(ops, estimator, Sgd(), placed(backend, case.params()))
    assert all(float(ops.sum(leaf * leaf)) == 0 for leaf in first.estimator_state.values())
    second, _ = step(first, Trial(key, ops.asarray(np.array(0.1))), ops.arange(2)[0], batch)
    moved = {
        name: backend.engine.to_numpy(first.params[name] - second.params[name])
        for name in first.params
    }
    same(
        {
            name: backend.engine.to_numpy(0.2 * leaf)
            for name, leaf in second.estimator_state.items()
        },
        moved,
    )


@pytest.mark.parametrize(("truncation", "right"), [(1, False), (10, False), (48, True)])
def test_a_short_memory_has_the_wrong_sign_and_descent_along_it_the_right_one(
    backend: Backend, truncation: int, right: bool
) -> None:
    case = Case(InfluenceBalancing(length=240 if truncation != 48 else 48), 1200)
    (gradient,) = exact(backend, case)["theta"]
    (truncated,) = estimated(backend, case, TruncatedBptt(window=truncation))["theta"]
    along = DirectionalDescent(candidate=TruncatedGradient(truncation=truncation))
    (repaired,) = estimated(backend, case, along)["theta"]
    assert gradient > 0
    assert (truncated > 0) == right
    assert repaired == pytest.approx(gradient, rel=1e-9)


def test_influence_balancing_rests_where_the_closed_form_says(backend: Backend) -> None:
    """(I - A)^-1 = 2 sum_k N^k, so s_0 -> 2 theta (10 - 13) = -6 theta: at theta = -1/6 the loss is 0."""
    problem, ops = InfluenceBalancing(length=4000), backend.ops
    for theta in (0.5, -1 / 6):
        params = {"theta": ops.asarray(np.array([theta]))}
        place = SequencePosition(
            problem, params, problem.initial_state(ops, params, ()), problem.observations(ops, ())
        )
        _, state = compiled(
            backend, lambda p, place=place: sequences.rollout(ops, place._replace(params=p))
        )(params)
        assert float(state["s"][0]) == pytest.approx(-6 * theta, abs=1e-9)


FORWARD = {
    "random": DirectionalDescent(candidate=RANDOM, window=16),
    "random_whole": DirectionalDescent(candidate=RANDOM),
    "truncated": DirectionalDescent(candidate=TruncatedGradient(truncation=16)),
    "diagonal": DirectionalDescent(candidate=DiagonalRtrl()),
    "truncated_bptt": TruncatedBptt(window=16),
    "uoro": Uoro(window=16),
    "rtrl": Rtrl(window=16),
}


class InOrder(Rnn):
    """The minibatch is what is met on the way, in order, so that nothing need be put in order."""

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        return batch

    def begin(self, ops: Ops, params: Params, batch: Batch) -> Params:
        return super().initial_state(ops, params, (batch[0][0],))


def temp_bytes(estimator: OnlineEstimator, length: int) -> int:
    backend = backends.load("jax", 1, "float32")
    problem, ops = InOrder(dataset=Copy(delay=length - 2), hidden=4), backend.ops
    step = steps.make_step(ops, problem, estimator, Sgd(), 0.0)
    params = {
        name: ops.asarray(leaf.astype("float32"))
        for name, leaf in problem.init(np.random.default_rng(0)).items()
    }
    seen = ops.asarray(np.zeros((length, 5, problem.inputs), "float32"))
    ahead = (
        seen,
        ops.asarray(np.zeros((length, 5), "int32")),
        ops.asarray(np.zeros(length, "float32")),
    )
    (key,) = backend.engine.keys(np.array([0]))
    state, trial = (
        steps.initial_state(ops, estimator, Sgd(), params),
        Trial(key, ops.asarray(np.float32(0.1))),
    )
    return backend.engine.compile(step, (state, trial, ops.arange(1)[0], ahead)).counts[
        "xla_temp_bytes"
    ]


@pytest.mark.parametrize("name", FORWARD)
def test_online_steps_take_as_many_bytes_at_every_length(name: str) -> None:
    short, long = (temp_bytes(FORWARD[name], length) for length in (32, 4096))
    assert short == long


def test_backpropagation_through_time_takes_bytes_in_proportion_to_the_length() -> None:
    short, long = (temp_bytes(TruncatedBptt(window=length), length) for length in (32, 4096))
    assert long > 100 * short


@pytest.mark.parametrize("name", ["random", "random_whole"])
def test_torch_saves_nothing_for_backward_along_a_sequence(name: str) -> None:
    backend, case, saved = backends.load("torch", 1, "float64"), TASKS["copy_gru"], 0

    def pack(tensor):
        nonlocal saved
        saved += tensor.numel() * tensor.element_size()
        return tensor

    estimator = DirectionalDescent(candidate=RANDOM, window=4 if name == "random" else None)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        estimated(backend, case, estimator)
        assert saved == 0
        loss_of(backend, case)(
            {key: leaf.requires_grad_() for key, leaf in placed(backend, case.params()).items()}
        )
        assert saved > 0


@pytest.mark.parametrize(
    ("unit", "module"), [("gru", torch.nn.GRU), ("lstm", torch.nn.LSTM), ("tanh", torch.nn.RNN)]
)
def test_units_are_those_of_torch(backend: Backend, unit: str, module: Any) -> None:
    case = TASKS[f"rows_{unit}"]
    params = case.params()
    theirs = module(8, 4, batch_first=True).double()
    names = ("weight_in", "weight_recurrent", "bias_in", "bias_recurrent")
    for parameter, name in zip(theirs.parameters(), names, strict=True):
        parameter.data = torch.tensor(params[name].T)
    images, _ = case.batch()
    states, _ = theirs(torch.tensor(images))
    expected = states[:, -1].detach().numpy() @ params["weight_out"] + params["bias_out"]
    batch = tuple(backend.ops.asarray(array) for array in case.batch())
    found = case.problem.outputs(backend.ops, placed(backend, params), batch)
    np.testing.assert_allclose(backend.engine.to_numpy(found), expected, rtol=1e-10)
