"""Training runs: what a trial does depends on its seed and rate alone, and whatever becomes of it is a row."""

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.config import plan
from dirgrad.config.validation import check
from dirgrad.core import criterion, steps
from dirgrad.core.types import Backend
from dirgrad.records.schemas import Status
from dirgrad.runs.training import progress, train, trials
from support.cases import compiled, placed

ESTIMATORS = {
    "backprop": {"kind": "backprop"},
    "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
    "sphere_k2": {"kind": "forward_gradient", "direction": "sphere", "num_directions": 2},
    "coordinate": {"kind": "forward_gradient", "direction": "coordinate"},
    "central": {
        "kind": "finite_difference",
        "direction": "rademacher",
        "scheme": "central",
        "eps": 1e-3,
    },
}


def cell(backend: Backend, problem: Any, **options: Any) -> plan.Cell:
    training = {
        "problem": problem,
        "optimizer": "sgd",
        "learning_rates": [0.001, 0.01],
        "seeds": 3,
        "steps": 20,
        "record_every": 10,
        "batch_size": 8,
        "estimators": list(ESTIMATORS),
    }
    raw = {
        "tier": "test",
        "backends": [backend.name],
        "run": {"precision": "float64", "threads": 1},
        "estimators": ESTIMATORS,
        "experiments": {"experiment": training | options},
    }
    check(raw, {"test": raw})
    return plan.cell(raw, f"experiment/{backend.name}")


def run(backend: Backend, problem: Any, **options: Any) -> tuple[Any, Any]:
    found = train.run(cell(backend, problem, **options), backend, {})
    return found.trials.to_pandas(), found.curves.to_pandas()


PROBLEMS = {
    "rosenbrock": {"kind": "rosenbrock", "dimension": 3},
    "mlp": {"kind": "mlp", "dataset": "digits", "hidden": [5]},
}
FEW = ["backprop", "sphere_k2"]


@pytest.mark.parametrize(("problem", "optimizer"), [("rosenbrock", "adam"), ("mlp", "sgd")])
def test_a_trial_does_not_depend_on_its_neighbours(
    backend: Backend, problem: str, optimizer: str
) -> None:
    rates, same = [1e-4, 1e-3], {"optimizer": optimizer, "estimators": ["sphere_k2"]}
    together, _ = run(backend, PROBLEMS[problem], learning_rates=rates, **same)
    alone, _ = run(backend, PROBLEMS[problem], learning_rates=rates, lanes=1, **same)
    in_pairs, _ = run(backend, PROBLEMS[problem], learning_rates=rates[1:], lanes=2, **same)
    key = ["estimator", "learning_rate", "seed"]
    joined = together.merge(alone, on=key, suffixes=("", "_alone")).merge(
        in_pairs, on=key, how="left", suffixes=("", "_pair")
    )
    assert (joined["status"] == Status.OK).all()
    np.testing.assert_allclose(joined["final_loss"], joined["final_loss_alone"], rtol=1e-9)
    paired = joined.dropna(subset="final_loss_pair")
    assert len(paired) == 3
    np.testing.assert_allclose(paired["final_loss"], paired["final_loss_pair"], rtol=1e-9)


def test_seeds_and_rates_make_a_difference(backend: Backend) -> None:
    found, _ = run(backend, PROBLEMS["mlp"], estimators=FEW)
    assert found["final_loss"].nunique() == len(found)


def test_trials_of_one_seed_are_paired_across_estimators_and_frameworks(
    both: tuple[Backend, Backend],
) -> None:
    curves = [
        run(backend, PROBLEMS["mlp"], estimators=FEW)[1].query("step == 0") for backend in both
    ]
    for by_seed in (curves[0].groupby("seed"), curves[1].groupby("seed")):
        assert (by_seed["loss"].agg(lambda x: np.ptp(x)) < 1e-12).all()
    np.testing.assert_allclose(curves[0]["loss"], curves[1]["loss"], rtol=1e-12)


