from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core.types import Splits, TargetKind

VALID_EXAMPLES = 500
TEST_EXAMPLES = 500


@component
class Copy:
    """The copy problem: a network sees symbols, waits, and repeats the symbols in order.

    A step shows a symbol in one-hot encoding. One more input is 1 at the steps that ask for an
    answer. The loss is ln(symbols) for a network without memory, or before training has taught
    it to use its memory. A fixed seed draws the symbols.
    """

    files: ClassVar[tuple[str, ...]] = ()
    target_kind: ClassVar[TargetKind] = "classes"
    train_examples: ClassVar[int] = 4000
    symbols: Annotated[int, Ge(2)] = 4
    """Number of different symbols."""
    shown: PositiveInt = 1
    """Number of symbols shown, and of answers asked for."""
    delay: Annotated[int, Ge(0)] = 10
    """Number of steps between the last symbol shown and the first answer."""

    @property
    def example_shape(self) -> tuple[int, ...]:
        """Number of steps, T = shown + delay + shown, and number of inputs of a step."""
        return 2 * self.shown + self.delay, self.symbols + 1

    @property
    def num_outputs(self) -> int:
        """Number of classes, which equals the number of symbols."""
        return self.symbols

    @property
    def targets_per_example(self) -> int:
        """Number of answers, which equals the number of symbols shown."""
        return self.shown

    def load(self, directory: str | None) -> Splits:
        """Return sequences (n, steps, inputs) with labels (n, shown)."""
        num_examples = self.train_examples + VALID_EXAMPLES + TEST_EXAMPLES
        rng = np.random.default_rng(0)
        labels = rng.integers(0, self.symbols, (num_examples, self.shown))
        sequences = np.zeros((num_examples, *self.example_shape))
        sequences[:, : self.shown, : self.symbols] = np.eye(self.symbols)[labels]
        sequences[:, self.shown + self.delay :, self.symbols] = 1.0
        ends = [self.train_examples, self.train_examples + VALID_EXAMPLES]
        train, valid, test = np.split(np.arange(num_examples), ends)
        return Splits(
            train=(sequences[train], labels[train]),
            valid=(sequences[valid], labels[valid]),
            test=(sequences[test], labels[test]),
        )
