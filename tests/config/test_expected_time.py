"""The training time of a run follows from recorded seconds per step."""

from pathlib import Path

import pytest

from dirgrad.config import plan, recorded_costs
from dirgrad.config.expected_time import expected_time, sentence
from support.configuration import configured

ESTIMATORS = {
    "backprop": {"kind": "backprop"},
    "gaussian": {"kind": "forward_gradient", "direction": "gaussian"},
}
TRAINED = {"problem": "beale", "optimizer": "sgd", "steps": 100, "record_every": 10, "seeds": 3}
EXPERIMENTS = {
    "two_rates": TRAINED | {"learning_rates": [0.1, 0.2], "estimators": ["backprop", "gaussian"]},
    "search": TRAINED
    | {
        "tuning": {"lowest": 0.01, "highest": 1.0, "per_decade": 1, "seeds": 2},
        "estimators": ["backprop"],
    },
}
HEAD = "experiment,backend,estimator,learning_rate,step_seconds,compile_seconds\n"


def jobs() -> dict[str, plan.Job]:
    return plan.jobs(
        configured(
            {
                "tier": "test",
                "backends": ["jax"],
                "estimators": ESTIMATORS,
                "experiments": EXPERIMENTS,
                "cost": {"step": {"problems": {"beale": "beale"}, "estimators": ["backprop"]}},
            }
        )
    )


def test_every_step_of_every_trial_counts_and_a_search_has_its_own_trials(tmp_path: Path) -> None:
    final = tmp_path / "final.csv"
    lines = [
        "two_rates,jax,backprop,0.1,0.5,",
        "two_rates,jax,backprop,0.2,0.25,",
        "two_rates,jax,gaussian,0.1,1.0,",
        "two_rates,jax,gaussian,0.2,,",
        "search,jax,backprop,0.1,2.0,",
    ]
    final.write_text(HEAD + "\n".join(lines), encoding="utf-8")
    expected = expected_time(jobs().values(), recorded_costs.read(tmp_path))
    # Two rates of three seeds at 0.5 s and 1 s; three rates of two seeds, then three more trials.
    assert expected.seconds == pytest.approx(100 * (6 * (0.5 + 1.0) + (3 * 2 + 3) * 2.0))
    assert expected.unknown == ()
    assert sentence(expected) == "Training takes about 0.75 hours of one core."


def test_jobs_without_recorded_times_are_counted(tmp_path: Path) -> None:
    final = tmp_path / "final.csv"
    assert recorded_costs.read(tmp_path) == {}
    final.write_text(HEAD + "two_rates,jax,backprop,0.1,6.0,\n", encoding="utf-8")
    expected = expected_time(jobs().values(), recorded_costs.read(tmp_path))
    assert expected.seconds == pytest.approx(3600)
    assert expected.unknown == ("training/two_rates/jax", "training/search/jax")
    assert sentence(expected) == (
        "Training takes about 1 hours of one core, without 2 training jobs of unknown speed."
    )
    unrecorded = expected_time(jobs().values(), {})
    assert (
        sentence(unrecorded) == "No training time is recorded for the 2 training jobs of this run."
    )
