from typing import ClassVar, Literal

import numpy as np

from dirgrad.components.datasets import _download
from dirgrad.components.registry import component
from dirgrad.core.types import Splits

HEADER_BYTES = {"images": 16, "labels": 8}
MEAN, DEVIATION = 0.1307, 0.3081
FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""The four files and the md5 sums of their uncompressed bytes."""


@component
class Mnist:
    """MNIST (LeCun, Cortes and Burges): 70,000 handwritten digits of 28 x 28 pixels; the last 10,000 of the 60,000
    training images are held out for validation. Read from `data_directory`, else downloaded; verified by checksum."""

    height: ClassVar[int] = 28
    width: ClassVar[int] = 28
    classes: ClassVar[int] = 10
    answers: ClassVar[int] = 1
    train_examples: ClassVar[int] = 50_000
    files: ClassVar[tuple[str, ...]] = tuple(FILES)
    scaling: Literal["unit", "symmetric", "standardized", "raw"] = "unit"
    """Pixels in [0, 1], in [-1, 1], of mean 0 and deviation 1 over the training set, or 0 .. 255; the paper's is not known."""

    def load(self, directory: str | None) -> Splits:
        images, labels, test_images, test_labels = (
            np.frombuffer(
                _download.verified(name, md5, directory),
                np.uint8,
                offset=HEADER_BYTES[name.split("-")[1]],
            )
            for name, md5 in FILES.items()
        )
        train = self.train_examples
        images, test_images = self._scaled(images), self._scaled(test_images)
        return Splits(
            train=(images[:train], labels[:train].astype(np.int64)),
            valid=(images[train:], labels[train:].astype(np.int64)),
            test=(test_images, test_labels.astype(np.int64)),
        )

    def _scaled(self, pixels: np.ndarray) -> np.ndarray:
        raw = pixels.reshape(-1, self.height, self.width).astype(np.float32)
        if self.scaling == "raw":
            return raw
        unit = raw / 255
        return {"unit": unit, "symmetric": unit * 2 - 1, "standardized": (unit - MEAN) / DEVIATION}[
            self.scaling
        ]
