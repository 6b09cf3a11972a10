"""The order of a finite difference is fitted to the absolute values of its bias."""

import pytest

from support.hand_made_quantities import CLAIM_TABLES, CLAIMS, ESTIMATORS


def test_the_order_of_a_bias_does_not_depend_on_its_sign() -> None:
    name = "bias_is_of_second_order"
    positive = CLAIM_TABLES[name].make(2.0, 0.05, 10)["quality"]
    negative = positive.assign(
        difference_bias=-positive["difference_bias"],
        difference_bias_low=-positive["difference_bias_high"],
        difference_bias_high=-positive["difference_bias_low"],
    )
    (evidence,) = CLAIMS[name].quantity.evidence({"quality": negative}, ESTIMATORS)
    assert evidence.value == pytest.approx(2.0)
