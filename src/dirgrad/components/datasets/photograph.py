from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from PIL import Image

from dirgrad.components.registry import component
from dirgrad.core.errors import UserError
from dirgrad.core.types import Splits, TargetKind


@component
class Photograph:
    """The pixels of a photograph that comes with scikit-learn, a summer palace in China.

    The photograph is reduced to a square image by averaging over rectangles. An example is a
    pixel. Its two coordinates lie in [0, 1). The features are their sines and cosines after
    multiplication by pi, 2 pi, 4 pi and so on, and the targets are three colors in [0, 1]. A fixed
    seed assigns half of the pixels to training and a quarter each to validation and testing.
    """

    target_kind: ClassVar[TargetKind] = "values"
    num_outputs: ClassVar[int] = 3
    targets_per_example: ClassVar[int] = 1
    files: ClassVar[tuple[str, ...]] = ()
    side: Annotated[int, Ge(4)] = 64
    """Side of the reduced image in pixels."""
    octaves: Annotated[int, Ge(1)] = 5
    """Number of frequencies per coordinate."""

    @property
    def example_shape(self) -> tuple[int, ...]:
        """Number of features: sine and cosine of two coordinates at every frequency."""
        return (4 * self.octaves,)

    @property
    def train_examples(self) -> int:
        """Number of training examples: half of the pixels."""
        return self.side**2 // 2

    def load(self, directory: str | None) -> Splits:
        """Return features (n, 4 octaves) with colors (n, 3)."""
        colors = self._colors()
        features = self._features()
        order = np.random.default_rng(0).permutation(len(colors))
        ends = [self.train_examples, self.train_examples + self.side**2 // 4]
        train, valid, test = np.split(order, ends)
        return Splits(
            train=(features[train], colors[train]),
            valid=(features[valid], colors[valid]),
            test=(features[test], colors[test]),
        )

    def _colors(self) -> np.ndarray:
        """Return the colors of all pixels, row by row: (side^2, 3)."""
        with Image.open(_image_path()) as photograph:
            reduced = photograph.resize((self.side, self.side), Image.Resampling.BOX)
        return np.asarray(reduced).reshape(-1, 3) / 255

    def _features(self) -> np.ndarray:
        """Return the features of all pixels, row by row: (side^2, 4 octaves)."""
        ticks = np.arange(self.side) / self.side
        grid = np.meshgrid(ticks, ticks, indexing="ij")
        coordinates = np.stack(grid, axis=-1).reshape(-1, 2)
        frequencies = [np.pi * 2**octave for octave in range(self.octaves)]
        angles = np.concatenate([frequency * coordinates for frequency in frequencies], axis=1)
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _image_path() -> Path:
    # sklearn.datasets.load_sample_image reads this file, but importing it takes three seconds.
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise UserError(
            "the photograph comes with scikit-learn, which is not installed: "
            "run `pip install scikit-learn`"
        )
    return Path(spec.origin).parent / "datasets" / "images" / "china.jpg"
