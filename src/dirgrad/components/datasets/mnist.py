from typing import ClassVar, Literal

import numpy as np

from dirgrad.components.datasets import _download
from dirgrad.components.registry import component
from dirgrad.core.types import Splits, TargetKind

HEADER_BYTES = {"images": 16, "labels": 8}
MEAN = 0.1307
"""Mean of the training pixels in [0, 1]."""
STANDARD_DEVIATION = 0.3081
"""Standard deviation of the training pixels in [0, 1]."""
FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""File names, and md5 checksums of the uncompressed bytes."""


@component
class Mnist:
    """MNIST (LeCun, Cortes and Burges): 70,000 handwritten digits of 28 x 28 pixels.

    The last 10,000 of the 60,000 training images are held out for validation. The files are read
    from `data_directory` or else downloaded, and verified by checksum.
    """

    example_shape: ClassVar[tuple[int, ...]] = (28, 28)
    target_kind: ClassVar[TargetKind] = "classes"
    num_outputs: ClassVar[int] = 10
    targets_per_example: ClassVar[int] = 1
    train_examples: ClassVar[int] = 50_000
    files: ClassVar[tuple[str, ...]] = tuple(FILES)
    scaling: Literal["unit", "symmetric", "standardized", "raw"] = "unit"
    """Range of the pixels: `unit` is [0, 1], `symmetric` is [-1, 1], `standardized` has mean 0 and
    standard deviation 1 over the training set, and `raw` is 0 to 255. The scaling that Baydin et
    al. used is unknown to us."""

    def load(self, directory: str | None) -> Splits:
        """Return images (n, 28, 28) in float32 with labels (n,)."""
        images, labels, test_images, test_labels = (
            _read_array(name, md5, directory) for name, md5 in FILES.items()
        )
        images = self._scaled(images)
        test_images = self._scaled(test_images)
        labels = labels.astype(np.int64)
        test_labels = test_labels.astype(np.int64)
        n = self.train_examples
        return Splits(
            train=(images[:n], labels[:n]),
            valid=(images[n:], labels[n:]),
            test=(test_images, test_labels),
        )

    def _scaled(self, pixels: np.ndarray) -> np.ndarray:
        raw = pixels.reshape(-1, *self.example_shape).astype(np.float32)
        if self.scaling == "raw":
            return raw
        unit = raw / 255
        if self.scaling == "symmetric":
            return unit * 2 - 1
        if self.scaling == "standardized":
            return (unit - MEAN) / STANDARD_DEVIATION
        return unit


def _read_array(name: str, md5: str, directory: str | None) -> np.ndarray:
    content = _download.read_verified(name, md5, directory)
    content_type = name.split("-")[1]
    return np.frombuffer(content, np.uint8, offset=HEADER_BYTES[content_type])
