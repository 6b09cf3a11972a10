"""One optimiser step, as a pure function of state, trial, index and minibatch."""

import numpy as np

from dirgrad import criterion
from dirgrad.types import Array, Batch, Estimator, Key, Ops, Optimizer, Params, Problem, Source, State, Step, Trial


def source(ops: Ops, estimator: Estimator, key: Key, params: Params) -> Source:
    """The directions of one step: the j-th is drawn from the j-th key when it is asked for."""
    return lambda j: estimator.direction.draw(ops, ops.fold_in(key, j), params)  # type: ignore[union-attr]


def make(ops: Ops, problem: Problem, estimator: Estimator, optimizer: Optimizer, decay: float) -> Step:
    """estimate, then update, at the rate eta_i = eta_0 exp(-decay i) of step i (Baydin et al. 2022: decay = 1e-4)."""

    def step(state: State, trial: Trial, index: Array, batch: Batch) -> tuple[State, Array]:
        directions = source(ops, estimator, ops.fold_in(trial.key, index), state.params)
        found = estimator.estimate(ops, lambda p: criterion.loss(problem, ops, p, batch), state.params, directions)
        rate = trial.rate * ops.exp(-ops.constant(np.array(decay), trial.rate) * index)
        return State(*optimizer.update(ops, state.params, found, state.memory, rate)), found.loss

    return step
