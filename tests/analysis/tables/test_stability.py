"""The table `stability` gives the largest stable rate of the grid and the next rate.

It compares stable rates with the spectrum of the Hessian, and best rates with their closed forms.
"""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.samples import parse_samples
from dirgrad.analysis.tables import stability
from support.hand_made_records import QUICK, WORKLOAD, frame


@pytest.mark.parametrize(
    ("final_losses", "stable", "unstable"),
    [
        ({0.1: 1.0, 0.2: 1.0, 0.4: 9.0}, 0.2, 0.4),
        ({0.1: 1.0, 0.2: 9.0, 0.4: 1.0}, 0.1, 0.2),
        ({0.1: 9.0, 0.2: 9.0}, np.nan, 0.1),
        ({0.1: 1.0, 0.2: 1.0}, 0.2, np.nan),
        ({0.1: 1.0, 0.2: None}, 0.1, 0.2),
    ],
)
def test_a_rate_is_stable_only_if_all_lower_rates_are_stable(
    final_losses: dict[float, float | None], stable: float, unstable: float
) -> None:
    trial = WORKLOAD | {
        "stability": "one",
        "estimator": "f",
        "status": "ok",
        "seed": 0,
        "initial_loss": 5.0,
    }
    rows = [
        trial | {"learning_rate": rate, "final_loss": loss} for rate, loss in final_losses.items()
    ]
    (row,) = stability.make({"stability": frame("stability", rows)}, QUICK).to_dict("records")
    np.testing.assert_equal([row["stable_rate"], row["unstable_rate"]], [stable, unstable])


def test_an_estimator_that_is_not_supported_has_no_stable_and_no_unstable_rate() -> None:
    trial = WORKLOAD | {"stability": "one", "seed": 0, "learning_rate": 0.1}
    rows = [
        trial | {"estimator": "f", "status": "unsupported", "reason": "no rule"},
        trial | {"estimator": "g", "status": "diverged", "reason": "the loss is not finite"},
    ]
    (row,) = stability.make({"stability": frame("stability", rows)}, QUICK).to_dict("records")
    assert (row["estimator"], row["unstable_rate"]) == ("g", 0.1)


HESSIAN = {"hessian_trace": 12.0, "largest_eigenvalue": 3.0, "hessian_probes": 0}


def trials(name: str, num_directions: int, stable: dict[float, bool]) -> list[dict[str, object]]:
    """Return a trial at each rate; an unstable one ends above its initial loss."""
    trial = WORKLOAD | HESSIAN | {"stability": "one", "status": "ok", "seed": 0, "steps": 10}
    trial |= {"estimator": name, "estimator_kind": name, "num_directions": num_directions}
    return [
        trial
        | {"learning_rate": rate, "initial_loss": 1.0, "final_loss": 0.5 if is_stable else 2.0}
        for rate, is_stable in stable.items()
    ]


def test_a_stable_rate_is_compared_with_the_one_of_backprop_and_with_the_trace() -> None:
    rows = trials("backprop", 0, {0.1: True, 0.4: True, 0.8: False})
    rows += trials("forward_gradient", 1, {0.1: True, 0.2: False})
    table = stability.make({"stability": frame("stability", rows)}, QUICK).set_index("estimator")
    forward = table.loc["forward_gradient"]
    assert forward["trace_over_largest"] == 4.0
    ratio = [forward[f"backprop_over_rate{end}"] for end in ("_from", "", "_to")]
    assert ratio == pytest.approx([0.4 / 0.2, 0.4 / 0.1, 0.8 / 0.1])
    per_trace = [forward[f"backprop_over_rate_per_trace{end}"] for end in ("_from", "", "_to")]
    assert per_trace == pytest.approx([0.5, 1.0, 2.0])
    assert np.isnan(table.loc["backprop", "backprop_over_rate_per_trace"])


def test_the_ratio_of_rates_is_a_bound_where_a_threshold_is_outside_the_grid() -> None:
    rows = trials("backprop", 0, {0.1: True, 0.4: True})
    rows += trials("f", 1, {0.1: True, 0.2: True}) + trials("g", 1, {0.1: False, 0.2: False})
    table = stability.make({"stability": frame("stability", rows)}, QUICK).set_index("estimator")
    assert table.loc["f", "backprop_over_rate_from"] == 0
    assert table.loc["f", "backprop_over_rate_to"] == np.inf
    assert table.loc["g"].filter(like="backprop_over_rate").isna().all()


def best(final_losses: dict[float, list[float | None]], contraction: float = 0.8) -> pd.Series:
    """Return the row of an estimator with these final losses by rate, one per seed."""
    trial = WORKLOAD | {"stability": "one", "estimator": "f", "status": "ok", "steps": 2}
    trial |= {"initial_loss": 4.0, "best_rate_theory": 0.2, "contraction_theory": contraction}
    rows = [
        trial | {"learning_rate": rate, "seed": seed, "final_loss": loss}
        for rate, losses in final_losses.items()
        for seed, loss in enumerate(losses)
    ]
    return stability.make({"stability": frame("stability", rows)}, QUICK).iloc[0]


def test_the_best_rate_has_the_fastest_decay_and_its_neighbors_as_bounds() -> None:
    row = best({0.1: [2.0, 2.0], 0.25: [1.0, 0.5], 0.5: [0.1, None]})
    assert row["best_rate"] == 0.25, "a rate with a trial that has no end counts"
    ends = [row[f"best_rate_over_theory{end}"] for end in ("_from", "", "_to")]
    assert ends == pytest.approx([0.5, 1.25, 2.5])
    decays = np.log([4.0, 8.0]) / 2
    assert row["decay"] == pytest.approx(decays.mean())
    assert row["decay_theory"] == pytest.approx(-np.log(0.8))
    assert row["decay_over_theory"] == pytest.approx(decays.mean() / -np.log(0.8))
    expected = decays / -np.log(0.8)
    np.testing.assert_allclose(parse_samples(row["decay_over_theory_values"]).low, expected)


@pytest.mark.parametrize("final_losses", [{0.1: [1.0], 0.25: [2.0]}, {0.1: [2.0], 0.25: [1.0]}])
def test_a_best_rate_at_an_end_of_the_grid_is_not_compared(
    final_losses: dict[float, list[float | None]],
) -> None:
    row = best(final_losses)
    assert row["decay"] == pytest.approx(np.log(4.0) / 2)
    assert row[["best_rate", "best_rate_over_theory", "decay_over_theory"]].isna().all()


def test_there_is_no_best_rate_if_a_loss_is_zero_or_no_trial_ends() -> None:
    assert best({0.1: [1.0], 0.25: [0.0], 0.5: [2.0]})[["best_rate", "decay"]].isna().all()
    assert best({0.1: [None], 0.25: [None]})[["best_rate", "decay"]].isna().all()
