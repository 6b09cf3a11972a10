"""Schemas of the records that a job writes, one per kind, with the meaning of every column.

Null means "does not apply" or "was not measured". Times are wall-clock seconds, losses of
classifiers are in nats, and accuracies are fractions from 0 to 1.
"""

from enum import StrEnum

import pyarrow as pa

BOOLEAN, FLOAT, INTEGER, STRING = pa.bool_(), pa.float64(), pa.int64(), pa.string()


class TrialStatus(StrEnum):
    """Outcome of a trial."""

    OK = "ok"
    """All steps were taken."""
    DIVERGED = "diverged"
    """The loss was not finite, or above the limit of the configuration."""
    TIMEOUT = "timeout"
    """The time budget of the estimator was spent before the last step."""
    UNSUPPORTED = "unsupported"
    """The framework cannot compute this estimate on this problem."""


class MeasurementStatus(StrEnum):
    """Outcome of a measurement of time, or of a timeline of memory."""

    OK = "ok"
    """The measurement was made; for a time, the estimate was correct."""
    UNSUPPORTED = "unsupported"
    """The framework cannot compute this estimate on this problem."""
    WRONG = "wrong"
    """The estimate differs from its expected value, so it was not timed."""
    FAILED = "failed"
    """The observed process ended with an error."""


class Stage(StrEnum):
    """Purpose of a trial."""

    TUNING = "tuning"
    """The search for a learning rate."""
    FINAL = "final"
    """The result that is reported."""


def _columns(data_type: pa.DataType, *names: str) -> list[tuple[str, pa.DataType]]:
    """Return one column of the same type per name."""
    return [(name, data_type) for name in names]


