from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from dirgrad.components.registry import component
from dirgrad.core.errors import UserError
from dirgrad.core.types import Splits

PIXELS = 8


@component
class Digits:
    """scikit-learn's digits: 1797 handwritten digits of 8 x 8 pixels, embedded. Split by a fixed seed into 1200
    for training, 300 for validation and 297 for testing."""

    classes: ClassVar[int] = 10
    answers: ClassVar[int] = 1
    train_examples: ClassVar[int] = 1200
    valid_examples: ClassVar[int] = 300
    files: ClassVar[tuple[str, ...]] = ()
    split_seed: Annotated[int, Ge(0)] = 0
    """The seed of the split."""
    scaling: Literal["unit", "raw"] = "unit"
    """Pixels in [0, 1], or 0 .. 16."""
    side: Literal[8, 28] = 8
    """28: every pixel three times either way, in a border of two. The size of MNIST, for measurements where no file is to be
    had."""

    @property
    def height(self) -> int:
        return self.side

    @property
    def width(self) -> int:
        return self.side

    def load(self, directory: str | None) -> Splits:
        table = np.loadtxt(_file(), delimiter=",")
        images, labels = table[:, :-1].reshape(-1, PIXELS, PIXELS), table[:, -1].astype(np.int64)
        images = images if self.scaling == "raw" else images / 16
        images = images if self.side == PIXELS else _magnified(images)
        order = np.random.default_rng(self.split_seed).permutation(len(labels))
        parts = np.split(order, [self.train_examples, self.train_examples + self.valid_examples])
        return Splits(*((images[rows], labels[rows]) for rows in parts))


def _magnified(images: np.ndarray) -> np.ndarray:
    """(n, 8, 8) -> (n, 28, 28)."""
    return np.pad(images.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))


def _file() -> Path:
    """The table that scikit-learn ships, which sklearn.datasets.load_digits reads: importing that takes three seconds."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise UserError(
            "the digits come with scikit-learn, which is not installed: run `pip install scikit-learn`"
        )
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
