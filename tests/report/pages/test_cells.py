"""Cells of a table are texts with three significant digits and an interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirgrad.report.pages import cells
from support.pages import ROWS


def test_a_value_and_its_interval_share_a_cell_and_have_three_digits() -> None:
    columns, shared = cells.readable(ROWS)
    assert list(columns) == ["estimator", "dimension", "loss"]
    assert list(columns["loss"]) == ["0.123 [0.1, 0.2]", "1090"]
    assert list(columns["dimension"]) == ["669706", ""]
    assert shared == {"precision": "float32", "n": "5"}


@given(st.floats(1e-300, 1e300))
def test_the_error_of_a_number_is_at_most_half_of_its_third_digit(value: float) -> None:
    assert float(cells.number(value)) == pytest.approx(value, rel=0.00501)
