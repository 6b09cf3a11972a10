"""The table `final` summarizes the trials at each learning rate and marks the best rate."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.tables import final
from support.hand_made_records import (
    NOT_VALIDATED,
    QUICK,
    Row,
    no_records,
    trial_records,
    trials_at_rate,
)


def final_table(*rows: Row) -> pd.DataFrame:
    """Return the table of these trials."""
    return final.make({"trials": trial_records(*rows)}, QUICK)


def best_rates(table: pd.DataFrame) -> list[float]:
    """Return the learning rates that are marked as best."""
    return table.loc[table["best_rate"], "learning_rate"].tolist()


def test_a_value_is_the_mean_of_the_middle_half() -> None:
    losses = (7.0, 1.0, 100.0, 2.0, 3.0, 4.0, 0.0, 5.0)
    (row,) = final_table(*trials_at_rate(0.1, *losses)).to_dict("records")
    assert row["final_loss"] == pytest.approx((2.0 + 3.0 + 4.0 + 5.0) / 4)
    assert row["final_loss_standard_error"] == pytest.approx(
        np.std(losses, ddof=1) / np.sqrt(len(losses))
    )
    assert row["final_loss_low"] <= row["final_loss"] <= row["final_loss_high"]


def test_only_ok_trials_are_summarized_but_all_trials_are_counted() -> None:
    statuses = ["diverged", "diverged", "timeout", "unsupported"]
    failed = [
        {"seed": 9 + number, "status": status, "final_loss": 1e9}
        for number, status in enumerate(statuses)
    ]
    (row,) = final_table(*trials_at_rate(0.1, 1.0, 2.0, 3.0), *failed).to_dict("records")
    names = ("seeds", "ok", "diverged", "timeout", "unsupported")
    assert [row[f"n_{name}"] for name in names] == [7, 3, 2, 1, 1]
    assert row["final_loss"] == pytest.approx(2.0)


def test_each_backend_estimator_and_rate_has_a_row() -> None:
    keys = [
        (backend, estimator, rate)
        for backend in ("jax", "torch")
        for estimator in ("backprop", "forward")
        for rate in (0.1, 0.2)
    ]
    columns = ["backend", "estimator", "learning_rate"]
    rows = [
        dict(zip(columns, key, strict=True)) | {"seed": seed} for key in keys for seed in (0, 1)
    ]
    table = final_table(*rows)
    assert list(table[columns].itertuples(index=False, name=None)) == keys
    assert set(table["n_seeds"]) == {2}


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        (
            [
                *trials_at_rate(0.1, 2.0, 2.0),
                *trials_at_rate(0.2, 1.0, 1.0),
                *trials_at_rate(0.3, 3.0, 3.0),
            ],
            0.2,
        ),
        (
            [
                *trials_at_rate(0.3, 1.0),
                *trials_at_rate(0.2, 2.0),
                *trials_at_rate(0.1, 3.0),
            ],
            0.3,
        ),
    ],
)
def test_without_validation_the_best_rate_has_the_lowest_final_loss(
    rows: list[Row], best: float
) -> None:
    table = final_table(*(row | NOT_VALIDATED for row in rows))
    assert best_rates(table) == [best]


def test_with_validation_the_best_rate_has_the_lowest_validation_loss() -> None:
    table = final_table(
        *trials_at_rate(0.1, 1.0, 1.0, valid_loss=5.0),
        *trials_at_rate(0.2, 2.0, 2.0, valid_loss=4.0),
        *trials_at_rate(0.3, 0.5, 0.5, valid_loss=6.0),
    )
    assert best_rates(table) == [0.2]


@pytest.mark.parametrize("status", ["diverged", "timeout", "unsupported"])
def test_a_rate_with_a_failed_trial_is_never_the_best(status: str) -> None:
    lower_loss = trials_at_rate(0.1, 0.1, 0.1, valid_loss=0.1)
    lower_loss[1]["status"] = status
    higher_loss = trials_at_rate(0.2, 2.0, 2.0, valid_loss=4.0)
    assert best_rates(final_table(*lower_loss, *higher_loss)) == [0.2]


def test_an_estimator_that_failed_at_all_rates_has_rows_but_no_best_rate() -> None:
    failed = {
        "estimator": "forward",
        "status": "diverged",
        "final_loss": float("nan"),
        "valid_loss": float("nan"),
    }
    table = final_table(
        *trials_at_rate(0.1, 1.0, 1.0),
        *trials_at_rate(0.1, 1.0, **failed),
        *trials_at_rate(0.2, 1.0, **failed),
    )
    assert table["best_rate"].tolist() == [True, False, False]
    assert table["final_loss"].isna().tolist() == [False, True, True]


def test_each_backend_and_estimator_has_its_own_best_rate() -> None:
    best_by_estimator = {
        ("jax", "a"): 0.1,
        ("jax", "b"): 0.2,
        ("torch", "a"): 0.3,
        ("torch", "b"): 0.1,
    }
    rows = [
        {
            "backend": backend,
            "estimator": estimator,
            "learning_rate": rate,
            "valid_loss": abs(rate - best),
        }
        for (backend, estimator), best in best_by_estimator.items()
        for rate in (0.1, 0.2, 0.3)
    ]
    assert best_rates(final_table(*rows)) == [0.1, 0.2, 0.3, 0.1]


REQUIRED_COLUMNS = {
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
    "final_loss",
    "final_loss_low",
    "final_loss_high",
    "valid_accuracy",
    "step_seconds",
    "evaluations",
    "best_rate",
}


@pytest.mark.parametrize(
    "rows",
    [
        trials_at_rate(0.1, 1.0, 2.0),
        trials_at_rate(0.1, 1.0, status="timeout", **NOT_VALIDATED),
    ],
    ids=["ok", "timeout"],
)
def test_the_columns_do_not_depend_on_the_status_of_the_trials(rows: list[Row]) -> None:
    columns = list(final_table(*rows).columns)
    assert set(columns) >= REQUIRED_COLUMNS
    assert columns == list(final_table(*trials_at_rate(0.1, 1.0)).columns)


def table_with_a_failed_rate() -> pd.DataFrame:
    """Return a table with numbers at one rate and nulls at the other."""
    return final_table(
        *trials_at_rate(0.1, 1.0, 2.0),
        *trials_at_rate(0.2, 1.0, status="timeout", **NOT_VALIDATED),
    )


def test_no_column_has_the_type_object() -> None:
    table = table_with_a_failed_rate()
    assert [name for name in table.columns if table[name].dtype == object] == []


def test_a_table_does_not_change_when_it_is_written_and_read(tmp_path: Path) -> None:
    table = table_with_a_failed_rate()
    table.to_csv(tmp_path / "final.csv", index=False)
    # An empty text is read from CSV as a null.
    from_file = pd.read_csv(tmp_path / "final.csv").assign(direction="")
    pd.testing.assert_frame_equal(from_file, table, check_dtype=False)


def test_a_table_without_trials_has_every_column() -> None:
    table = final.make(no_records(), QUICK)
    assert table.empty
    assert {*final.COLUMN_ROLES.file_columns()} <= {*table.columns}
