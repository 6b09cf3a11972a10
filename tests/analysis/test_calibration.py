"""Verdicts are calibrated: where nothing is to be found, at most 5 % of them find something; a real effect is found."""

import numpy as np
import pytest
from scipy import stats

from dirgrad.analysis import calibration
from dirgrad.analysis.calibration import LAWS, evidence, rates, table
from dirgrad.analysis.verdicts import Outcome
from dirgrad.config.settings import Statistics

SETTINGS = Statistics(resamples=400)
REPEATS = 200


def too_often(share: float, count: int) -> bool:
    """Whether so many wrong ones are more than chance at 5 % explains, once in a hundred times."""
    return bool(
        stats.binomtest(round(share * count), count, 0.05, alternative="greater").pvalue < 0.01
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "n"), [("uniform", 5), ("normal", 10), ("Student t, 3 degrees", 5)]
)
def test_a_verdict_is_wrong_at_most_once_in_twenty_and_a_bare_interval_more_often(
    law: str, n: int
) -> None:
    found = rates(law, n, REPEATS, SETTINGS)
    assert not too_often(found["wrong"], REPEATS)
    assert not too_often(found["wrong_tables"], REPEATS // calibration.FAMILY)
    assert found["found"] > 0.9
    # The rule that is not taken fails the same test, so that it can be failed.
    assert n > 5 or too_often(found["by_interval"], REPEATS)


def test_too_few_seeds_are_inconclusive_whatever_they_say() -> None:
    effect = np.random.default_rng(0).standard_normal((20, 4)) - 50.0
    assert set(evidence(table(effect, SETTINGS), SETTINGS)["outcome"]) == {Outcome.OPEN}


def test_a_real_effect_is_found_on_its_side_among_many_claims() -> None:
    effect = np.random.default_rng(0).standard_normal((10, 10))
    for shift, expected in ((-20.0, Outcome.HOLDS), (20.0, Outcome.FAILS)):
        assert set(evidence(table(effect + shift, SETTINGS), SETTINGS)["outcome"]) == {expected}


@pytest.mark.parametrize("law", LAWS)
def test_the_truth_of_a_law_is_zero(law: str) -> None:
    values = np.sort(LAWS[law](np.random.default_rng(0), (1, 400_000))[0])
    middle = values[100_000:300_000]
    assert middle.mean() == pytest.approx(
        0.0, abs=4 * np.std(values[values.size // 10 : -values.size // 10]) / np.sqrt(values.size)
    )
