"""Examples of a data set without its division into splits."""

import numpy as np

from dirgrad.core.types import Splits


def join_splits(splits: Splits) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the labels of all splits, in the order of the splits."""
    images = np.concatenate([images for images, _ in splits])
    labels = np.concatenate([labels for _, labels in splits])
    return images, labels
