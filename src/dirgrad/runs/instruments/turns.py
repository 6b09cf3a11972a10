"""Steps that the timed calls take in turn, so that the mean of a round is the mean of the law.

A law that chooses a group of parameters makes some steps dearer than others. Each group then occurs
among the steps as often as its probability says. Otherwise the mean time of a few random steps
would differ from the mean of the law by several percent, and between frameworks.
"""

from collections.abc import Sequence

import numpy as np

from dirgrad.core import steps, tree
from dirgrad.core.directions import GroupDirection, shapes
from dirgrad.core.types import Array, Backend, Estimator, Params
from dirgrad.runs.instruments.workload import Workload, random_key

SEED = 0
"""Seed of the trial whose steps are timed."""
MOST = 60
"""Number of steps if all cost alike. If they differ, the largest number, or one per group."""
FEWEST = 12
"""Smallest number of steps."""
CANDIDATES = 20
"""Number of steps whose group is drawn, per step that is taken."""


def costs_differ(estimator: Estimator) -> bool:
    """Return whether the cost of a step depends on its direction."""
    return isinstance(estimator.direction, GroupDirection) and estimator.num_directions == 1


def group_probabilities(estimator: Estimator, params: Params) -> tuple[float, ...]:
    """Return the probabilities of the groups that the law chooses from, () for other laws.

    Every direction has these probabilities, also one of several. An estimator with a state has them
    in its first step.

    Raises:
        NotImplementedError: The parameters do not fit the options of the law.
    """
    law = estimator.direction
    if not isinstance(law, GroupDirection):
        return ()
    return tuple(group.probability for group in law.groups(shapes(params)))


def step_indices(backend: Backend, workload: Workload, estimator: Estimator) -> list[int]:
    """Return the indices of the steps that are timed in turn.

    Raises:
        NotImplementedError: The parameters do not fit the options of the law.
    """
    if not costs_differ(estimator):
        return list(range(MOST))
    counts = occurrences(np.array(group_probabilities(estimator, workload.params)))
    groups = _chosen_groups(backend, workload, estimator, CANDIDATES * int(counts.sum()))
    return balanced(groups, counts)


def occurrences(probabilities: np.ndarray) -> np.ndarray:
    """Return the number of steps in which each group occurs, (groups,).

    The shares of the groups are near their probabilities. The total number of steps is the smallest
    one with the smallest error, to a thousandth of the steps.

    Args:
        probabilities: Probabilities of the groups, (groups,).
    """

    def counts(n: int) -> np.ndarray:
        """Return the whole numbers with the sum n that are nearest to n p."""
        whole: np.ndarray = np.floor(n * probabilities).astype(int)
        rest = n * probabilities - whole
        whole[np.argsort(-rest, kind="stable")[: n - whole.sum()]] += 1
        return whole

    def error(n: int) -> float:
        return round(float(abs(counts(n) / n - probabilities).sum()), 3)

    most = max(MOST, len(probabilities))
    return counts(min(range(FEWEST, most + 1), key=error))


def balanced(groups: Sequence[int] | np.ndarray, counts: np.ndarray) -> list[int]:
    """Return the positions of the first `counts[i]` occurrences of each group i, in order.

    A group that occurs too rarely is replaced by the first positions that are left.

    Args:
        groups: Number of the group at each position: (positions,).
        counts: Wanted number of occurrences of each group: (groups,).
    """
    groups = np.asarray(groups)
    wanted = [np.flatnonzero(groups == i)[:count] for i, count in enumerate(counts)]
    taken = np.concatenate(wanted)
    left = np.setdiff1d(np.arange(len(groups)), taken)[: counts.sum() - len(taken)]
    positions: list[int] = np.sort(np.concatenate([taken, left])).tolist()
    return positions


def _chosen_groups(
    backend: Backend, workload: Workload, estimator: Estimator, num_steps: int
) -> np.ndarray:
    """Return the number of the group that each of the first steps chooses: (num_steps,)."""
    ops, trial_key = backend.ops, random_key(backend, SEED)

    def chosen_group(index: Array) -> Array:
        key = ops.fold_in(trial_key, index)
        direction = steps.direction_sampler(ops, estimator, key, workload.params)(0)
        choice = tree.choice(direction)
        if choice is None:
            raise TypeError("a law with groups draws leaves of the class `ChosenArray`")
        return choice.index

    lanes = backend.engine.vmap_trials(chosen_group, (), num_steps)
    return backend.engine.to_numpy(lanes(ops.arange(num_steps)))
