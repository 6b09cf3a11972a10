"""Small files in the format of MNIST, which replace the originals in tests."""

import numpy as np

TRAIN_EXAMPLES = 5
VALID_EXAMPLES = 3
TEST_EXAMPLES = 4
TRAIN_FILE_EXAMPLES = TRAIN_EXAMPLES + VALID_EXAMPLES

SIDE = 28
IMAGES_MAGIC_NUMBER = 2051
LABELS_MAGIC_NUMBER = 2049


def _images_file(count: int) -> bytes:
    """Return a file of black images, except for two corners.

    The first pixel is white. The last pixel is the index of the image.
    """
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    images[:, 0, 0] = 255
    images[:, -1, -1] = np.arange(count)
    header = np.array([IMAGES_MAGIC_NUMBER, count, SIDE, SIDE], ">i4")
    return header.tobytes() + images.tobytes()


def _labels_file(count: int) -> bytes:
    """Return a file of labels. Each label is the index of its image."""
    header = np.array([LABELS_MAGIC_NUMBER, count], ">i4")
    return header.tobytes() + np.arange(count, dtype=np.uint8).tobytes()


def small_mnist_files() -> dict[str, bytes]:
    """Return the contents of the four files by file name."""
    return {
        "train-images-idx3-ubyte": _images_file(TRAIN_FILE_EXAMPLES),
        "train-labels-idx1-ubyte": _labels_file(TRAIN_FILE_EXAMPLES),
        "t10k-images-idx3-ubyte": _images_file(TEST_EXAMPLES),
        "t10k-labels-idx1-ubyte": _labels_file(TEST_EXAMPLES),
    }
