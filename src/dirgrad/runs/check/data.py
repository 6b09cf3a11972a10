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
    shape = (dataset.height, dataset.width)
    images = np.concatenate([part[0] for part in splits])
    labels = np.concatenate([part[1] for part in splits])
    yield _stated("shape of an image", shape, images.shape[1:], "`height` and `width`")
    count = len(splits.train[0])
    yield _stated("training examples", dataset.train_examples, count, "`train_examples`")
    finite = int(np.isfinite(images).all())
    yield _stated("pixels are finite", 1, finite, "the images")
    per_part = [len(part[0]) - len(part[1]) for part in splits]
    yield _stated("images without a label", 0, max(map(abs, per_part)), "the labels")
    if labels.dtype.kind == "f":
        outputs = labels.shape[1]
        yield _stated("values per example", dataset.classes, outputs, "`classes`")
        return
    per_image = labels.size // len(labels)
    yield _stated("labels per image", dataset.labels_per_image, per_image, "`labels_per_image`")
    highest = max(int(labels.max()), -int(labels.min()) * dataset.classes)
    failure = ""
    if not 0 <= highest < dataset.classes:
        failure = (
            f"labels reach from {labels.min()} to {labels.max()}, and {dataset.classes} classes "
            "are stated: number them from 0, or correct `classes`"
        )
    yield Finding("highest label", f"< {dataset.classes}", highest, failure=failure)


def _stated(name: str, stated: object, measured: object, member: str) -> Finding:
    failure = ""
    if stated != measured:
        failure = f"{name}: {stated} stated, {measured} measured: correct {member}"
    return Finding(name, str(stated), str(measured), failure=failure)
