"""Instruments on problems whose answers are known."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.analysis.tables import cost as cost_table
from dirgrad.config import files, plan, validation
from dirgrad.config.settings import Statistics
from dirgrad.core.errors import UserError
from dirgrad.core.types import Backend
from dirgrad.runs.instruments import cost, memory, oracle, programs, stability, workload
from support.measured import ESTIMATORS, MLP, QUADRATIC, made, raw


def test_a_cost_is_of_every_part_in_every_round(backend: Backend) -> None:
    found = cost.run(made(backend, "cost", {"mlp": MLP}, rounds=3, round_seconds=1e-4), backend)[
        "cost"
    ].to_pandas()
    turns = found.groupby(["estimator", "part"], dropna=False)["round"].apply(list)
    expected = {(name, part) for name in ESTIMATORS for part in ("gradient", "step")}
    assert {key for key in turns.index if isinstance(key[0], str)} == expected
    assert set(found.loc[found["estimator"].isna(), "part"]) == {"forward", "forward_again"}
    assert all(rounds == [0, 1, 2] for rounds in turns)
    assert (found["seconds"] > 0).all()
    assert (found["dimension"] == 64 * 5 + 5 + 5 * 5 + 5 + 5 * 10 + 10).all()
    assert (found["depth"] == 3).all()
    assert list(found["part"].head(3)) == ["forward", "forward_again", "gradient"], (
        "everything takes turns"
    )


def test_a_step_is_taken_apart(backend: Backend) -> None:
    few = {"rounds": 2, "round_seconds": 1e-4, "pieces": True}
    found = cost.run(made(backend, "cost", {"quadratic": QUADRATIC}, **few), backend)[
        "cost"
    ].to_pandas()
    taken = {name: set(rows["part"]) for name, rows in found.groupby("estimator")}
    assert taken["backprop"] == {"gradient", "step", "derivative", "update"}
    assert taken["forward_gradient"] == taken["backprop"] | {"sampling"}
    assert taken["rademacher"] == {"gradient", "step"}, "two directions alternate with their passes"
    rows = cost_table.make({"cost": found}, Statistics(resamples=20)).set_index("estimator")
    assert (
        rows.loc["forward_gradient", ["sampling_over_forward", "update_seconds"]].astype(float) > 0
    ).all()
    assert np.isnan(rows.loc["backprop", "sampling_seconds"])


@pytest.mark.parametrize(
    ("refuse", "status", "reason"),
    [
        (
            lambda f, x, v: (f(*x), 0.0 * f(*x)),
            "wrong",
            "off from the gradient along its directions",
        ),
        (None, "unsupported", "no forward rule for this operator"),
    ],
)
def test_what_is_wrong_or_unsupported_is_a_row_and_is_not_timed(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, refuse: Any, status: str, reason: str
) -> None:
    def unsupported(*_: object) -> None:
        raise NotImplementedError("no forward rule\nfor this operator")

    monkeypatch.setattr(oracle, "require_tangents", lambda _: None)
    monkeypatch.setattr(backend.ops, "jvp", refuse or unsupported)
    measurement = made(backend, "cost", {"mlp": MLP}, rounds=2, round_seconds=1e-4, compiled=False)
    found = cost.run(measurement, backend)["cost"].to_pandas()
    rows = cost_table.make({"cost": found}, Statistics(resamples=20)).set_index("estimator")
    for name in ("forward_gradient", "rademacher"):
        assert rows.loc[name, "status"] == status
        assert reason in rows.loc[name, "reason"]
        assert np.isnan(rows.loc[name, "step_over_forward"])
    assert rows.loc["backprop", "status"] == "ok"
    assert rows.loc["backprop", "step_over_forward"] > 0
    assert not rows["compiled"].any()


def test_a_framework_that_loses_tangents_is_refused(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle.require_tangents(backend)
    monkeypatch.setattr(backend.ops, "jvp", lambda f, x, v: (f(*x), 0.0 * f(*x)))
    with pytest.raises(
        UserError, match=f"^{backend.name}: forward accumulation is wrong once it is compiled"
    ):
        oracle.require_tangents(backend)


def test_arguments_that_require_grad_are_refused() -> None:
    import torch

    engine = backends.load("torch", 1, "float32").engine
    with pytest.raises(ValueError, match="requires grad: detach it"):
        engine.compile(lambda x: 2 * x, (torch.ones(2, requires_grad=True),))


def test_what_is_prepared_does_what_the_function_does_and_keeps_its_arguments(
    backend: Backend,
) -> None:
    def f(x: dict[str, Any], y: Any) -> Any:
        return {"sum": x["a"] + y, "twice": 2 * x["a"]}

    a, y = backend.ops.asarray(np.arange(3.0)), backend.ops.asarray(np.ones(3))
    prepared = backend.engine.compile(f, ({"a": a}, y))
    for _ in range(2):
        found = prepared.call({"a": a}, y)
        np.testing.assert_array_equal(backend.engine.to_numpy(found["sum"]), [1.0, 2.0, 3.0])
        np.testing.assert_array_equal(backend.engine.to_numpy(found["twice"]), [0.0, 2.0, 4.0])
    assert ("xla_temp_bytes" in prepared.counts) == (backend.name == "jax")


def test_the_largest_rate_is_that_of_theory(backend: Backend) -> None:
    rates = {"lowest": 0.01, "highest": 10.0, "per_decade": 4}
    found = stability.run(
        made(backend, "stability", {"quadratic": QUADRATIC}, rates=rates, steps=300, seeds=3),
        backend,
    )
    rows = found["stability"].to_pandas()
    for name, expected in (("backprop", 2.0), ("forward_gradient", 2 / 12)):
        mine = rows[rows["estimator"] == name]
        assert mine["stable_rate_theory"].unique() == pytest.approx([expected])
        for rate, trials in mine.groupby("learning_rate"):
            borne = (
                (trials["status"] == "ok") & (trials["final_loss"] <= trials["initial_loss"])
            ).all()
            if rate < expected / 1.8 or rate > expected * 1.8:
                assert borne == (rate < expected), (name, rate)
    assert rows.loc[rows["estimator"] == "rademacher", "stable_rate_theory"].isna().all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_memory_is_measured_in_a_process_of_its_own(name: str, tmp_path: Path) -> None:
    wide = {"kind": "mlp", "dataset": "digits", "hidden": [512, 512]}
    given = raw(name, "memory", {"wide": wide}, estimators=["forward_gradient"], rounds=1)
    configured, about = tmp_path / "config.json", f"memory/one/{name}"
    configured.write_text(json.dumps(given | {"run": {"threads": 1}}))

    def probe(problem: str, batch_size: int, estimator: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "dirgrad",
            "memory-probe",
            about,
            problem,
            str(batch_size),
            estimator,
            "--config",
            str(configured),
        ]

    rows = (
        memory.run(plan.measurement(given, about), probe)["memory"]
        .to_pandas()
        .set_index("estimator")
    )
    assert list(rows.index) == ["inference", "forward_gradient"]
    parameters = rows["parameter_bytes"].iloc[0]
    assert parameters == 4 * (64 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10)
    # New parameters are made by a step, and a direction as large by the forward gradient; neither by inference.
    assert rows.loc["inference", "resident_peak_bytes"] < parameters
    assert rows.loc["forward_gradient", "resident_peak_bytes"] >= 0.9 * parameters
    assert rows["xla_temp_bytes"].notna().all() == (name == "jax")


def test_the_bytes_of_a_traced_graph_are_those_that_live_at_once() -> None:
    """Of a vector of 100 entries of 8 bytes: a and b live beside each other and c beside both, a view makes nothing, and what is
    made of c takes its place."""
    import torch

    def f(x: Any) -> Any:
        a = x + 1
        b = a * 2
        c = a.reshape(10, 10).t() @ b.reshape(10, 10)
        return torch.sum((c + 1) * 2)

    prepared = backends.load("torch", 1, "float64").engine.compile(
        f, (torch.zeros(100, dtype=torch.float64),)
    )
    assert prepared.counts["graph_temp_bytes"] == 3 * 800


@pytest.mark.parametrize("consumed", [0, 1])
def test_a_call_writes_over_what_it_may_and_nothing_else(consumed: int) -> None:
    """x is read again after y is made of it, w is not: only w's storage is taken, and only if it is given up."""
    import torch

    def f(w: Any, x: Any) -> Any:
        y = x * 2
        view = y[:50]
        return w + y * x, view * 3, y

    engine = backends.load("torch", 1, "float64").engine
    w, x = (torch.arange(100, dtype=torch.float64) + i for i in range(2))
    prepared = engine.compile(f, (w, x), consumed=consumed)
    expected, given = f(w.clone(), x.clone()), w.clone()
    found = prepared.call(given, x)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)
    assert torch.equal(x, torch.arange(100, dtype=torch.float64) + 1)
    assert (found[0].data_ptr() == given.data_ptr()) == bool(consumed)
    assert torch.equal(given, w) != bool(consumed)