def test_a_training_is_the_steps_one_after_another(backend: Backend) -> None:
    """The compiled or traced loop against the plain function, for every estimator."""
    made = cell(
        backend,
        PROBLEMS["mlp"],
        learning_rates=[0.01],
        seeds=1,
        estimators=["backprop", "sphere_k2", "central"],
    )
    found = train.run(made, backend, {}).trials.to_pandas().set_index("estimator")["final_loss"]
    data = trials.data(made)
    images, labels = (backend.ops.asarray(array) for array in data.train)
    for name, estimator in made.estimators.items():
        state, every = trials.initial_state(made, backend, name, [trials.Lane(0.01, 0)])
        state, trial = one_lane(backend, state), one_lane(backend, every)
        step = compiled(
            backend,
            steps.make_step(
                backend.ops, made.training.problem, estimator, made.training.optimizer, 0.0
            ),
        )
        rows = trials.minibatch_rows(0, 20, len(images), 8)
        for index in range(20):
            chosen = backend.ops.asarray(rows[index])
            state, _ = step(
                state, trial, backend.ops.arange(20)[index], (images[chosen], labels[chosen])
            )
        expected = criterion.metrics(
            made.training.problem, backend.ops, state.params, (images, labels)
        )["loss"]
        assert found[name] == pytest.approx(float(expected), rel=1e-9)


def one_lane(backend: Backend, tree: Any) -> Any:
    kind = type(tree)
    parts = (
        (
            {key: leaf[0] for key, leaf in part.items()}
            if isinstance(part, dict)
            else part[0]
            if len(part)
            else part
        )
        for part in tree
    )
    return kind(*parts)


def test_a_diverging_trial_is_a_row_and_the_others_go_on(backend: Backend) -> None:
    found, curves = run(backend, {"kind": "rosenbrock"}, learning_rates=[1e-4, 1.0], estimators=FEW)
    by_rate = found.groupby("learning_rate")["status"].unique()
    assert list(by_rate[1e-4]) == [Status.OK]
    assert list(by_rate[1.0]) == [Status.DIVERGED]
    assert found.query("learning_rate == 1.0")["reason"].str.contains("by step 10").all()
    assert curves.query("learning_rate == 1.0")["step"].max() == 10
    assert curves.query("learning_rate == 0.0001")["step"].max() == 20


def test_a_training_whose_trials_all_diverge_ends_early(backend: Backend) -> None:
    found, _ = run(backend, {"kind": "rosenbrock"}, learning_rates=[1.0], estimators=FEW)
    assert (found["steps"] == 10).all()


def test_a_spent_budget_is_a_timeout_and_what_was_not_begun_says_so(backend: Backend) -> None:
    found, _ = run(backend, PROBLEMS["rosenbrock"], lanes=1, timeout_seconds=1e-9, estimators=FEW)
    first = found.query("learning_rate == 0.001 and seed == 0")
    others = found.drop(first.index)
    assert (found["status"] == Status.TIMEOUT).all()
    assert first["reason"].str.contains("at step 10").all()
    assert np.isfinite(first["final_loss"]).all()
    assert others["reason"].str.contains("not begun").all()
    assert others["final_loss"].isna().all()


