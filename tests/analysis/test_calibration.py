"""Verdicts on synthetic trials are wrong in at most 5 % of cases and detect real effects."""

import numpy as np
import pytest
from scipy import stats

from dirgrad.analysis import calibration
from dirgrad.analysis.calibration import DISTRIBUTIONS, paired_differences, places
from dirgrad.analysis.samples import Samples
from dirgrad.analysis.verdicts import Evidence, Outcome
from dirgrad.config.settings import Statistics

SETTINGS = Statistics(resamples=20)
REPEATS = 2000
CHECKS = 2 * 5 * 3
"""Number of shares that are compared with 5 %."""


def exceeds_five_percent(events: list[bool]) -> bool:
    """Return whether events are significantly more frequent than 5 %.

    Over all checks, a rule with exactly 5 % wrong verdicts fails with a probability below 1e-3.
    """
    test = stats.binomtest(sum(events), len(events), 0.05, alternative="greater")
    return bool(test.pvalue < 1e-3 / CHECKS)


def evidence_of(differences: np.ndarray) -> list[Evidence]:
    """Return one place per row of differences, (places, seeds)."""
    keys = np.arange(differences.shape[1])
    return [Evidence({}, Samples(keys, row, row)) for row in differences]


def outcomes(differences: np.ndarray) -> list[Outcome]:
    """Return the outcomes of places that belong to one claim."""
    return calibration.outcomes(evidence_of(differences), SETTINGS)


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("law", DISTRIBUTIONS)
def test_verdicts_are_wrong_at_most_once_in_twenty(law: str, n: int) -> None:
    rng = np.random.default_rng(n)
    differences = paired_differences(law, rng, (REPEATS, n), 0.0)
    wrong = [outcomes(differences[i : i + 1]) != [Outcome.OPEN] for i in range(REPEATS)]
    assert not exceeds_five_percent(wrong)
    families = differences.reshape(-1, calibration.FAMILY, n)
    wrong_claims = [set(outcomes(family)) != {Outcome.OPEN} for family in families]
    assert not exceeds_five_percent(wrong_claims)


@pytest.mark.parametrize("law", DISTRIBUTIONS)
def test_an_effect_of_two_standard_deviations_is_detected_with_ten_seeds(law: str) -> None:
    rng = np.random.default_rng(0)
    effects = paired_differences(law, rng, (20 * calibration.FAMILY, 10), calibration.EFFECT)
    detected = [outcomes(effects[i : i + 1]) == [Outcome.HOLDS] for i in range(len(effects))]
    assert np.mean(detected) > 0.9
    families = effects.reshape(-1, calibration.FAMILY, 10)
    in_claims = [outcome is Outcome.HOLDS for family in families for outcome in outcomes(family)]
    assert np.mean(in_claims) > 0.5


def test_synthetic_trials_pass_through_the_table_unchanged() -> None:
    differences = np.random.default_rng(0).standard_normal((3, 6))
    read = [evidence.samples.low for evidence in places(differences, SETTINGS)]
    np.testing.assert_allclose(read, differences, rtol=1e-6)


def test_four_seeds_are_inconclusive_even_for_a_huge_effect() -> None:
    noise = np.random.default_rng(0).standard_normal((20, 4))
    assert set(outcomes(noise - 50.0)) == {Outcome.OPEN}


def test_a_large_effect_is_detected_with_its_sign_among_many_places() -> None:
    noise = np.random.default_rng(0).standard_normal((10, 10))
    assert set(outcomes(noise - 20.0)) == {Outcome.HOLDS}
    assert set(outcomes(noise + 20.0)) == {Outcome.FAILS}


def test_the_page_has_a_row_per_distribution_and_number_of_seeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calibration, "COUNTS", (3, 5))
    monkeypatch.setattr(calibration, "DISTRIBUTIONS", {"normal": DISTRIBUTIONS["normal"]})
    lines = calibration.page(repeats=4).splitlines()
    rows = [line.split(" | ")[:3] for line in lines if line.startswith("| normal")]
    assert [row[1] for row in rows] == ["3", "5"]
    # Three seeds never decide.
    assert rows[0][2] == "0.0 %"