def test_steps_that_renew_their_state_end_where_others_do(backend: Backend) -> None:
    """A step goes on from where the last has ended, and leaves the arguments of its part alone."""
    measured = made(backend, "cost", {"mlp": MLP})
    (about,) = workload.workloads(measured, backend)
    before = {name: backend.engine.to_numpy(leaf).copy() for name, leaf in about.params.items()}
    for estimator in measured.estimators.values():
        _, step = programs.estimate_and_step(backend, about, estimator)
        _, call = programs.compile(backend, step)
        plain, state = step.build(backend.ops), step.arguments[0]
        for _ in range(3):
            renewed, _ = call()
            state, _ = plain(state, *step.arguments[1:])
            for name, leaf in state.params.items():
                np.testing.assert_allclose(
                    backend.engine.to_numpy(renewed.params[name]),
                    backend.engine.to_numpy(leaf),
                    rtol=1e-12,
                )
        for name, leaf in about.params.items():
            np.testing.assert_array_equal(backend.engine.to_numpy(leaf), before[name])


def test_a_step_along_a_sequence_holds_less_than_backpropagation_through_it() -> None:
    """The graph of forward accumulation needs one step's values at a time, that of reverse accumulation all of them."""
    estimators = {
        "backprop": {"kind": "backprop"},
        "forward": {
            "kind": "directional_descent",
            "candidate": {"kind": "random", "direction": "gaussian"},
        },
    }
    problem = {"kind": "rnn", "dataset": {"kind": "copy", "delay": 14}, "hidden": 16}
    given = raw(
        "torch",
        "cost",
        {"long": problem},
        rounds=1,
        round_seconds=1e-4,
        estimators=list(estimators),
    )
    given["estimators"] = estimators | ESTIMATORS
    found = cost.run(
        plan.measurement(given, "cost/one/torch"), backends.load("torch", 1, "float64")
    )["cost"].to_pandas()
    steps = found[found["part"] == "step"].set_index("estimator")
    taken = steps["graph_temp_bytes"] - steps["observation_bytes"]
    assert taken["backprop"] > 2 * taken["forward"]


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (
            {"cost": {"one": {"round": 3}}},
            "test: cost.one.round: unknown key: did you mean 'rounds'?",
        ),
        (
            {"cost": {"one": {"estimators": ["bakprop"]}}},
            "no estimator 'bakprop' is defined: did you mean 'backprop'?",
        ),
        (
            {"cost": {"one": {"batch_sizes": [8, 5000]}}},
            "test: cost.one.batch_sizes: 5000 is more than the 1200",
        ),
        (
            {"estimators": {"rtrl": {"kind": "rtrl"}}, "cost": {"one": {"estimators": ["rtrl"]}}},
            "'rtrl' goes along a sequence, and the problem 'mlp' reads none",
        ),
        (
            {"cost": {"one": {"problems": {"mlp": "mpl"}}}},
            "unknown problem 'mpl': did you mean 'mlp'?",
        ),
    ],
)
def test_a_mistake_in_an_instrument_is_one_sentence(over: dict[str, Any], said: str) -> None:
    given = files.overlay(raw("jax", "cost", {"mlp": MLP}), over)
    with pytest.raises(validation.UserError) as error:
        validation.check(given, {"test": given})
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_of_a_measurement_that_is_not_there_the_nearest_is_offered() -> None:
    with pytest.raises(validation.UserError, match="did you mean 'cost/one/jax'"):
        plan.measurement(raw("jax", "cost", {"mlp": MLP}), "cost/on/jax")
