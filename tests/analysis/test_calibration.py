"""Verdicts on synthetic trials are wrong in at most 5 % of cases and detect real effects."""

import numpy as np
import pytest
from scipy import stats

from dirgrad.analysis import calibration
from dirgrad.analysis.calibration import (
    DISTRIBUTIONS,
    equal_loss_table,
    judged_evidence,
    verdict_rates,
)
from dirgrad.analysis.verdicts import Outcome
from dirgrad.config.settings import Statistics

SETTINGS = Statistics(resamples=400)
REPEATS = 200


def exceeds_five_percent(share: float, count: int) -> bool:
    """Return whether a share of wrong verdicts is significantly above 5 %, at level 0.01."""
    n_wrong = round(share * count)
    return bool(stats.binomtest(n_wrong, count, 0.05, alternative="greater").pvalue < 0.01)


def outcomes(effects: np.ndarray) -> set[str]:
    """Return the outcomes of all claims whose trials have these effects, (claims, seeds)."""
    return set(judged_evidence(equal_loss_table(effects, SETTINGS), SETTINGS)["outcome"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "n"), [("uniform", 5), ("normal", 10), ("Student t, 3 degrees", 5)]
)
def test_verdicts_are_wrong_at_most_once_in_twenty_and_bare_intervals_more_often(
    law: str, n: int
) -> None:
    shares = verdict_rates(law, n, REPEATS, SETTINGS)
    assert not exceeds_five_percent(shares["wrong"], REPEATS)
    assert not exceeds_five_percent(shares["wrong_tables"], REPEATS // calibration.FAMILY)
    assert shares["detected"] > 0.9
    # The bare interval of five seeds exceeds 5 %, so the check can detect a wrong rule.
    assert n > 5 or exceeds_five_percent(shares["by_interval"], REPEATS)


def test_four_seeds_are_inconclusive_even_for_a_huge_effect() -> None:
    noise = np.random.default_rng(0).standard_normal((20, 4))
    assert outcomes(noise - 50.0) == {Outcome.OPEN}


def test_a_large_effect_is_detected_with_its_sign_among_many_claims() -> None:
    noise = np.random.default_rng(0).standard_normal((10, 10))
    assert outcomes(noise - 20.0) == {Outcome.HOLDS}
    assert outcomes(noise + 20.0) == {Outcome.FAILS}


@pytest.mark.parametrize("law", DISTRIBUTIONS)
def test_every_law_has_an_inter_quartile_mean_of_zero(law: str) -> None:
    values = np.sort(DISTRIBUTIONS[law](np.random.default_rng(0), (1, 400_000))[0])
    middle_half = values[100_000:300_000]
    trimmed = values[values.size // 10 : -values.size // 10]
    error = np.std(trimmed) / np.sqrt(values.size)
    assert middle_half.mean() == pytest.approx(0.0, abs=4 * error)