TRIALS = pa.schema(
    [
        *_columns(STRING, "experiment", "problem", "backend"),
        *_columns(STRING, "estimator", "estimator_kind", "direction"),
        ("num_directions", INTEGER),
        *_columns(STRING, "optimizer", "stage"),
        *_columns(FLOAT, "learning_rate", "learning_rate_decay"),
        *_columns(INTEGER, "batch_size", "seed", "dimension"),
        ("precision", STRING),
        ("lanes", INTEGER),
        *_columns(STRING, "status", "reason"),
        *_columns(INTEGER, "steps", "evaluations"),
        *_columns(FLOAT, "final_loss", "train_accuracy", "valid_loss", "valid_accuracy"),
        *_columns(FLOAT, "test_loss", "test_accuracy", "train_seconds", "step_seconds"),
        *_columns(FLOAT, "compile_seconds", "support_recovered", "target_loss"),
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
precision: data type of parameters, data and directions, `float32` or `float64`.
lanes: number of trials that were vmapped together.
status, reason: outcome of the trial (see `TrialStatus`), and the reason if it is not `ok`.
steps, evaluations: number of steps taken, and of evaluations of the minibatch loss.
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
        *_columns(STRING, "experiment", "backend", "estimator", "stage"),
        ("learning_rate", FLOAT),
        *_columns(INTEGER, "seed", "step"),
        ("train_seconds", FLOAT),
        *_columns(FLOAT, "loss", "train_accuracy", "valid_loss", "valid_accuracy"),
        *_columns(FLOAT, "test_loss", "test_accuracy", "batch_loss"),
        *_columns(FLOAT, "support_recovered", "theta_0", "theta_1"),
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

LANDSCAPE = pa.schema([("experiment", STRING), *_columns(FLOAT, "theta_0", "theta_1", "loss")])
"""One row per grid point of a problem with two parameters.

experiment: name of the experiment in the configuration.
theta_0, theta_1, loss: the parameters, and the loss at these parameters.
"""

WORKLOAD = [
    *_columns(STRING, "backend", "problem", "problem_kind"),
    *_columns(STRING, "estimator", "estimator_kind", "direction"),
    *_columns(INTEGER, "num_directions", "dimension", "depth", "length", "batch_size"),
    ("precision", STRING),
]
"""Columns that every instrument writes.

backend: framework, `jax` or `torch`.
problem, estimator: names in the configuration.
problem_kind, estimator_kind: kinds of the components.
direction, num_directions: law of the directions (may be empty), and their number per estimate.
dimension: number of parameters.
depth: number of parameter arrays with at least two axes (layers of weights).
length: length of the sequences; null for a problem without sequences.
batch_size: examples per minibatch; 0 for a problem without data.
precision: data type of parameters, data and directions, `float32` or `float64`.
"""

COST = pa.schema(
    [
        ("cost", STRING),
        *WORKLOAD,
        *_columns(STRING, "part", "status", "reason"),
        *_columns(INTEGER, "round", "calls", "evaluations"),
        ("compiled", BOOLEAN),
        *_columns(FLOAT, "seconds", "compile_seconds", "first_seconds"),
        *_columns(INTEGER, "flops", "product_flops", "derivative_product_flops"),
        *_columns(INTEGER, "xla_temp_bytes", "graph_temp_bytes", "saved_bytes"),
        *_columns(INTEGER, "observation_bytes", "threads"),
        *_columns(FLOAT, "other_cpu_fraction", "signal_to_noise_theory", "flop_bound_over_forward"),
    ]
)
"""One row per part of an estimator and round, or one row per estimator that was not timed.

cost: name of the measurement.
part: `forward` and `forward_again` (the loss function, twice for the noise), `gradient` (an
    estimate), `step` (a step of SGD), or its pieces `sampling`, `derivative`, `update`.
status, reason: outcome (see `MeasurementStatus`), and the reason if it is not `ok`.
round, calls: number of the round, and of the calls in it; each round times every part once.
evaluations: evaluations of the minibatch loss per estimate.
compiled: whether the functions were compiled; otherwise they ran operator by operator.
seconds: time per call, the mean over the calls of the round.
compile_seconds, first_seconds: time to compile the part, and time of its first call.
flops: counted by the framework: all arithmetic in XLA, products and convolutions in torch.
product_flops: flops of matrix products and convolutions.
derivative_product_flops: product flops of backprop minus product flops of the loss function.
xla_temp_bytes: temporary memory of the compiled function according to XLA (JAX only).
graph_temp_bytes: peak memory of intermediate results of the traced graph (torch only).
saved_bytes: peak memory of the tensors that autograd saves for the backward pass (torch only).
observation_bytes: memory of the inputs of all time steps of a sequence.
threads: processor threads of the job.
other_cpu_fraction: fraction of all processor time that other processes used during the rounds.
signal_to_noise_theory: signal-to-noise ratio of the estimate, by its closed form; NaN without one.
flop_bound_over_forward: least product flops of the estimate over the loss; NaN if not declared.
"""

MEMORY = pa.schema(
    [
        ("memory", STRING),
        *WORKLOAD,
        *_columns(INTEGER, "round", "parameter_bytes", "xla_temp_bytes", "graph_temp_bytes"),
        *_columns(INTEGER, "saved_bytes", "device_peak_bytes", "resident_peak_bytes"),
    ]
)
"""One row per process, which takes one step of SGD or evaluates the loss function once.

memory: name of the measurement.
estimator: name of the estimator, or `inference` for the loss function.
round: number of the round; each round starts one process per problem and estimator.
parameter_bytes: size of the parameters.
xla_temp_bytes, graph_temp_bytes, saved_bytes: as in `COST`.
device_peak_bytes: peak memory according to the device's allocator, if it has one.
resident_peak_bytes: rise of the resident set during the step, which allocates new parameters.
"""

RESIDENT = pa.schema(
    [
        ("memory", STRING),
        *WORKLOAD,
        *_columns(STRING, "status", "reason"),
        ("seconds", FLOAT),
        *_columns(INTEGER, "steps", "resident_bytes"),
    ]
)
"""One row per sample of the resident set of a process that takes steps of SGD in a loop.

memory, estimator: as in `MEMORY`.
status, reason: as in `COST`; a process that failed has a single row, without a sample.
seconds: time since the first step; negative during imports and compilation.
steps, resident_bytes: number of steps that the process took in total, and its resident set.
"""

DRAWS = pa.schema(
    [
        ("quality", STRING),
        *WORKLOAD,
        *_columns(INTEGER, "after_steps", "minibatch", "draw"),
        *_columns(FLOAT, "eps", "gradient_norm", "minibatch_squared_error", "squared_norm_ratio"),
        *_columns(FLOAT, "relative_squared_error", "error_product"),
        *_columns(FLOAT, "norm_ratio", "cosine", "signal_to_noise_theory", "cosine_theory"),
        *_columns(FLOAT, "difference_error", "difference_error_theory", "difference_bias"),
        *_columns(FLOAT, "estimate_0", "estimate_1"),
    ]
)
"""One row per estimate e. g is the gradient on its minibatch, G the gradient on all training data.

quality: name of the measurement.
after_steps: number of training steps (by backprop) before the measurement.
minibatch, draw: numbers of the minibatch and of the estimate on it.
eps: step of a finite difference; null for other estimators.
gradient_norm: ||g||.
minibatch_squared_error: ||g - G||^2 / ||G||^2; null with a single minibatch.
squared_norm_ratio: ||g||^2 / ||G||^2; null with a single minibatch.
relative_squared_error: ||e - g||^2 / ||g||^2.
error_product: <e - g, e' - g> / ||g||^2 with the next estimate e'; its mean is the squared bias.
norm_ratio: ||e|| / ||g||.
cosine: cosine of the angle between e and g.
signal_to_noise_theory: closed form of ||g||^2 / E||e - g||^2; NaN without one.
cosine_theory: closed form of the mean of `cosine`; NaN without one.
difference_error: ||e - (g . v) v|| / ||g|| of a finite difference along v.
difference_error_theory: expected value of `difference_error` from truncation and rounding.
difference_bias: <e - (g . v) v, g> / ||g||^2; its mean is the bias along g.
estimate_0, estimate_1: the estimate, for a problem with two parameters.
"""

COORDINATES = pa.schema(
    [
        ("quality", STRING),
        *WORKLOAD,
        *_columns(INTEGER, "after_steps", "minibatch"),
        ("eps", FLOAT),
        *_columns(INTEGER, "coordinate", "draws"),
        *_columns(FLOAT, "gradient", "mean", "variance", "kurtosis"),
        *_columns(FLOAT, "variance_theory", "kurtosis_theory"),
    ]
)
"""One row per coordinate of an estimate.

quality, after_steps, minibatch, eps: as in `DRAWS`.
coordinate: index of the coordinate.
draws: number of estimates.
gradient: exact gradient.
mean, variance, kurtosis: moments of the estimates; the kurtosis of a normal law is 3.
variance_theory, kurtosis_theory: their closed forms; null if the law declares none.
"""

STABILITY = pa.schema(
    [
        ("stability", STRING),
        *WORKLOAD,
        ("learning_rate", FLOAT),
        *_columns(INTEGER, "seed", "steps"),
        ("status", STRING),
        *_columns(FLOAT, "initial_loss", "final_loss", "stable_rate_theory"),
    ]
)
"""One row per trial of SGD at a rate of the grid.

stability: name of the measurement.
learning_rate, seed: rate and seed of the trial.
steps, status: number of steps taken, and outcome of the trial (see `TrialStatus`).
initial_loss, final_loss: training loss before the first and after the last step.
stable_rate_theory: rate below which the mean square contracts; null without a closed form.
"""

SCHEMAS = {
    "trials": TRIALS,
    "curves": CURVES,
    "cost": COST,
    "memory": MEMORY,
    "resident": RESIDENT,
    "draws": DRAWS,
    "coordinates": COORDINATES,
    "stability": STABILITY,
}
"""Schema of each kind of records."""
