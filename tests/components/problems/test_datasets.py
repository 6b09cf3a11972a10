"""A problem is trained on the data sets that suit it, and refuses the others in one sentence."""

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import ValidationError

from dirgrad.components.datasets.copy import Copy
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.datasets.photograph import Photograph
from dirgrad.components.problems.cnn import POOLED, SMALLEST_SIDES, Cnn
from dirgrad.components.problems.image_regression import ImageRegression
from dirgrad.components.problems.jax_tutorial import JaxTutorial
from dirgrad.components.problems.logistic_regression import LogisticRegression
from dirgrad.components.problems.mlp import Mlp
from dirgrad.components.problems.residual_cnn import ResidualCnn
from dirgrad.components.problems.rnn import Rnn
from dirgrad.components.problems.transformer import Transformer
from dirgrad.components.registry import component
from dirgrad.core.types import Backend, Problem, Splits, TargetKind
from support.cases import Case, loss_of, placed
from support.configuration import Mistake, assert_reported

MLP = "experiments.mlp.problem"


@component
class Noise:
    """Noise of a given shape, in three classes."""

    target_kind: ClassVar[TargetKind] = "classes"
    num_outputs: ClassVar[int] = 3
    targets_per_example: ClassVar[int] = 1
    train_examples: ClassVar[int] = 10
    files: ClassVar[tuple[str, ...]] = ()
    example_shape: tuple[int, ...] = (7,)
    """Shape of an example."""

    def load(self, directory: str | None) -> Splits:
        rng = np.random.default_rng(0)
        examples = rng.uniform(size=(self.train_examples, *self.example_shape))
        part = (examples, rng.integers(0, self.num_outputs, self.train_examples))
        return Splits(part, part, part)


UNSUITABLE: dict[str, tuple[Callable[[], Problem], str]] = {
    "classifier of values": (
        lambda: Mlp(dataset=Photograph()),
        "problem 'mlp' needs classes as targets, and data set 'photograph' has values",
    ),
    "convex classifier of values": (
        lambda: LogisticRegression(dataset=Photograph()),
        "problem 'logistic_regression' needs classes",
    ),
    "tutorial's classifier of values": (
        lambda: JaxTutorial(dataset=Photograph()),
        "problem 'jax_tutorial' needs classes",
    ),
    "regression of classes": (
        lambda: ImageRegression(dataset=Digits()),
        "problem 'image_regression' needs values as targets, and data set 'digits' has classes",
    ),
    "one answer where two are asked for": (
        lambda: Mlp(dataset=Copy(shown=2)),
        "predicts 1 target per example, and data set 'copy' has 2: choose another data set, or",
    ),
    "convolution of vectors": (
        lambda: Cnn(dataset=Noise()),
        "'cnn' needs examples of shape (height, width), and those of data set 'test_datasets' have "
        "shape (7,)",
    ),
    "rows of vectors": (
        lambda: Rnn(dataset=Noise()),
        "'rnn' needs examples of shape (steps, inputs)",
    ),
    "transformer of vectors": (
        lambda: Transformer(dataset=Noise()),
        "'transformer' needs examples of shape (steps, inputs)",
    ),
    "heads that do not share the width equally": (
        lambda: Transformer(dataset=Digits(), width=10, heads=4),
        "width 10 is not divisible by 4 heads: choose a multiple of 4 as width, or another number",
    ),
    "residual blocks of a row": (
        lambda: ResidualCnn(dataset=Noise(example_shape=(1, 13))),
        "images of 1 x 13 are too small, because the max-pooling needs 2 x 2: use larger images",
    ),
    "convolution of a row": (
        lambda: Cnn(dataset=Noise(example_shape=(1, 13))),
        "images of 1 x 13 are too small for padding 'same', which needs 4 x 4: use larger images",
    ),
    "convolution of digits without padding": (
        lambda: Cnn(dataset=Digits(), padding="valid"),
        "images of 8 x 8 are too small for padding 'valid', which needs 16 x 16: use 'same'",
    ),
    "convolution of a row without padding": (
        lambda: Cnn(dataset=Noise(example_shape=(1, 13)), padding="valid"),
        "which needs 16 x 16: use larger images",
    ),
}


@pytest.mark.parametrize("name", UNSUITABLE)
def test_an_unsuitable_data_set_is_refused_in_one_sentence(name: str) -> None:
    make, sentence = UNSUITABLE[name]
    with pytest.raises(ValidationError) as error:
        make()
    (mistake,) = error.value.errors()
    assert sentence in mistake["msg"]
    assert len(mistake["msg"].splitlines()) == 1


@pytest.mark.parametrize(
    "mistake",
    [
        Mistake(f"{MLP}.dataset", "photograph", "data set 'photograph' has values", MLP),
        Mistake(
            "experiments.mlp.problem",
            {"kind": "image_regression", "dataset": "digits", "hidden": [4]},
            "data set 'digits' has classes",
        ),
    ],
    ids=["mlp", "image_regression"],
)
def test_an_unsuitable_data_set_is_reported_with_file_and_key(mistake: Mistake) -> None:
    assert_reported(mistake)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_smallest_images_of_a_cnn_are_pooled_to_one_pixel(
    padding: Literal["same", "valid"],
) -> None:
    side = SMALLEST_SIDES[padding]
    assert len(POOLED) == 2
    network = Cnn(dataset=Noise(example_shape=(side, side)), padding=padding, channels=2, hidden=4)
    assert network._pooled_size(side) == 1
    assert network._pooled_size(side - 1) == 0
    with pytest.raises(ValidationError, match="too small"):
        Cnn(dataset=Noise(example_shape=(side, side - 1)), padding=padding)


@pytest.mark.parametrize(
    "make",
    [
        lambda shape: Mlp(dataset=Noise(example_shape=shape), hidden=(4,)),
        lambda shape: LogisticRegression(dataset=Noise(example_shape=shape)),
        lambda shape: Rnn(dataset=Noise(example_shape=shape), hidden=3, read="pixels"),
    ],
    ids=["mlp", "logistic_regression", "rnn by pixels"],
)
def test_the_loss_does_not_depend_on_the_shape_in_which_the_entries_come(
    backend: Backend, make: Callable[[tuple[int, ...]], Problem]
) -> None:
    losses = []
    for shape in ((6,), (2, 3), (1, 2, 3)):
        case = Case(make(shape), terms=0)
        losses.append(float(loss_of(backend, case)(placed(backend, case.params()))))
    assert losses[1:] == losses[:-1]
