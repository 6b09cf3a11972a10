"""Comparison of the arrays of a data set with the numbers that the component states."""

from collections.abc import Iterator

import numpy as np

from dirgrad.core.types import Dataset
from dirgrad.runs.check.findings import Finding


def data(dataset: Dataset) -> Iterator[Finding]:
    """Yield the checks of a data set.

    Raises:
        UserError: The data set is not available.
    """
    splits = dataset.load(None)
    examples = np.concatenate([part[0] for part in splits])
    targets = np.concatenate([part[1] for part in splits])
    shape = tuple(dataset.example_shape)
    yield _stated("shape of an example", shape, examples.shape[1:], "`example_shape`")
    count = len(splits.train[0])
    yield _stated("training examples", dataset.train_examples, count, "`train_examples`")
    infinite = int((~np.isfinite(examples)).sum())
    yield _stated("entries that are not finite", 0, infinite, "the examples")
    per_part = [len(part[0]) - len(part[1]) for part in splits]
    yield _stated("examples without a target", 0, max(map(abs, per_part)), "the targets")
    kind = "values" if targets.dtype.kind == "f" else "classes"
    yield _stated("kind of the targets", dataset.target_kind, kind, "`target_kind`")
    if kind == "values":
        yield _stated("values per example", dataset.num_outputs, targets.shape[1], "`num_outputs`")
        return
    count = targets.size // len(targets)
    yield _stated("targets per example", dataset.targets_per_example, count, "the targets")
    lowest, highest = int(targets.min()), int(targets.max())
    failure = ""
    if not 0 <= lowest <= highest < dataset.num_outputs:
        failure = (
            f"classes reach from {lowest} to {highest}, and {dataset.num_outputs} are stated: "
            "number them from 0, or correct `num_outputs`"
        )
    yield Finding("highest class", f"< {dataset.num_outputs}", highest, failure=failure)


def _stated(name: str, stated: object, measured: object, member: str) -> Finding:
    failure = ""
    if stated != measured:
        failure = f"{name}: {stated} stated, {measured} measured: correct {member}"
    return Finding(name, str(stated), str(measured), failure=failure)
