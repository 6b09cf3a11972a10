"""The photograph is the sample image of scikit-learn, reduced to a small square."""

import numpy as np

from dirgrad.components.datasets.photograph import Photograph
from support.splits import join_splits

SIDE = 8


def pixel_indices(features: np.ndarray, axis: int) -> np.ndarray:
    """Compute the row (axis 0) or the column (axis 1) of each pixel from sine and cosine."""
    sines = features[:, axis]
    cosines = features[:, 2 + axis]
    coordinates = np.arctan2(sines, cosines) / np.pi
    return (coordinates * SIDE).round()


def test_the_photograph_has_the_colors_of_the_original_of_scikit_learn() -> None:
    # The import takes three seconds, which other tests of this process do not need.
    from sklearn.datasets import load_sample_image

    splits = Photograph(side=SIDE, octaves=1).load(None)
    assert [len(features) for features, _ in splits] == [32, 16, 16]

    features, colors = join_splits(splits)
    rows = pixel_indices(features, axis=0)
    columns = pixel_indices(features, axis=1)
    row_by_row = np.lexsort((columns, rows))
    image = colors[row_by_row].reshape(SIDE, SIDE, 3)
    original = load_sample_image("china.jpg").astype(float) / 255

    mean_difference = image.mean(axis=(0, 1)) - original.mean(axis=(0, 1))
    assert np.abs(mean_difference).max() < 0.005
    corner_of_original = original[:53, :80].mean(axis=(0, 1))
    assert np.abs(image[0, 0] - corner_of_original).max() < 0.02
