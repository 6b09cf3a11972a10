from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from dirgrad.catalogue import component
from dirgrad.errors import UserError
from dirgrad.types import Splits


@component
class Digits:
    """scikit-learn's digits: 1797 handwritten digits of 8 x 8 pixels, embedded. Split by a fixed seed into 1200
    for training, 300 for validation and 297 for testing."""

    height: ClassVar[int] = 8
    width: ClassVar[int] = 8
    classes: ClassVar[int] = 10
    answers: ClassVar[int] = 1
    train_examples: ClassVar[int] = 1200
    valid_examples: ClassVar[int] = 300
    files: ClassVar[tuple[str, ...]] = ()
    split_seed: Annotated[int, Ge(0)] = 0
    """The seed of the split."""
    scaling: Literal["unit", "raw"] = "unit"
    """Pixels in [0, 1], or 0 .. 16."""

    def load(self, directory: str | None) -> Splits:
        table = np.loadtxt(_file(), delimiter=",")
        images, labels = table[:, :-1].reshape(-1, self.height, self.width), table[:, -1].astype(np.int64)
        images = images if self.scaling == "raw" else images / 16
        order = np.random.default_rng(self.split_seed).permutation(len(labels))
        parts = np.split(order, [self.train_examples, self.train_examples + self.valid_examples])
        return Splits(*((images[rows], labels[rows]) for rows in parts))


def _file() -> Path:
    """The table that scikit-learn ships, which sklearn.datasets.load_digits reads: importing that takes three seconds."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise UserError("the digits come with scikit-learn, which is not installed: run `pip install scikit-learn`")
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
