from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from PIL import Image

from dirgrad.components.registry import component
from dirgrad.core.errors import UserError
from dirgrad.core.types import Splits


@component
class Photograph:
    """The pixels of a photograph that scikit-learn ships, a summer palace in China, made smaller by means over rectangles.

    An example is a pixel: from sin and cos of its two coordinates in [0, 1) times pi, 2 pi, 4 pi, ... to its three colours in
    [0, 1]. Split by a fixed seed: half of the pixels for training, a quarter each for validation and testing.
    """

    height: ClassVar[int] = 1
    classes: ClassVar[int] = 3
    answers: ClassVar[int] = 1
    files: ClassVar[tuple[str, ...]] = ()
    side: Annotated[int, Ge(4)] = 64
    """Pixels of a side of the smaller image."""
    octaves: Annotated[int, Ge(1)] = 5
    """How many frequencies the coordinates are given at."""

    @property
    def width(self) -> int:
        """sin and cos of two coordinates, at every frequency."""
        return 4 * self.octaves

    @property
    def train_examples(self) -> int:
        """Half of the pixels."""
        return self.side**2 // 2

    def load(self, directory: str | None) -> Splits:
        with Image.open(_file()) as photograph:
            colours = (
                np.asarray(photograph.resize((self.side, self.side), Image.Resampling.BOX)).reshape(
                    -1, 3
                )
                / 255
            )
        places = np.stack(
            np.meshgrid(*[np.arange(self.side) / self.side] * 2, indexing="ij"), axis=-1
        ).reshape(-1, 2)
        angles = np.concatenate(
            [np.pi * 2**octave * places for octave in range(self.octaves)], axis=1
        )
        features = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, None, :]
        order = np.random.default_rng(0).permutation(len(colours))
        parts = np.split(order, [self.train_examples, self.train_examples + self.side**2 // 4])
        return Splits(*((features[rows], colours[rows]) for rows in parts))


def _file() -> Path:
    """The image that sklearn.datasets.load_sample_image reads: importing that takes three seconds."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise UserError(
            "the photograph comes with scikit-learn, which is not installed: run `pip install scikit-learn`"
        )
    return Path(spec.origin).parent / "datasets" / "images" / "china.jpg"
