"""Tables: what becomes of hand-made trials and curves, against numbers worked out by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.analysis.intervals import inter_quartile_mean, slope, summarise
from dirgrad.analysis.tables import curves, final, trajectories
from dirgrad.config.settings import Statistics
from dirgrad.records import files, schemas

QUICK = Statistics(resamples=50)
TRIAL = {
    "experiment": "mlp",
    "problem": "mlp",
    "backend": "jax",
    "estimator": "backprop",
    "estimator_kind": "backprop",
    "direction": "",
    "num_directions": 1,
    "optimizer": "sgd",
    "stage": "final",
    "learning_rate": 0.1,
    "learning_rate_decay": 0.0,
    "batch_size": 8,
    "seed": 0,
    "dimension": 3,
    "precision": "float32",
    "lanes": 2,
    "status": "ok",
    "reason": "",
    "steps": 4,
    "evaluations": 4,
    "final_loss": 1.0,
    "train_accuracy": 0.5,
    "valid_loss": 1.0,
    "valid_accuracy": 0.5,
    "test_loss": 1.0,
    "test_accuracy": 0.5,
    "train_seconds": 1.0,
    "step_seconds": 0.25,
    "compile_seconds": 2.0,
    "threads": 1,
    "exclusive": False,
}
POINT = {
    "experiment": "mlp",
    "backend": "jax",
    "estimator": "backprop",
    "stage": "final",
    "learning_rate": 0.1,
    "seed": 0,
    "step": 0,
    "train_seconds": 0.0,
    "loss": 1.0,
    "valid_loss": 1.0,
    "valid_accuracy": 0.5,
}


def trials(*rows: dict[str, Any]) -> pd.DataFrame:
    return files.to_table([TRIAL | row for row in rows], schemas.TRIALS).to_pandas()


def points(*rows: dict[str, Any]) -> pd.DataFrame:
    return files.to_table([POINT | row for row in rows], schemas.CURVES).to_pandas()


def at_rate(rate: float, *losses: float, **others: Any) -> list[dict[str, Any]]:
    """One trial per loss."""
    return [
        {"learning_rate": rate, "seed": i, "final_loss": loss} | others
        for i, loss in enumerate(losses)
    ]


def ends(*rows: dict[str, Any]) -> pd.DataFrame:
    return final.make({"trials": trials(*rows)}, QUICK)


def made_of(
    table: Any, trials: pd.DataFrame, curves: pd.DataFrame, settings: Statistics
) -> pd.DataFrame:
    made: pd.DataFrame = table.make({"trials": trials, "curves": curves}, settings)
    return made


NOT_VALIDATED = {
    "valid_loss": None,
    "valid_accuracy": None,
    "train_accuracy": None,
    "test_accuracy": None,
}


# final


def test_the_value_is_the_mean_of_the_middle_half() -> None:
    losses = (7.0, 1.0, 100.0, 2.0, 3.0, 4.0, 0.0, 5.0)
    (row,) = ends(*at_rate(0.1, *losses)).to_dict("records")
    assert row["final_loss"] == pytest.approx((2.0 + 3.0 + 4.0 + 5.0) / 4)
    assert row["final_loss_standard_error"] == pytest.approx(
        np.std(losses, ddof=1) / np.sqrt(len(losses))
    )
    assert row["final_loss_low"] <= row["final_loss"] <= row["final_loss_high"]


def test_only_trials_that_are_ok_are_summarised_and_all_are_counted() -> None:
    spoilt = [
        {"seed": 9 + i, "status": status, "final_loss": 1e9}
        for i, status in enumerate(["diverged", "diverged", "timeout", "unsupported"])
    ]
    (row,) = ends(*at_rate(0.1, 1.0, 2.0, 3.0), *spoilt).to_dict("records")
    assert [row[f"n_{name}"] for name in ("seeds", "ok", "diverged", "timeout", "unsupported")] == [
        7,
        3,
        2,
        1,
        1,
    ]
    assert row["final_loss"] == pytest.approx(2.0)


def test_there_is_a_row_for_every_backend_estimator_and_rate() -> None:
    keys = [
        (backend, name, rate)
        for backend in ("jax", "torch")
        for name in ("backprop", "forward")
        for rate in (0.1, 0.2)
    ]
    made = ends(
        *(
            {"backend": b, "estimator": e, "learning_rate": r, "seed": s}
            for b, e, r in keys
            for s in range(2)
        )
    )
    assert (
        list(made[["backend", "estimator", "learning_rate"]].itertuples(index=False, name=None))
        == keys
    )
    assert set(made["n_seeds"]) == {2}


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        ([*at_rate(0.1, 2.0, 2.0), *at_rate(0.2, 1.0, 1.0), *at_rate(0.3, 3.0, 3.0)], 0.2),
        ([*at_rate(0.3, 1.0), *at_rate(0.2, 2.0), *at_rate(0.1, 3.0)], 0.3),
    ],
)
def test_without_validation_the_best_rate_is_of_the_lowest_final_loss(
    rows: list[dict[str, Any]], best: float
) -> None:
    made = ends(*(row | NOT_VALIDATED for row in rows))
    assert made.loc[made["best_rate"], "learning_rate"].tolist() == [best]


def test_with_validation_the_best_rate_is_of_the_lowest_validation_loss() -> None:
    made = ends(
        *at_rate(0.1, 1.0, 1.0, valid_loss=5.0),
        *at_rate(0.2, 2.0, 2.0, valid_loss=4.0),
        *at_rate(0.3, 0.5, 0.5, valid_loss=6.0),
    )
    assert made.loc[made["best_rate"], "learning_rate"].tolist() == [0.2]


@pytest.mark.parametrize("status", ["diverged", "timeout", "unsupported"])
def test_a_rate_at_which_one_trial_failed_is_never_the_best(status: str) -> None:
    failing = at_rate(0.1, 0.1, 0.1, valid_loss=0.1)
    failing[1]["status"] = status
    made = ends(*failing, *at_rate(0.2, 2.0, 2.0, valid_loss=4.0))
    assert made.loc[made["best_rate"], "learning_rate"].tolist() == [0.2]


def test_an_estimator_that_failed_at_every_rate_has_its_rows_and_no_best() -> None:
    lost = {"status": "diverged", "final_loss": float("nan"), "valid_loss": float("nan")}
    made = ends(
        *at_rate(0.1, 1.0, 1.0),
        *at_rate(0.1, 1.0, estimator="forward", **lost),
        *at_rate(0.2, 1.0, estimator="forward", **lost),
    )
    assert made["best_rate"].tolist() == [True, False, False]
    assert made["final_loss"].isna().tolist() == [False, True, True]


def test_each_backend_and_estimator_has_a_best_rate_of_its_own() -> None:
    rows = [
        {
            "backend": backend,
            "estimator": name,
            "learning_rate": rate,
            "valid_loss": abs(rate - best),
        }
        for backend, name, best in (
            ("jax", "a", 0.1),
            ("jax", "b", 0.2),
            ("torch", "a", 0.3),
            ("torch", "b", 0.1),
        )
        for rate in (0.1, 0.2, 0.3)
    ]
    made = ends(*rows)
    assert made.loc[made["best_rate"], "learning_rate"].tolist() == [0.1, 0.2, 0.3, 0.1]


COLUMNS = [
    *(
        "problem",
        "backend",
        "estimator",
        "direction",
        "num_directions",
        "optimizer",
        "learning_rate",
        "n_seeds",
        "n_ok",
        "n_diverged",
    ),
    *(
        "final_loss",
        "final_loss_low",
        "final_loss_high",
        "valid_accuracy",
        "step_seconds",
        "evaluations",
        "best_rate",
    ),
]


@pytest.mark.parametrize(
    "rows",
    [at_rate(0.1, 1.0, 2.0), at_rate(0.1, 1.0, status="timeout", **NOT_VALIDATED)],
    ids=["ok", "timeout"],
)
def test_the_columns_do_not_depend_on_what_became_of_the_trials(rows: list[dict[str, Any]]) -> None:
    assert set(COLUMNS) <= set(ends(*rows).columns)
    assert list(ends(*rows).columns) == list(ends(*at_rate(0.1, 1.0)).columns)


def test_numbers_are_numbers() -> None:
    made = ends(*at_rate(0.1, 1.0, 2.0), *at_rate(0.2, 1.0, status="timeout", **NOT_VALIDATED))
    assert [name for name in made.columns if made[name].dtype == object] == []


def test_a_table_written_and_read_is_the_same(tmp_path: Path) -> None:
    made = ends(*at_rate(0.1, 1.0, 2.0), *at_rate(0.2, 1.0, status="timeout", **NOT_VALIDATED))
    made.to_csv(tmp_path / "final.csv", index=False)
    again = pd.read_csv(tmp_path / "final.csv").assign(direction="")
    pd.testing.assert_frame_equal(again, made, check_dtype=False)


# curves


def test_a_curve_is_the_mean_of_the_middle_half_at_every_step() -> None:
    losses = {0: [1.0, 2.0, 3.0, 40.0], 5: [4.0, 6.0, 8.0, -10.0]}
    made = made_of(
        curves,
        trials(*at_rate(0.1, 1.0, 1.0, 1.0, 1.0)),
        points(
            *(
                {"seed": i, "step": step, "loss": loss}
                for step, each in losses.items()
                for i, loss in enumerate(each)
            )
        ),
        QUICK,
    )
    assert made["step"].tolist() == [0, 5]
    assert made["n"].tolist() == [4, 4]
    assert made["loss"].tolist() == pytest.approx([2.5, 5.0])
    assert (made["loss_low"] <= made["loss"]).all()
    assert (made["loss"] <= made["loss_high"]).all()


def test_curves_of_trials_that_failed_are_left_out() -> None:
    which = [{"seed": 0}, {"seed": 1, "status": "diverged"}, {"seed": 2, "status": "timeout"}]
    made = made_of(
        curves, trials(*which), points(*({"seed": i, "loss": 10.0**i} for i in range(3))), QUICK
    )
    assert made["loss"].tolist() == [1.0]
    assert made["n"].tolist() == [1]


def test_where_all_trials_failed_there_is_an_empty_table_with_columns() -> None:
    made = made_of(curves, trials({"status": "diverged"}), points({}), QUICK)
    assert made.empty
    assert {"experiment", "backend", "estimator", "learning_rate", "step", "n"} <= set(made.columns)


def test_a_curve_without_validation_has_losses_only() -> None:
    made = made_of(curves, trials({}), points({"valid_loss": None, "valid_accuracy": None}), QUICK)
    assert made["loss"].tolist() == [1.0]
    assert "valid_loss" not in made


# trajectories


def test_trajectories_are_the_points_that_have_parameters_whatever_became_of_the_trial() -> None:
    made = made_of(
        trajectories,
        trials({"status": "diverged"}),
        points({"theta_0": 1.0, "theta_1": 2.0}, {"step": 5}),
        QUICK,
    )
    assert made[["step", "theta_0", "theta_1"]].to_numpy().tolist() == [[0.0, 1.0, 2.0]]


# statistics

FINITE = st.floats(-1e3, 1e3)


@given(st.lists(FINITE, min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_the_inter_quartile_mean_drops_a_quarter_at_each_end(values: list[float]) -> None:
    cut = len(values) // 4
    middle = sorted(values)[cut : len(values) - cut]
    assert inter_quartile_mean(np.array(values)) == pytest.approx(
        sum(middle) / len(middle), abs=1e-9
    )


@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_of_no_values_nothing_is_known(shape: tuple[int, ...]) -> None:
    found = summarise(np.zeros(shape), QUICK)
    assert [part.shape for part in found] == [shape[:-1]] * 3
    assert np.isnan(np.array(found)).all()


def test_of_one_value_the_interval_is_not_known() -> None:
    found = summarise(np.array([[2.0], [3.0]]), QUICK)
    assert found.value.tolist() == [2.0, 3.0]
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()


@given(FINITE, st.integers(2, 9))
@settings(max_examples=20, deadline=None)
def test_of_constants_the_interval_is_a_point(value: float, count: int) -> None:
    found = summarise(np.full((2, count), value), QUICK)
    assert np.allclose(np.array(found), value)


@given(st.lists(st.lists(FINITE, min_size=5, max_size=5), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_an_interval_lies_within_the_values(values: list[list[float]]) -> None:
    array = np.array(values)
    found = summarise(array, QUICK)
    assert found.value.shape == (len(values),)
    assert (found.low <= found.high).all()
    assert (array.min(axis=-1) - 1e-9 <= found.low).all()
    assert (found.high <= array.max(axis=-1) + 1e-9).all()


def test_the_interval_depends_on_its_seed_alone() -> None:
    values = np.random.default_rng(0).standard_normal(10)
    one, again, other = (
        summarise(values, Statistics(resamples=50, seed=seed)).low for seed in (1, 1, 2)
    )
    assert one == again
    assert one != other


def test_more_confidence_is_a_wider_interval() -> None:
    values = np.random.default_rng(0).standard_normal((20, 10))
    narrow, wide = (
        summarise(values, Statistics(resamples=200, confidence=level)) for level in (0.5, 0.99)
    )
    assert (wide.high - wide.low > narrow.high - narrow.low).all()


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    samples = np.random.default_rng(0).normal(3.0, 2.0, (400, 20))
    found = summarise(samples, Statistics(confidence=0.95, resamples=500))
    covered = ((found.low <= 3.0) & (found.high >= 3.0)).mean()
    assert 0.85 <= covered <= 0.99


def test_the_slope_of_a_power_law_is_its_power_and_its_interval_covers_it_about_as_often_as_it_says() -> (
    None
):
    x, rng = np.array([10.0, 50.0, 400.0]), np.random.default_rng(0)
    found = slope(x, [np.full(5, 3.0 * value**-0.7) for value in x], QUICK)
    np.testing.assert_allclose(found, -0.7)
    noisy = [
        slope(
            x, list((x**0.5)[:, None] * rng.lognormal(0, 0.3, (3, 20))), Statistics(resamples=200)
        )
        for _ in range(150)
    ]
    assert 0.85 <= np.mean([one.low <= 0.5 <= one.high for one in noisy]) <= 0.99
