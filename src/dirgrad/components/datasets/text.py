import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le

from dirgrad.components.registry import component
from dirgrad.core.errors import UserError
from dirgrad.core.types import Splits, TargetKind

FILE = Path(__file__).with_name("shakespeare.txt.gz")
"""The first 300,000 characters of the plays in `data/tinyshakespeare/input.txt` of
github.com/karpathy/char-rnn (commit 6f9487a6, MIT license). The plays are in the public domain."""
SHA256 = "8a73136f699d7ed17260b916b0797fafdfe6213bbbcf1914ba5327134b7c863e"
"""Checksum of the uncompressed bytes."""
CHARACTERS = "\n !&',-.:;?ABCDEFGHIJKLMNOPQRSTUVWYZabcdefghijklmnopqrstuvwxyz"
"""Characters that occur in the text, in the order of their codes."""
TRAIN_CHARACTERS = 270_000
VALID_CHARACTERS = 15_000


@component
class Text:
    """The characters of plays by Shakespeare, each predicted from the characters before it.

    The text comes with this package. It has 300,000 characters, 62 of them different. An example is
    a window of consecutive characters in one-hot encoding. The target of a character is the next
    one. Windows do not overlap. The first 270,000 characters are for training, the next 15,000
    for validation and the last 15,000 for testing.
    """

    target_kind: ClassVar[TargetKind] = "classes"
    num_outputs: ClassVar[int] = len(CHARACTERS)
    files: ClassVar[tuple[str, ...]] = ()
    context: Annotated[int, Ge(1), Le(1024)] = 64
    """Length of a window in characters."""

    @property
    def example_shape(self) -> tuple[int, ...]:
        """Number of characters of a window, and number of different characters."""
        return self.context, len(CHARACTERS)

    @property
    def targets_per_example(self) -> int:
        """Number of targets, which equals the length of a window."""
        return self.context

    @property
    def train_examples(self) -> int:
        """Number of windows in the text for training."""
        return (TRAIN_CHARACTERS - 1) // self.context

    def load(self, directory: str | None) -> Splits:
        """Return windows (n, context, characters) in float32 with labels (n, context)."""
        codes = _codes()
        ends = [TRAIN_CHARACTERS, TRAIN_CHARACTERS + VALID_CHARACTERS]
        train, valid, test = (self._windows(part) for part in np.split(codes, ends))
        return Splits(train, valid, test)

    def _windows(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cut the numbers of consecutive characters (n,) into windows with their targets."""
        num_windows = (len(codes) - 1) // self.context
        length = num_windows * self.context
        labels = codes[1 : length + 1].reshape(-1, self.context)
        examples = np.eye(len(CHARACTERS), dtype=np.float32)[codes[:length]]
        return examples.reshape(-1, *self.example_shape), labels


def _codes() -> np.ndarray:
    """Return the position of every character of the text in CHARACTERS: int64."""
    numbers = np.zeros(128, np.int64)
    numbers[np.frombuffer(CHARACTERS.encode("ascii"), np.uint8)] = np.arange(len(CHARACTERS))
    return numbers[np.frombuffer(_read(), np.uint8)]


def _read() -> bytes:
    """Return the bytes of the text.

    Raises:
        UserError: The file is missing, or it is not the original.
    """
    try:
        content = gzip.decompress(FILE.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"{FILE}: the text cannot be read ({error}): install dirgrad again"
        ) from error
    checksum = hashlib.sha256(content).hexdigest()
    if checksum != SHA256:
        raise UserError(
            f"{FILE}: the file is not the original (sha256 {checksum}, expected {SHA256}): "
            "install dirgrad again"
        )
    return content
