"""The instrument `cost` times every part of a step in every round and counts its memory."""

from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad import backends
from dirgrad.analysis.tables import cost as cost_table
from dirgrad.config import plan
from dirgrad.config.settings import Statistics
from dirgrad.core.types import Backend
from dirgrad.records import energy
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost, oracle
from support.measured import (
    ESTIMATORS,
    MLP,
    QUADRATIC,
    measurement_with_estimators,
    small_measurement,
)

FEW_RESAMPLES = Statistics(resamples=20)


def cost_records(measurement: plan.Job, backend: Backend) -> pd.DataFrame:
    return cost.run(measurement, Context(backend))["cost"].to_pandas()


def test_every_part_of_a_step_is_timed_in_every_round(backend: Backend) -> None:
    measurement = small_measurement(backend, "cost", {"mlp": MLP}, rounds=3, round_seconds=1e-4)
    records = cost_records(measurement, backend)
    rounds = records.groupby(["estimator", "part"], dropna=False)["round"].apply(list)
    parts = {key for key in rounds.index if isinstance(key[0], str)}
    assert parts == {(name, part) for name in ESTIMATORS for part in ("gradient", "step")}
    without_estimator = records[records["estimator"].isna()]
    assert set(without_estimator["part"]) == {"forward", "forward_again"}
    assert all(numbers == [0, 1, 2] for numbers in rounds)
    assert (records["seconds"] > 0).all()
    assert (records["dimension"] == 64 * 5 + 5 + 5 * 5 + 5 + 5 * 10 + 10).all()
    assert (records["depth"] == 3).all()
    first_parts = list(records["part"].head(3))
    assert first_parts == ["forward", "forward_again", "gradient"], "the parts do not take turns"


def test_only_the_chosen_parts_of_a_step_are_timed(backend: Backend) -> None:
    measurement = small_measurement(
        backend, "cost", {"mlp": MLP}, rounds=1, round_seconds=1e-4, pieces=("derivative",)
    )
    parts = set(cost_records(measurement, backend)["part"])
    assert parts == {"forward", "forward_again", "gradient", "step", "derivative"}


def test_a_measurement_of_steps_only_checks_the_estimates_and_does_not_time_them() -> None:
    backend = backends.load("torch", 1, "float64")
    measurement = small_measurement(
        backend, "cost", {"mlp": MLP}, rounds=1, round_seconds=1e-4, estimate=False
    )
    records = cost_records(measurement, backend)
    assert set(records["part"]) == {"forward", "forward_again", "step"}
    assert set(records["estimator"].dropna()) == set(ESTIMATORS)
    table = cost_table.make({"cost": records}, FEW_RESAMPLES)
    assert (table["step_over_forward"] > 0).all()
    assert table["gradient_over_forward"].isna().all()


def test_the_energy_of_a_round_is_shared_by_its_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = count(0, 500_000)
    meter = energy.Meter("rapl", lambda: (next(readings),), (2**40,))
    monkeypatch.setattr(energy, "meter", lambda device: meter)
    backend = backends.load("torch", 1, "float64")
    measurement = small_measurement(
        backend, "cost", {"mlp": MLP}, rounds=2, round_seconds=1e-3, estimate=False
    )
    records = cost_records(measurement, backend)
    assert (records["joules"] * records["calls"]).to_numpy() == pytest.approx(0.5)
    assert (records["energy_source"] == "rapl").all()
    assert records["device"].str.startswith("cpu: ").all()


def test_a_step_with_at_most_one_direction_is_timed_in_pieces(backend: Backend) -> None:
    measurement = small_measurement(
        backend, "cost", {"quadratic": QUADRATIC}, rounds=2, round_seconds=1e-4, pieces=True
    )
    records = cost_records(measurement, backend)
    parts = {name: set(rows["part"]) for name, rows in records.groupby("estimator")}
    assert parts["backprop"] == {"gradient", "step", "derivative", "update"}
    assert parts["forward_gradient"] == parts["backprop"] | {"sampling"}
    assert parts["rademacher"] == {"gradient", "step"}, "the pieces of two directions alternate"
    table = cost_table.make({"cost": records}, FEW_RESAMPLES).set_index("estimator")
    forward = table.loc["forward_gradient", ["sampling_over_forward", "update_seconds"]]
    assert (forward.astype(float) > 0).all()
    assert np.isnan(table.loc["backprop", "sampling_seconds"])


def zero_tangent(f: Any, x: Any, v: Any) -> Any:
    """Return the value of f and a tangent that is always zero."""
    return f(*x), 0.0 * f(*x)


def unsupported(*_: object) -> None:
    raise NotImplementedError("no forward rule\nfor this operator")


@pytest.mark.parametrize(
    ("jvp", "status", "reason"),
    [
        (zero_tangent, "wrong", "off from the gradient along its directions"),
        (unsupported, "unsupported", "no forward rule for this operator"),
    ],
)
def test_a_wrong_or_unsupported_estimate_is_a_row_without_times(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, jvp: Any, status: str, reason: str
) -> None:
    monkeypatch.setattr(oracle, "require_tangents", lambda _: None)
    monkeypatch.setattr(backend.ops, "jvp", jvp)
    measurement = small_measurement(
        backend, "cost", {"mlp": MLP}, rounds=2, round_seconds=1e-4, compiled=False
    )
    records = cost_records(measurement, backend)
    table = cost_table.make({"cost": records}, FEW_RESAMPLES).set_index("estimator")
    for name in ("forward_gradient", "rademacher"):
        assert table.loc[name, "status"] == status
        assert reason in table.loc[name, "reason"]
        assert np.isnan(table.loc[name, "step_over_forward"])
    assert table.loc["backprop", "status"] == "ok"
    assert table.loc["backprop", "step_over_forward"] > 0
    assert not table["compiled"].any()


def test_directional_descent_on_a_sequence_needs_less_than_half_the_memory_of_backprop() -> None:
    """Forward accumulation keeps the values of one position, and backprop keeps all of them."""
    estimators = {
        "backprop": {"kind": "backprop"},
        "forward": {
            "kind": "directional_descent",
            "candidate": {"kind": "random", "direction": "gaussian"},
        },
    }
    problem = {"kind": "rnn", "dataset": {"kind": "copy", "delay": 14}, "hidden": 16}
    backend = backends.load("torch", 1, "float64")
    measurement = measurement_with_estimators(
        backend, "cost", {"long": problem}, estimators, rounds=1, round_seconds=1e-4
    )
    records = cost_records(measurement, backend)
    steps = records[records["part"] == "step"].set_index("estimator")
    temporary_bytes = steps["graph_temp_bytes"] - steps["observation_bytes"]
    assert temporary_bytes["backprop"] > 2 * temporary_bytes["forward"]
