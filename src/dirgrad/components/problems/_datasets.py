"""Checks that a problem can be trained on a data set."""

from math import prod

from dirgrad.components import registry
from dirgrad.core.types import Dataset, Problem, TargetKind


def num_inputs(dataset: Dataset) -> int:
    """Return the number of entries of an example."""
    return prod(dataset.example_shape)


def check_targets(problem: Problem, kind: TargetKind, per_example: int | None = 1) -> None:
    """Check that the targets of the problem's data set fit the problem.

    Args:
        problem: Problem with a data set.
        kind: Kind of targets that the problem predicts.
        per_example: Number of targets per example, or None for any number.

    Raises:
        ValueError: The data set has other targets.
    """
    dataset = _dataset(problem)
    name, data = registry.kind(problem), registry.kind(dataset)
    if dataset.target_kind != kind:
        raise ValueError(
            f"problem '{name}' needs {kind} as targets, and data set '{data}' has "
            f"{dataset.target_kind}: choose another data set or another problem"
        )
    if per_example not in (None, dataset.targets_per_example):
        raise ValueError(
            f"problem '{name}' predicts {per_example} target per example, and data set '{data}' "
            f"has {dataset.targets_per_example}: choose another data set, or a problem for "
            "sequences, 'rnn' or 'transformer'"
        )


def check_axes(problem: Problem, axes: tuple[str, ...]) -> None:
    """Check that the examples of the problem's data set have the axes that the problem needs.

    Args:
        problem: Problem with a data set.
        axes: Names of the axes of an example.

    Raises:
        ValueError: The examples have another number of axes.
    """
    dataset = _dataset(problem)
    if len(dataset.example_shape) != len(axes):
        raise ValueError(
            f"problem '{registry.kind(problem)}' needs examples of shape ({', '.join(axes)}), and "
            f"those of data set '{registry.kind(dataset)}' have shape {dataset.example_shape}"
        )


def _dataset(problem: Problem) -> Dataset:
    assert problem.dataset is not None
    return problem.dataset
