"""A search goes on beyond the end of its grid at which its best rate lies."""

from collections.abc import Callable
from typing import Any

import pytest

from dirgrad.config.rates import Tuning
from dirgrad.records.best_rate import best_rate
from dirgrad.records.schemas import TrialStatus
from dirgrad.runs.training.search import further_rate

Loss = Callable[[float], float | None]
"""Final loss at a rate; None if its trials diverge."""


def search_with(loss: Loss, **options: Any) -> list[dict[str, Any]]:
    """Search the grid 0.01, 0.1, 1 and beyond; return the trials in their order."""
    tuning = Tuning(lowest=0.01, highest=1.0, per_decade=1, seeds=1, **options)
    trials = [trial(rate, loss) for rate in tuning.rates]
    while (rate := further_rate(tuning, trials)) is not None:
        trials.append(trial(rate, loss))
    return trials


def trial(rate: float, loss: Loss) -> dict[str, Any]:
    final_loss = loss(rate)
    status = TrialStatus.DIVERGED if final_loss is None else TrialStatus.OK
    return {"learning_rate": rate, "status": status, "final_loss": final_loss}


def further_rates(loss: Loss, **options: Any) -> list[float]:
    return [row["learning_rate"] for row in search_with(loss, **options)[3:]]


@pytest.mark.parametrize(
    ("best", "further"),
    [
        pytest.param(0.1, [], id="inside"),
        pytest.param(1.0, [10.0], id="at the upper end"),
        pytest.param(100.0, [10.0, 100.0, 1000.0], id="above"),
        pytest.param(0.01, [0.001], id="at the lower end"),
        pytest.param(0.0001, [0.001, 0.0001, 0.00001], id="below"),
    ],
)
def test_a_search_goes_on_until_the_best_rate_is_inside(best: float, further: list[float]) -> None:
    def loss(rate: float) -> float:
        return max(rate / best, best / rate)

    assert further_rates(loss) == further
    assert best_rate(search_with(loss)) == best


def test_a_rate_that_diverges_ends_the_search_above() -> None:
    assert further_rates(lambda rate: None if rate > 0.5 else 1 / rate) == []
    assert further_rates(lambda rate: None if rate > 50 else 1 / rate) == [10.0, 100.0]


def test_a_search_in_which_every_rate_diverges_goes_on_below() -> None:
    trials = search_with(lambda rate: None if rate > 0.0005 else 1 / rate)
    assert [row["learning_rate"] for row in trials[3:]] == [0.001, 0.0001, 0.00001]
    assert best_rate(trials) == 0.0001


@pytest.mark.parametrize("extension", [0, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_search_without_an_optimum_ends_with_its_best_rate_at_an_end(
    extension: int, sign: int
) -> None:
    trials = search_with(lambda rate: rate**sign, extension=extension)
    assert len(trials) == 3 + extension
    rates = [row["learning_rate"] for row in trials]
    assert best_rate(trials) == (min(rates) if sign > 0 else max(rates))


def test_the_ratio_between_neighbors_stays_the_same_and_the_rates_are_rounded() -> None:
    tuning = Tuning(lowest=0.001, highest=0.01, per_decade=3, seeds=1)
    searched = [trial(rate, lambda rate: 1 / rate) for rate in tuning.rates]
    assert further_rate(tuning, searched) == 0.0215
    searched = [trial(rate, lambda rate: rate) for rate in tuning.rates]
    assert further_rate(tuning, searched) == 0.000464


@pytest.mark.parametrize("status", [TrialStatus.TIMEOUT, TrialStatus.UNSUPPORTED])
def test_a_search_without_time_or_support_ends(status: TrialStatus) -> None:
    tuning = Tuning(lowest=0.01, highest=1.0, per_decade=1, seeds=1)
    trials = [trial(rate, lambda rate: 1 / rate) for rate in tuning.rates]
    assert further_rate(tuning, trials) == 10.0
    trials[-1] = trials[-1] | {"status": status}
    assert further_rate(tuning, trials) is None
