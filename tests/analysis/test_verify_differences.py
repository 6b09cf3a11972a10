"""Differences between two runs that do not mean that a result does not come out again.

These are the step of a grid, times that share a clock, a noisy machine, and power.
"""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis import verify
from dirgrad.analysis.comparison import Comparison
from dirgrad.analysis.evidence.reading import counted_evidence
from dirgrad.analysis.run_numbers import Number, Range, allowed_range, known_range
from dirgrad.analysis.same_configuration import require_same
from dirgrad.analysis.tier_results import TierResults
from dirgrad.analysis.verdict_changes import Judged, compare_verdicts
from dirgrad.analysis.verdicts import Outcome
from dirgrad.core.errors import UserError
from support.hand_made_quantities import CLAIM_TABLES, CLAIMS, ESTIMATORS, config_of_tier
from support.quantity_tables import Tables

VERSIONS = {"jax": ("1",), "torch": ("2",)}
RATE_CLAIM = "largest_rate_is_a_hundredth"
SEARCH_CLAIM = "rate_is_a_hundredth"
STEPS_CLAIM = "more_steps_than_backprop"
FACTOR_CLAIM = "forward_factor_is_smaller"
SECONDS_CLAIM = "seconds_at_equal_rate"
JUDGED = {
    name: CLAIMS[name]
    for name in (RATE_CLAIM, SEARCH_CLAIM, STEPS_CLAIM, FACTOR_CLAIM, SECONDS_CLAIM)
}
HALF_DECADE = np.sqrt(10)
HOLDS, FAILS, OPEN = Outcome
FIRST, SECOND = ("claim", "place 1"), ("claim", "place 2")


def compare(
    fresh: Tables, reference: Tables, *, noisy: str = "", noisy_reference: str = ""
) -> pd.DataFrame:
    runs = [
        TierResults(tables, "test", VERSIONS, frozenset({jobs} - {""}))
        for tables, jobs in ((fresh, noisy), (reference, noisy_reference))
    ]
    return verify.compare(*runs, JUDGED, ESTIMATORS, 0.95)


def states(comparison: pd.DataFrame, name: str) -> dict[str, str]:
    """Return the states of the verdict and of the number of a claim."""
    rows = comparison[comparison["id"] == name]
    return dict(zip(rows["kind"], map(str, rows["state"]), strict=True))


def bounded(low: float, high: float) -> Number:
    return Number(counted_evidence({}, low, high), timed=False, criterion=None)


def seconds(value: float, lanes: int) -> Tables:
    """Return the training time of the forward gradient over backprop's."""
    tables = CLAIM_TABLES[SECONDS_CLAIM].make(value, 0.01, 10)
    return {"baydin": tables["baydin"].assign(lanes=lanes, paper_value=1.0)}


@pytest.mark.parametrize(
    ("fresh", "agrees"),
    [((3.16, 10.0), True), ((1.0, 3.16), True), ((0.316, 1.0), True), ((10.0, 31.6), False)],
)
def test_a_rate_agrees_with_the_same_and_the_next_step_of_the_grid(
    fresh: tuple[float, float], agrees: bool
) -> None:
    number = bounded(*fresh)
    allowed = allowed_range(bounded(1.0, 3.16), number.evidence, level=0.95)
    assert known_range(number).touches(allowed) is agrees


@pytest.mark.parametrize(("steps", "state"), [(2, Comparison.SAME), (5, Comparison.BETTER)])
def test_a_ratio_of_rates_agrees_as_far_as_both_rates_may_move(
    steps: int, state: Comparison
) -> None:
    make = CLAIM_TABLES[RATE_CLAIM].make
    reference = make(1.0, HALF_DECADE - 1, 3)
    fresh = make(HALF_DECADE**steps, HALF_DECADE - 1, 3)
    assert states(compare(fresh, reference), RATE_CLAIM)["number"] == state


def test_two_numbers_that_are_known_to_no_side_agree() -> None:
    searched = CLAIM_TABLES[SEARCH_CLAIM].make(1.0, 1.0, 3)
    final = searched["final"]
    # A search with one rate has no neighbors, so its best rate has no bounds.
    best = final.groupby("estimator")["learning_rate"].transform("last")
    one_rate = {"final": final[final["learning_rate"] == best]}
    assert states(compare(one_rate, one_rate), SEARCH_CLAIM)["number"] == Comparison.SAME
    assert states(compare(one_rate, searched), SEARCH_CLAIM)["number"] == Comparison.MISSING
    assert states(compare(searched, one_rate), SEARCH_CLAIM)["number"] == Comparison.NEW


def test_a_range_touches_another_at_a_common_end() -> None:
    assert Range(0.0, 1.0).touches(Range(1.0, 2.0))
    assert Range(1.0, 2.0).touches(Range(0.0, 1.0))
    assert not Range(0.0, 1.0).touches(Range(1.1, 2.0))


def test_times_of_trials_that_share_a_clock_are_not_compared() -> None:
    """The claim reads trials with their own clock; the README shows all."""
    shared = compare(seconds(1.5, lanes=10), seconds(6.2, lanes=10))
    row = shared[shared["id"] == "baydin.value"].iloc[0]
    assert (row["state"], row["reason"]) == ("not compared", "trials share one clock")
    assert verify.summary(shared, "test")["ok"]
    own = compare(seconds(1.5, lanes=1), seconds(6.2, lanes=1))
    assert not verify.summary(own, "test")["ok"]


