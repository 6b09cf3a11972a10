from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from dirgrad.components.registry import component
from dirgrad.core.errors import UserError
from dirgrad.core.types import Splits, TargetKind

PIXELS = 8
"""Side of the original images."""
WHITE = 16
"""Largest pixel value of the original images."""


@component
class Digits:
    """The digits of scikit-learn: 1797 handwritten digits of 8 x 8 pixels.

    They come with scikit-learn and need no download. A seed splits them into 1200 digits for
    training, 300 for validation and 297 for testing.
    """

    target_kind: ClassVar[TargetKind] = "classes"
    num_outputs: ClassVar[int] = 10
    targets_per_example: ClassVar[int] = 1
    train_examples: ClassVar[int] = 1200
    valid_examples: ClassVar[int] = 300
    files: ClassVar[tuple[str, ...]] = ()
    split_seed: Annotated[int, Ge(0)] = 0
    """Seed of the split."""
    scaling: Literal["unit", "raw"] = "unit"
    """Range of the pixels: `unit` is [0, 1], `raw` is 0 to 16."""
    side: Literal[8, 28] = 8
    """Side of the images in pixels. 28 is the size of MNIST, for measurements without a download:
    each pixel is repeated three times in both directions, and a border of two pixels is added."""

    @property
    def example_shape(self) -> tuple[int, ...]:
        return self.side, self.side

    def load(self, directory: str | None) -> Splits:
        """Return images (n, side, side) with labels (n,)."""
        table = np.loadtxt(_table_path(), delimiter=",")
        images = table[:, :-1].reshape(-1, PIXELS, PIXELS)
        labels = table[:, -1].astype(np.int64)
        if self.scaling == "unit":
            images = images / WHITE
        if self.side != PIXELS:
            images = _enlarge(images)
        order = np.random.default_rng(self.split_seed).permutation(len(labels))
        ends = [self.train_examples, self.train_examples + self.valid_examples]
        train, valid, test = np.split(order, ends)
        return Splits(
            train=(images[train], labels[train]),
            valid=(images[valid], labels[valid]),
            test=(images[test], labels[test]),
        )


def _enlarge(images: np.ndarray) -> np.ndarray:
    """Enlarge images from (n, 8, 8) to (n, 28, 28)."""
    repeated = images.repeat(3, axis=1).repeat(3, axis=2)
    return np.pad(repeated, ((0, 0), (2, 2), (2, 2)))


def _table_path() -> Path:
    # sklearn.datasets.load_digits reads this file, but importing it takes three seconds.
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise UserError(
            "the digits come with scikit-learn, which is not installed: "
            "run `pip install scikit-learn`"
        )
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
