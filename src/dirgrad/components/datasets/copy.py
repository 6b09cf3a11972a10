from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core.types import Splits


@component
class Copy:
    """The copy problem: symbols are shown, then nothing, then they are asked for in their order. Made by a fixed seed.

    A step shows a symbol as one of so many inputs, and the question on an input of its own. One who has no memory, or has not
    yet learnt to use it, is left with a loss of ln(symbols).
    """

    files: ClassVar[tuple[str, ...]] = ()
    train_examples: ClassVar[int] = 4000
    symbols: Annotated[int, Ge(2)] = 4
    """How many different ones there are."""
    shown: PositiveInt = 1
    """How many are shown, and asked for."""
    delay: Annotated[int, Ge(0)] = 10
    """Steps between the last shown and the first asked for."""

    @property
    def height(self) -> int:
        """T = shown + delay + shown."""
        return 2 * self.shown + self.delay

    @property
    def width(self) -> int:
        """Inputs at a step."""
        return self.symbols + 1

    @property
    def classes(self) -> int:
        """As many as symbols."""
        return self.symbols

    @property
    def answers(self) -> int:
        """As many as are shown."""
        return self.shown

    def load(self, directory: str | None) -> Splits:
        examples = self.train_examples + 1000
        labels = np.random.default_rng(0).integers(0, self.symbols, (examples, self.shown))
        images = np.zeros((examples, self.height, self.width))
        images[:, : self.shown, : self.symbols] = np.eye(self.symbols)[labels]
        images[:, self.shown + self.delay :, self.symbols] = 1.0
        parts = np.split(np.arange(examples), [self.train_examples, self.train_examples + 500])
        return Splits(*((images[rows], labels[rows]) for rows in parts))
