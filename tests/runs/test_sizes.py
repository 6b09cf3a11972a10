"""A job whose parts cannot fit into memory is refused in one sentence, before it allocates."""

from typing import Any

import pytest

from dirgrad.config import plan
from dirgrad.core.errors import UserError
from dirgrad.runs.sizes import num_parameters, require_fits
from support.configuration import configured

GIBIBYTE = 2**30
ESTIMATORS = {
    "plain": {"kind": "forward_gradient", "direction": "gaussian", "num_directions": 4},
    "many": {"kind": "forward_gradient", "direction": "gaussian", "num_directions": 10**9},
    "projected": {"kind": "projected_forward_gradient", "direction": "gaussian"}
    | {"num_directions": 50_000},
}
SMALL: dict[str, Any] = {
    "problem": {"kind": "quadratic", "dimension": 20},
    "optimizer": "sgd",
    "learning_rates": [0.1],
    "seeds": 2,
    "steps": 4,
    "record_every": 2,
    "estimators": ["plain"],
}
TOO_LARGE = {
    "trials per estimator take at least": {"seeds": 10**8},
    "parameters of 2 trials take at least": {"problem": {"kind": "quadratic", "dimension": 10**9}},
    "the minibatches of 2 trials with 100,000,000 steps": {
        "problem": {"kind": "logistic_regression", "dataset": "digits"},
        "steps": 10**8,
        "record_every": 10**8,
    },
    "75,000,000,010 parameters of 2 trials": {
        "problem": {"kind": "mlp", "dataset": "digits", "hidden": [10**9]},
        "batch_size": 8,
    },
    "parameters of 2 trials take at least [0-9,]+ GiB": {
        "problem": {"kind": "rnn", "dataset": "digits", "hidden": 10**6},
        "batch_size": 8,
    },
    "1,000,000,000 directions of 'many'": {"estimators": ["many"]},
    "50,000 directions of 'projected'": {
        "problem": {"kind": "quadratic", "dimension": 100_000},
        "estimators": ["projected"],
    },
}


def job(**options: Any) -> plan.Job:
    config = configured(
        {
            "tier": "test",
            "backends": ["jax"],
            "estimators": ESTIMATORS,
            "experiments": {"small": SMALL | options},
        }
    )
    return plan.job(config, "training/small/jax")


def test_a_small_job_fits() -> None:
    require_fits(job(), GIBIBYTE)


@pytest.mark.parametrize("what", TOO_LARGE)
def test_a_job_that_cannot_fit_is_refused_with_its_size(what: str) -> None:
    with pytest.raises(UserError, match=rf"training/small/jax: .*{what}") as error:
        require_fits(job(**TOO_LARGE[what]), GIBIBYTE)
    assert "GiB, and this machine has 1 GiB" in str(error.value)


@pytest.mark.parametrize("hidden", [4, 40_000])
def test_parameters_are_counted_without_drawing_them(hidden: int) -> None:
    problem = {"kind": "jax_tutorial", "dataset": "digits", "hidden": [hidden]}
    (tutorial,) = job(problem=problem, batch_size=8).problems
    assert num_parameters(tutorial) == (64 + 1) * hidden + (hidden + 1) * 10
