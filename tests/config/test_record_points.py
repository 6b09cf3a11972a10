"""A training records its curve often at the beginning and regularly to the last step."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirgrad.components import registry
from dirgrad.config.settings import Training


def record_points(steps: int, record_every: int) -> list[int]:
    training = Training(
        problem=registry.parse("problems", "beale"),
        optimizer=registry.parse("optimizers", "sgd"),
        learning_rates=(0.1,),
        seeds=1,
        steps=steps,
        record_every=record_every,
    )
    return list(training.record_points)


@pytest.mark.parametrize(
    ("steps", "record_every", "points"),
    [
        (1, 1, [0, 1]),
        (2, 2, [0, 1, 2]),
        (20, 10, [0, 1, 2, 4, 8, 10, 16, 20]),
        (64, 64, [0, 1, 2, 4, 8, 16, 32, 64]),
        (63, 63, [0, 1, 2, 4, 8, 16, 32, 63]),
        (4, 1, [0, 1, 2, 3, 4]),
    ],
)
def test_powers_of_two_are_record_points_besides_the_regular_ones(
    steps: int, record_every: int, points: list[int]
) -> None:
    assert record_points(steps, record_every) == points


@given(st.integers(1, 500), st.integers(1, 40))
def test_a_loss_is_known_within_a_factor_of_two_of_its_step(record_every: int, count: int) -> None:
    steps = record_every * count
    points = record_points(steps, record_every)
    assert points[0] == 0
    assert points[-1] == steps
    for first, last in pairwise(points[1:]):
        assert first < last <= min(2 * first, first + record_every)
    assert len(points) <= 1 + count + steps.bit_length()
