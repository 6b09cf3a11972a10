"""Raw values are written to a table cell and read back, and are paired by their keys."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.analysis.samples import (
    Samples,
    bounded_samples,
    exact_samples,
    format_samples,
    parse_samples,
    ratio,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
BOUNDS = st.tuples(NUMBERS, st.one_of(NUMBERS, st.just(np.inf))).map(sorted)


def samples_of(*bounds: tuple[float, float]) -> Samples:
    """Return samples with the keys 0, 1, ... and these bounds."""
    low, high = np.array(bounds, float).reshape(-1, 2).T
    return Samples(np.arange(len(bounds)), low, high)


@given(st.lists(BOUNDS, max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_cell_holds_what_was_written_to_nine_digits(bounds: list[tuple[float, float]]) -> None:
    written = samples_of(*bounds)
    read = parse_samples(format_samples(written))
    for before, after in zip(written, read, strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-8)


def test_the_text_of_a_cell() -> None:
    text = "0:1.25 1:128..256 2:1000..inf"
    samples = parse_samples(text)
    assert samples.keys.tolist() == [0, 1, 2]
    assert samples.low.tolist() == [1.25, 128.0, 1000.0]
    assert samples.high.tolist() == [1.25, 256.0, np.inf]
    assert format_samples(samples) == text
    assert parse_samples(np.nan).n == 0


def test_keys_are_the_index_and_nulls_are_left_out() -> None:
    series = pd.Series([1.0, np.nan, 3.0], index=[5, 6, 7])
    assert format_samples(exact_samples(series)) == "5:1 7:3"
    assert format_samples(bounded_samples(series, series + 1)) == "5:1..2 7:3..4"


def test_a_ratio_pairs_by_key_and_uses_the_bounds_that_are_furthest_apart() -> None:
    over = parse_samples("0:2 1:4..6 2:10..inf 3:7")
    under = parse_samples("2:5 0:4 1:1..2")
    assert format_samples(ratio(over, under)) == "0:0.5 1:2..6 2:2..inf"


def test_a_ratio_with_two_missed_targets_is_unknown() -> None:
    both_missed = ratio(parse_samples("0:10..inf"), parse_samples("0:20..inf"))
    assert format_samples(both_missed) == "0:0..inf"


@pytest.mark.parametrize("text", ["x:1", "0:one", "0:", "0:1..x"])
def test_a_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected KEY:VALUE"):
        parse_samples(text)
