"""The digits are the images of scikit-learn, in an order that depends only on a seed."""

import numpy as np
import pytest

from dirgrad.components.datasets.digits import Digits
from dirgrad.core.errors import UserError
from support.splits import join_splits


def test_the_digits_equal_the_originals_of_scikit_learn_in_the_order_of_the_seed() -> None:
    # The import takes three seconds, which other tests of this process do not need.
    from sklearn.datasets import load_digits

    original = load_digits()
    order = np.random.default_rng(0).permutation(1797)
    images, labels = join_splits(Digits().load(None))
    assert np.array_equal(images, original.images[order] / 16)
    assert np.array_equal(labels, original.target[order])


def test_the_splits_have_1200_300_and_297_digits() -> None:
    dataset = Digits()
    shapes = [(images.shape, labels.shape) for images, labels in dataset.load(None)]
    expected = [((n, *dataset.example_shape), (n,)) for n in (1200, 300, 297)]
    assert shapes == expected
    assert dataset.train_examples == 1200


def test_pixels_lie_between_0_and_1_and_labels_are_ten_integers() -> None:
    images, labels = join_splits(Digits().load(None))
    assert (images.min(), images.max()) == (0.0, 1.0)
    assert set(labels) == set(range(Digits().num_outputs))
    assert labels.dtype.kind == "i"


def test_raw_pixels_are_sixteen_times_the_unit_pixels() -> None:
    raw_images, _ = Digits(scaling="raw").load(None).train
    unit_images, _ = Digits(scaling="unit").load(None).train
    np.testing.assert_array_equal(raw_images, 16 * unit_images)
    assert raw_images.max() == 16


def test_the_split_depends_only_on_its_seed() -> None:
    first, repeated, reseeded = (
        join_splits(Digits(split_seed=seed).load(None))[0] for seed in (3, 3, 4)
    )
    assert np.array_equal(first, repeated)
    assert not np.array_equal(first, reseeded)
    assert sorted(map(bytes, first)) == sorted(map(bytes, reseeded))


def test_without_scikit_learn_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dirgrad.components.datasets.digits.find_spec", lambda name: None)
    with pytest.raises(UserError, match="run `pip install scikit-learn`"):
        Digits().load(None)
