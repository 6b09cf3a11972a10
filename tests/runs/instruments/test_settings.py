"""A mistake in the settings of an instrument is one sentence, often with a suggestion."""

from typing import Any

import pytest

from dirgrad.config import files, plan, validation
from support.configuration import configured
from support.measured import MLP, measurement_config


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            {"cost": {"small": {"round": 3}}},
            "test: cost.small.round: unknown key: did you mean 'rounds'?",
        ),
        (
            {"cost": {"small": {"estimators": ["bakprop"]}}},
            "estimator 'bakprop' is not defined: did you mean 'backprop'?",
        ),
        (
            {"cost": {"small": {"batch_sizes": [8, 5000]}}},
            "test: cost.small.batch_sizes: 5000 is more than the 1200",
        ),
        (
            {"estimators": {"rtrl": {"kind": "rtrl"}}, "cost": {"small": {"estimators": ["rtrl"]}}},
            "'rtrl' needs a sequence, but the problem 'mlp' has none",
        ),
        (
            {"cost": {"small": {"problems": {"mlp": "mpl"}}}},
            "unknown problem 'mpl': did you mean 'mlp'?",
        ),
    ],
)
def test_a_mistake_in_the_settings_is_one_line(mistake: dict[str, Any], message: str) -> None:
    config = files.overlay(measurement_config("jax", "cost", {"mlp": MLP}), mistake)
    with pytest.raises(validation.UserError) as error:
        validation.check({"test": config})
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_the_nearest_measurement_is_suggested_for_an_unknown_name() -> None:
    config = measurement_config("jax", "cost", {"mlp": MLP})
    with pytest.raises(validation.UserError, match="did you mean 'cost/small/jax'"):
        plan.job(configured(config), "cost/smal/jax")
