"""Schemas define the columns of the records and the outcomes of a trial."""

import pyarrow as pa
import pytest

from dirgrad.records import schemas, training_schemas

TRIAL_SUBJECT = {
    "experiment",
    "problem",
    "backend",
    "estimator",
    "direction",
    "num_directions",
    "optimizer",
    "learning_rate",
}
TRIAL_OUTCOME = {
    "seed",
    "status",
    "reason",
    "steps",
    "evaluations",
    "final_loss",
    "valid_loss",
    "valid_accuracy",
}
TRIAL_COST = {
    "train_seconds",
    "step_seconds",
    "compile_seconds",
    "threads",
    "lanes",
    "precision",
    "exclusive",
}
POINT_SUBJECT = {
    "experiment",
    "backend",
    "estimator",
    "learning_rate",
    "seed",
    "step",
    "train_seconds",
    "loss",
}
POINT_VALUES = {
    "train_accuracy",
    "valid_loss",
    "valid_accuracy",
    "batch_loss",
    "theta_0",
    "theta_1",
}
LANDSCAPE_COLUMNS = {"experiment", "theta_0", "theta_1", "loss"}


@pytest.mark.parametrize(
    ("schema", "columns"),
    [
        (training_schemas.TRIALS, TRIAL_SUBJECT),
        (training_schemas.TRIALS, TRIAL_OUTCOME),
        (training_schemas.TRIALS, TRIAL_COST),
        (training_schemas.CURVES, POINT_SUBJECT),
        (training_schemas.CURVES, POINT_VALUES),
        (training_schemas.LANDSCAPE, LANDSCAPE_COLUMNS),
    ],
)
def test_a_schema_contains_each_column_that_a_table_needs_exactly_once(
    schema: pa.Schema, columns: set[str]
) -> None:
    assert columns <= set(schema.names)
    assert len(schema.names) == len(set(schema.names))


def test_a_trial_has_one_of_four_outcomes() -> None:
    assert [str(status) for status in schemas.TrialStatus] == [
        "ok",
        "diverged",
        "timeout",
        "unsupported",
    ]