def test_losses_of_trials_that_share_a_clock_are_compared() -> None:
    def losses(value: float) -> Tables:
        table = seconds(value, lanes=10)["baydin"]
        return {"baydin": table.assign(quantity="forward_final_valid_loss")}

    comparison = compare(losses(1.5), losses(6.2))
    assert "changed" in set(comparison["state"])


@pytest.mark.parametrize("noisy", ["noisy", "noisy_reference"])
def test_times_of_a_noisy_machine_are_not_compared_and_counted_with_the_reason(
    noisy: str,
) -> None:
    make = CLAIM_TABLES[FACTOR_CLAIM].make
    quiet = compare(make(0.2, 0.01, 10), make(0.9, 0.01, 10))
    assert states(quiet, FACTOR_CLAIM)["number"] == Comparison.BETTER
    comparison = compare(make(0.2, 0.01, 10), make(0.9, 0.01, 10), **{noisy: "cost/baydin/jax"})
    assert states(comparison, FACTOR_CLAIM) == dict.fromkeys(
        ("verdict", "number"), Comparison.NOT_COMPARED
    )
    result = verify.summary(comparison, "test")
    assert result["ok"]
    count = result["not_compared"]["the machine was noisy"]
    assert count >= 2
    line = f"not compared: {count}, because the machine was noisy"
    assert line in verify.report_text(comparison).splitlines()


def test_noise_in_one_framework_does_not_hide_the_other() -> None:
    make = CLAIM_TABLES[FACTOR_CLAIM].make
    comparison = compare(make(0.2, 0.01, 10), make(0.9, 0.01, 10), noisy="cost/baydin/torch")
    assert states(comparison, FACTOR_CLAIM)["number"] == Comparison.BETTER


def judged(name: str, *outcomes: Outcome) -> Judged:
    return Judged(name, dict(zip((FIRST, SECOND), outcomes, strict=False)))


@pytest.mark.parametrize(
    ("fresh", "reference", "excused", "state"),
    [
        (judged("holds", HOLDS), judged("holds", HOLDS), set(), Comparison.SAME),
        (judged("inconclusive", OPEN), judged("holds", HOLDS), set(), Comparison.POWER),
        (judged("holds", HOLDS), judged("inconclusive", OPEN), set(), Comparison.POWER),
        (judged("does not hold", FAILS), judged("holds", HOLDS), set(), Comparison.CHANGED),
        (judged("does not hold", FAILS), judged("holds", HOLDS), {FIRST}, Comparison.ALLOWED),
        (
            judged("does not hold", OPEN, FAILS),
            judged("holds", HOLDS, OPEN),
            set(),
            Comparison.CHANGED,
        ),
        (
            judged("holds in part", HOLDS, FAILS),
            judged("holds", HOLDS, OPEN),
            set(),
            Comparison.POWER,
        ),
        (
            judged("holds in part", HOLDS, FAILS),
            judged("holds", HOLDS, HOLDS),
            {FIRST},
            Comparison.CHANGED,
        ),
    ],
)
def test_a_verdict_changes_only_if_the_runs_contradict_each_other(
    fresh: Judged, reference: Judged, excused: set[tuple[str, str]], state: Comparison
) -> None:
    assert compare_verdicts(fresh, reference, excused) == state


def test_a_difference_in_power_is_listed_and_is_no_error() -> None:
    make = CLAIM_TABLES[STEPS_CLAIM].make
    comparison = compare(make(2.0, 0.05, 4), make(2.0, 0.05, 10))
    assert states(comparison, STEPS_CLAIM)["verdict"] == Comparison.POWER
    assert verify.summary(comparison, "test")["ok"]
    expected = "decided in one run only: verdict more_steps_than_backprop"
    assert any(line.startswith(expected) for line in verify.report_text(comparison).splitlines())


def test_a_reference_of_another_configuration_is_refused_and_the_difference_is_named() -> None:
    config = config_of_tier("smoke").model_dump(mode="json")
    other = config | {"statistics": config["statistics"] | {"resamples": 7}}
    message = r"statistics\.resamples is 7 in the run and \d+ in the reference"
    with pytest.raises(UserError, match=message):
        require_same(other, config, "manifest.json")


def test_an_option_that_an_earlier_reference_lacks_makes_no_difference_at_its_default() -> None:
    config = config_of_tier("smoke").model_dump(mode="json")
    statistics = {key: value for key, value in config["statistics"].items() if key != "seed"}
    earlier = config | {"statistics": statistics}
    require_same(config, earlier, "manifest.json")
    moved = config | {"run": config["run"] | {"data_directory": "elsewhere"}}
    require_same(moved, config, "manifest.json")


def test_an_estimator_that_no_job_uses_makes_no_difference() -> None:
    config = config_of_tier("smoke").model_dump(mode="json")
    estimators = config["estimators"] | {"unused": {"kind": "uoro"}}
    require_same(config | {"estimators": estimators}, config, "manifest.json")
    used = config["estimators"] | {"forward_gradient": {"kind": "uoro"}}
    with pytest.raises(UserError, match=r"estimators\.forward_gradient\.kind is uoro"):
        require_same(config | {"estimators": used}, config, "manifest.json")
