"""Evidence is read from rows: hard bounds of counts, powers of means, and columns that differ."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.evidence import powers, reading
from dirgrad.analysis.samples import Samples

ROLES = ColumnRoles(("backend",), ("backend", "rate"), bounds={"rate": ("lowest", "highest")})
"""Roles of a table whose column `rate` is a count between two hard bounds."""


def ratio_of_bounds(over: tuple[Any, Any], under: tuple[Any, Any]) -> tuple[float, float]:
    """Return the bounds of the ratio of two counts, each given by its bounds."""
    names = ("lowest", "highest", "lowest_under", "highest_under")
    pair = pd.Series(dict(zip(names, (*over, *under), strict=True)))
    evidence = reading.ratio_of_pair({}, pair, ROLES, "rate")
    assert evidence.counted
    assert evidence.logarithmic
    return float(evidence.samples.low[0]), float(evidence.samples.high[0])


@pytest.mark.parametrize(
    ("over", "under", "expected"),
    [
        ((0.2, 0.4), (0.5, 1.0), (0.2, 0.8)),
        # A quantity is positive, so that an unknown lower bound is 0.
        ((None, 0.4), (0.5, 1.0), (0.0, 0.8)),
        ((0.2, 0.4), (0.0, 1.0), (0.2, np.inf)),
        ((0.2, 0.4), (None, 1.0), (0.2, np.inf)),
        ((0.2, None), (0.5, 1.0), (0.2, np.inf)),
        ((0.2, 0.4), (0.5, None), (0.0, 0.8)),
    ],
)
def test_the_ratio_of_two_counts_lies_between_the_ratios_of_their_bounds(
    over: tuple[Any, Any], under: tuple[Any, Any], expected: tuple[float, float]
) -> None:
    assert ratio_of_bounds(over, under) == pytest.approx(expected)


def exact(keys: list[int], values: list[float]) -> Samples:
    """Return samples that are known exactly."""
    return Samples(np.array(keys), np.array(values), np.array(values))


def test_a_power_uses_the_keys_that_all_abscissas_share_and_counts_the_others() -> None:
    x = np.array([1.0, 2.0, 4.0])
    squares = [exact([0, 1], [1.0, 3.0]), exact([1, 0], [12.0, 4.0]), exact([0, 1, 7], [16, 48, 1])]
    (evidence,) = powers.fitted_powers({}, x, squares)
    np.testing.assert_allclose(evidence.samples.low, [2.0, 2.0])
    assert evidence.samples.keys.tolist() == [0, 1]
    assert evidence.n_unpaired == 1
    assert not evidence.logarithmic


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1.0, 2.0, 2.0], [1.0, 2.0, 2.0]),  # two abscissas
        ([1.0, 2.0, 4.0], [1.0, 2.0, 0.0]),  # a zero has no logarithm
        ([1.0, 2.0, 4.0], [1.0, 2.0, -0.5]),
    ],
)
def test_there_is_no_power_of_two_abscissas_or_of_a_number_that_is_not_positive(
    x: list[float], y: list[float]
) -> None:
    samples = [exact([0], [number]) for number in y]
    assert list(powers.fitted_powers({}, np.array(x), samples)) == []


def test_there_is_no_power_without_a_common_key() -> None:
    samples = [exact([key], [1.0]) for key in range(3)]
    assert list(powers.fitted_powers({}, np.array([1.0, 2.0, 4.0]), samples)) == []


@pytest.mark.parametrize(
    ("x", "seeds", "is_tested"),
    [
        ([1.0, 2.0, 4.0, 8.0], 3, True),
        ([1.0, 2.0, 4.0, 8.0], 2, False),
        ([1.0, 2.0, 4.0], 3, False),
    ],
)
def test_the_lack_of_fit_needs_four_abscissas_and_three_seeds(
    x: list[float], seeds: int, is_tested: bool
) -> None:
    noise = np.random.default_rng(0).lognormal(0.0, 0.1, (len(x), seeds))
    samples = [exact([*range(seeds)], list(row)) for row in noise]
    (evidence,) = powers.fitted_powers({}, np.array(x), samples)
    assert np.isfinite(evidence.lack_of_fit) == is_tested


def test_the_last_exponent_leaves_out_smaller_abscissas_and_rows_that_are_not_positive() -> None:
    rows = pd.DataFrame({"x": [0.0, 0.1, 0.4, 0.2, 0.8], "y": [5.0, 7.0, 0.16, 0.04, 0.0]})
    (evidence,) = powers.last_exponent({}, rows, "x", "y")
    assert evidence.counted
    # From (0.2, 0.04) to (0.4, 0.16), the two largest x of a positive y, y grows as x^2.
    assert evidence.samples.low == evidence.samples.high == pytest.approx(2.0)


def test_one_positive_row_has_no_exponent() -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0], "y": [0.0, 4.0]})
    assert list(powers.last_exponent({}, rows, "x", "y")) == []


def test_columns_are_added_only_if_they_tell_more_rows_apart() -> None:
    rows = pd.DataFrame(
        {"backend": ["jax"] * 3, "empty": [None] * 3, "useless": [1] * 3, "rate": [1, 2, 2]}
    )
    by, keys = ("backend", "empty"), ("useless", "rate", "absent")
    assert reading.distinguishing_columns(rows, by, keys) == ["backend", "rate"]
    assert reading.distinguishing_columns(rows.iloc[:1], by, keys) == ["backend"]


def test_a_row_is_paired_with_every_other_row_that_agrees_but_not_with_itself() -> None:
    rows = pd.DataFrame({"seed": [0, 0, 1], "loss": [1.0, 2.0, 3.0]})
    pairs = reading.row_pairs(rows, rows, ["seed"])
    assert pairs[["loss", "loss_under"]].to_numpy().tolist() == [[1.0, 2.0], [2.0, 1.0]]