def test_an_unsupported_derivative_is_a_row_and_the_other_estimators_go_on(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotImplementedError("no forward rule\nfor this operator")

    monkeypatch.setattr(backend.ops, "jvp", refuse)
    found, _ = run(backend, PROBLEMS["rosenbrock"])
    by_estimator = found.groupby("estimator")[["status", "reason", "steps"]].first()
    for name in ("forward_gradient", "sphere_k2", "coordinate"):
        assert tuple(by_estimator.loc[name]) == (
            Status.UNSUPPORTED,
            "no forward rule for this operator",
            0,
        )
    assert (
        by_estimator.loc["backprop", "status"] == by_estimator.loc["central", "status"] == Status.OK
    )


def test_a_bug_is_not_recorded_as_a_result(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(backend.ops, "jvp", broken)
    with pytest.raises(ZeroDivisionError):
        run(backend, PROBLEMS["rosenbrock"])


def test_after_tuning_fresh_seeds_are_trained_at_each_estimators_own_rate(backend: Backend) -> None:
    tuning = {"lowest": 1e-4, "highest": 1.0, "per_decade": 1, "seeds": 2}
    found, curves = run(
        backend, PROBLEMS["rosenbrock"], learning_rates=None, tuning=tuning, estimators=FEW
    )
    search, final = found.query("stage == 'tuning'"), found.query("stage == 'final'")
    assert sorted(search["learning_rate"].unique()) == [1e-4, 1e-3, 1e-2, 0.1, 1.0]
    assert not set(search["seed"]) & set(final["seed"])
    for name, tried in search.groupby("estimator"):
        failed = tried.loc[tried["status"] != Status.OK, "learning_rate"]
        assert len(failed), "a grid at which nothing fails shows nothing"
        losses = (
            tried[~tried["learning_rate"].isin(failed)]
            .groupby("learning_rate")["final_loss"]
            .mean()
        )
        trained = final[final["estimator"] == name]
        assert trained["learning_rate"].tolist() == [losses.idxmin()] * 3
    assert set(curves["stage"]) == {"tuning", "final"}


def test_where_every_rate_fails_there_is_nothing_to_train(backend: Backend) -> None:
    tuning = {"lowest": 1.0, "highest": 10.0, "per_decade": 1, "seeds": 1}
    found, _ = run(
        backend, PROBLEMS["rosenbrock"], learning_rates=None, tuning=tuning, estimators=FEW
    )
    assert set(found["stage"]) == {"tuning"}
    assert set(found["status"]) == {Status.DIVERGED}


def test_every_trial_tells_what_it_spent(backend: Backend) -> None:
    found, curves = run(backend, PROBLEMS["mlp"], learning_rates=[0.01])
    evaluations = found.groupby("estimator")["evaluations"].first()
    assert evaluations.to_dict() == {
        "backprop": 20,
        "forward_gradient": 20,
        "sphere_k2": 40,
        "coordinate": 20,
        "central": 40,
    }
    assert (found["step_seconds"] > 0).all()
    assert (
        curves.groupby(["estimator", "learning_rate", "seed"])["train_seconds"].diff().dropna() > 0
    ).all()
    assert found[["valid_accuracy", "test_accuracy", "train_accuracy"]].stack().between(0, 1).all()
    assert list(curves["step"].unique()) == [0, 10, 20]


def test_a_run_reports_where_it_is(backend: Backend) -> None:
    stream = io.StringIO()
    made = cell(backend, PROBLEMS["rosenbrock"], estimators=FEW)
    train.run(
        made,
        backend,
        {},
        progress.reporter("experiment", trials.total_steps(made), stream, line_seconds=0.0),
    )
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2 * len(FEW)
    assert lines[-1].startswith("experiment: 100%")
    assert all(
        "step" in line and "loss" in line and "left" in line and "seed 0" in line for line in lines
    )


GOLDEN = {
    # Baydin et al. 2022, figure 2: what gradient descent at the paper's rates ends at, computed independently in float64.
    "beale": ({"kind": "beale", "start": [0.0, 0.5]}, 0.01, 1000, 5.56e-5),
    "rosenbrock": ({"kind": "rosenbrock", "start": [-1.0, 0.0]}, 5e-4, 25_000, 5.32e-6),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", GOLDEN)
def test_gradient_descent_ends_where_the_paper_says(backend: Backend, name: str) -> None:
    problem, rate, count, expected = GOLDEN[name]
    found, _ = run(
        backend,
        problem,
        learning_rates=[rate],
        seeds=1,
        steps=count,
        record_every=count,
        estimators=["backprop"],
    )
    assert f"{found['final_loss'].item():.2e}" == f"{expected:.2e}"


def test_only_the_backend_asked_for_is_imported() -> None:
    for name in backends.NAMES:
        loaded = f"from dirgrad import backends; backends.load('{name}')"
        code = f"import sys; {loaded}; print(*[m for m in ('jax', 'torch') if m in sys.modules])"
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert found.stdout.split() == [name]


def test_torch_traces_what_it_would_do_untraced() -> None:
    from dirgrad.backends.torch import engine

    backend = backends.load("torch", 1, "float64")
    made = cell(backend, PROBLEMS["mlp"])
    for name, estimator in made.estimators.items():
        step = steps.make_step(
            backend.ops, made.training.problem, estimator, made.training.optimizer, 0.0
        )
        lanes = [trials.Lane(0.01, 0), trials.Lane(0.01, 1)]
        state, trial = trials.initial_state(made, backend, name, lanes)
        images = backend.ops.asarray(np.random.default_rng(0).uniform(size=(2, 8, 8, 8)))
        labels = backend.ops.asarray(np.random.default_rng(0).integers(0, 10, (2, 8)))
        example = (state, trial, backend.ops.arange(5)[4], (images, labels))
        flat, leaves, _ = engine._flattened(engine._mapped_over(step, (2,), 2), example)
        for plain, traced in zip(
            flat(*leaves), engine._traced(flat, leaves, 0)(*leaves), strict=True
        ):
            np.testing.assert_array_equal(plain.numpy(), traced.numpy())


def test_placing_does_not_change_parameters(backend: Backend) -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3)}
    np.testing.assert_array_equal(
        backend.engine.to_numpy(placed(backend, arrays)["a"]), arrays["a"]
    )
