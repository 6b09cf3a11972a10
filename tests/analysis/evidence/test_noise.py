"""The order of a finite difference is fitted to the absolute values of its bias."""

import pytest

from dirgrad.analysis.evidence.quantities import QUANTITIES
from support.hand_made_quantities import QUANTITY_TABLES


def test_the_order_of_a_bias_does_not_depend_on_its_sign() -> None:
    name = "power_of_difference_bias_in_eps"
    positive = QUANTITY_TABLES[name].make(2.0, 0.05, 10)["quality"]
    negative = positive.assign(
        difference_bias=-positive["difference_bias"],
        difference_bias_low=-positive["difference_bias_high"],
        difference_bias_high=-positive["difference_bias_low"],
    )
    where = QUANTITY_TABLES[name].where
    (evidence,) = QUANTITIES[name].evidence({"quality": negative}, where)
    assert evidence.value == pytest.approx(2.0)
