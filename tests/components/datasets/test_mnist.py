"""MNIST is read from four files, split into training, validation and test, and scaled."""

import gzip
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dirgrad.components import data_files
from dirgrad.components.datasets import mnist
from dirgrad.components.datasets.mnist import Mnist
from dirgrad.core.errors import UserError
from support.mnist_files import TEST_EXAMPLES, TRAIN_EXAMPLES, TRAIN_FILE_EXAMPLES
from support.paths import ROOT

FILE_NAMES = tuple(mnist.FILES)


def directory_of_the_originals() -> str | None:
    """Return the directory of the original files, or None if this machine has none."""
    directory = os.environ.get(data_files.DATA_VARIABLE)
    if directory:
        return directory
    shared = ROOT.parent / "shared" / "data" / "mnist"
    return str(shared) if shared.is_dir() else None


# A fixture removes the variable from the environment during the tests.
ORIGINALS = directory_of_the_originals()


@pytest.fixture(scope="module")
def mnist_directory(
    mnist_files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a directory with the small files, uncompressed."""
    directory = tmp_path_factory.mktemp("mnist")
    for name, content in mnist_files.items():
        (directory / name).write_bytes(content)
    return directory


@pytest.fixture
def _mnist_expects_small_files(
    mnist_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make MNIST accept the checksums and the size of the small files."""
    monkeypatch.setattr(Mnist, "train_examples", TRAIN_EXAMPLES)
    for name, content in mnist_files.items():
        monkeypatch.setitem(mnist.FILES, name, hashlib.md5(content).hexdigest())


@pytest.mark.usefixtures("_mnist_expects_small_files")
def test_the_last_training_images_are_for_validation_and_the_test_files_for_testing(
    mnist_directory: Path,
) -> None:
    splits = Mnist(scaling="raw").load(str(mnist_directory))
    image_indices = [
        list(range(TRAIN_EXAMPLES)),
        list(range(TRAIN_EXAMPLES, TRAIN_FILE_EXAMPLES)),
        list(range(TEST_EXAMPLES)),
    ]
    assert [labels.tolist() for _, labels in splits] == image_indices
    assert [images[:, -1, -1].tolist() for images, _ in splits] == image_indices
    assert all((images[:, 0, 0] == 255).all() for images, _ in splits)


@pytest.mark.usefixtures("_mnist_expects_small_files")
def test_compressed_files_are_read(mnist_files: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in mnist_files.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    test_images, _ = Mnist().load(str(tmp_path)).test
    assert len(test_images) == TEST_EXAMPLES


@pytest.mark.usefixtures("_mnist_expects_small_files")
def test_files_are_read_from_the_directory_in_the_environment(
    mnist_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(data_files.DATA_VARIABLE, str(mnist_directory))
    test_images, _ = Mnist().load(None).test
    assert len(test_images) == TEST_EXAMPLES


@pytest.mark.usefixtures("_mnist_expects_small_files")
def test_the_error_names_the_only_file_that_is_missing(
    mnist_directory: Path, tmp_path: Path
) -> None:
    *complete, missing = FILE_NAMES
    for name in complete:
        (tmp_path / name).symlink_to(mnist_directory / name)
    with pytest.raises(UserError, match=f"{missing}.gz: no such file"):
        Mnist().load(str(tmp_path))


def test_the_error_names_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        Mnist().load(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("scaling", "black", "white"),
    [
        ("raw", 0.0, 255.0),
        ("unit", 0.0, 1.0),
        ("symmetric", -1.0, 1.0),
        ("standardized", -0.1307 / 0.3081, 0.8693 / 0.3081),
    ],
)
def test_black_and_white_have_the_values_of_the_scaling(
    scaling: Any, black: float, white: float
) -> None:
    pixels = np.repeat(np.array([0, 255], np.uint8), 28 * 28)
    images = Mnist(scaling=scaling)._scaled(pixels)
    assert images.shape == (2, 28, 28)
    assert np.allclose(images[0], black)
    assert np.allclose(images[1], white)


@pytest.mark.skipif(
    ORIGINALS is None,
    reason=f"MNIST is missing: set {data_files.DATA_VARIABLE} to its directory",
)
def test_the_original_files_have_the_sizes_labels_and_pixel_moments_of_mnist() -> None:
    splits = Mnist(scaling="standardized").load(ORIGINALS)
    assert [len(labels) for _, labels in splits] == [50_000, 10_000, 10_000]
    train_images, train_labels = splits.train
    _, test_labels = splits.test
    assert train_labels[:4].tolist() == [5, 0, 4, 1]
    assert test_labels[:4].tolist() == [7, 2, 1, 0]
    assert abs(train_images.mean(dtype=np.float64)) < 0.01
    assert abs(train_images.std(dtype=np.float64) - 1) < 0.01


LAYOUTS = {
    "dotted names": "{stem}.idx{ending}",
    "dotted names, compressed": "{stem}.idx{ending}.gz",
    "the folder of torchvision": "MNIST/raw/{stem}-idx{ending}",
    "unpacked with the suffix gz": "{stem}-idx{ending}.gz",
}
"""Names of the files in other layouts."""


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.usefixtures("_mnist_expects_small_files")
def test_files_in_another_layout_are_read(
    layout: str, mnist_files: dict[str, bytes], tmp_path: Path
) -> None:
    for name, content in mnist_files.items():
        stem, _, ending = name.rpartition("-idx")
        path = tmp_path / LAYOUTS[layout].format(stem=stem, ending=ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if layout.endswith("compressed") else content)
    assert len(Mnist().load(str(tmp_path)).train[0]) == TRAIN_EXAMPLES


@pytest.mark.usefixtures("_mnist_expects_small_files")
def test_a_damaged_copy_does_not_hide_a_good_one(
    mnist_files: dict[str, bytes], tmp_path: Path
) -> None:
    for name, content in mnist_files.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content)[:-9])
    assert len(Mnist().load(str(tmp_path)).train[0]) == TRAIN_EXAMPLES
