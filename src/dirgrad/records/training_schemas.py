"""Schemas of the records of training, and of the landscape that its paths cross."""

import pyarrow as pa

from dirgrad.records.columns import BOOLEAN, FLOAT, INTEGER, STRING, columns

TRIALS = pa.schema(
    [
        *columns(STRING, "experiment", "problem", "backend"),
        *columns(STRING, "estimator", "estimator_kind", "direction"),
        ("num_directions", INTEGER),
        *columns(STRING, "optimizer", "stage"),
        *columns(FLOAT, "learning_rate", "learning_rate_decay"),
        *columns(INTEGER, "batch_size", "seed", "dimension", "nonzeros", "keep", "support"),
        ("precision", STRING),
        ("lanes", INTEGER),
        *columns(STRING, "status", "reason"),
        *columns(INTEGER, "steps", "horizon_steps", "evaluations"),
        *columns(FLOAT, "final_loss", "train_accuracy", "valid_loss", "valid_accuracy"),
        *columns(FLOAT, "test_loss", "test_accuracy", "train_seconds", "step_seconds"),
        *columns(FLOAT, "compile_seconds", "support_recovered", "target_loss"),
        ("threads", INTEGER),
        ("exclusive", BOOLEAN),
    ]
)
"""One row per trial.

experiment, estimator: names in the configuration.
problem, estimator_kind, optimizer: kinds of the components.
backend: framework, `jax` or `torch`.
direction, num_directions: law of the directions (may be empty), and their number per estimate.
stage: `tuning` for the search of a learning rate, `final` for a result.
learning_rate, learning_rate_decay: eta_0 and k of the rate eta_0 exp(-k i) at step i.
batch_size: examples per minibatch; 0 for a problem without data.
seed: seed of the initial parameters, the minibatches and the directions.
dimension: number of parameters.
nonzeros, keep, support: numbers of nonzero parameters of the solution, of parameters that the
    optimizer keeps, and of nonzero coordinates of a direction; null where none is declared.
precision: data type of parameters, data and directions, `float32` or `float64`.
lanes: number of trials that were vmapped together.
status, reason: outcome of the trial (see `TrialStatus`), and the reason if it is not `ok`.
steps, evaluations: number of steps taken, and of evaluations of the minibatch loss.
horizon_steps: number of steps after which the table `baydin` compares estimators.
final_loss: training loss at the last record point.
train_accuracy, valid_loss, valid_accuracy, test_loss, test_accuracy: at the last record point.
train_seconds: training time of all lanes divided by their number, without evaluation.
step_seconds: `train_seconds` divided by the number of steps.
compile_seconds: time to compile the training of all lanes together.
support_recovered: fraction of the true support recovered, in sparse regression.
target_loss: validation loss to reach (training loss without validation).
threads, exclusive: processor threads of the job, and whether training jobs ran one at a time.
"""

CURVES = pa.schema(
    [
        *columns(STRING, "experiment", "backend", "estimator", "stage"),
        ("learning_rate", FLOAT),
        *columns(INTEGER, "seed", "step"),
        ("train_seconds", FLOAT),
        *columns(FLOAT, "loss", "train_accuracy", "valid_loss", "valid_accuracy"),
        *columns(FLOAT, "test_loss", "test_accuracy", "batch_loss"),
        *columns(FLOAT, "support_recovered", "theta_0", "theta_1"),
    ]
)
"""One row per record point of a trial.

experiment, backend, estimator, stage, learning_rate, seed: identify the trial, as in `TRIALS`.
step: number of steps taken before this point.
train_seconds: training time up to this point divided by the number of lanes.
loss, train_accuracy: on the training data, at the parameters of this step.
valid_loss, valid_accuracy, test_loss, test_accuracy: on the validation and the test data.
batch_loss: mean minibatch loss over the steps since the previous point.
support_recovered: fraction of the true support recovered, in sparse regression.
theta_0, theta_1: parameters of a problem with two parameters.
"""

LANDSCAPE = pa.schema([("experiment", STRING), *columns(FLOAT, "theta_0", "theta_1", "loss")])
"""One row per grid point of a problem with two parameters.

experiment: name of the experiment in the configuration.
theta_0, theta_1, loss: the parameters, and the loss at these parameters.
"""
