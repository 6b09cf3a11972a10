"""What a run leaves behind: one row per trial, one row per point of its curve, and where they come from."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import pyarrow as pa


class Status(StrEnum):
    """How a trial ended."""

    OK = "ok"
    DIVERGED = "diverged"
    TIMEOUT = "timeout"
    UNSUPPORTED = "unsupported"


class Answer(StrEnum):
    """What became of a measurement; `wrong`: the answer was not the oracle's."""

    OK = "ok"
    UNSUPPORTED = "unsupported"
    WRONG = "wrong"


class Stage(StrEnum):
    """What a trial is for."""

    TUNING = "tuning"
    FINAL = "final"


class TrainingRecords(NamedTuple):
    """The rows of one cell. provenance: versions, device, threads, commit, hash of the settings."""

    trials: pa.Table
    curves: pa.Table
    provenance: Mapping[str, str]


TRIALS = pa.schema(
    [
        (name, pa.string())
        for name in ("experiment", "problem", "backend", "estimator", "estimator_kind", "direction")
    ]
    + [("num_directions", pa.int64()), ("optimizer", pa.string()), ("stage", pa.string())]
    + [
        ("learning_rate", pa.float64()),
        ("learning_rate_decay", pa.float64()),
        ("batch_size", pa.int64()),
    ]
    + [
        ("seed", pa.int64()),
        ("dimension", pa.int64()),
        ("precision", pa.string()),
        ("lanes", pa.int64()),
    ]
    + [
        ("status", pa.string()),
        ("reason", pa.string()),
        ("steps", pa.int64()),
        ("evaluations", pa.int64()),
    ]
    + [
        (name, pa.float64())
        for name in ("final_loss", "train_accuracy", "valid_loss", "valid_accuracy")
    ]
    + [
        (name, pa.float64())
        for name in (
            "test_loss",
            "test_accuracy",
            "train_seconds",
            "step_seconds",
            "compile_seconds",
        )
    ]
    + [
        ("support_recovered", pa.float64()),
        ("target_loss", pa.float64()),
        ("threads", pa.int64()),
        ("exclusive", pa.bool_()),
    ]
)
"""One row per trial. stage: `tuning`, the search of a learning rate, or `final`, what is reported. steps: taken; evaluations:
of the minibatch loss; train_seconds: this trial's share of its lanes' wall time in training alone; step_seconds: that per
step; compile_seconds: of the whole group of lanes; support_recovered: of a problem whose truth is sparse and known, the share of
its support that was found. Losses of classifiers are in nats; those of the last record point."""

CURVES = pa.schema(
    [(name, pa.string()) for name in ("experiment", "backend", "estimator", "stage")]
    + [
        ("learning_rate", pa.float64()),
        ("seed", pa.int64()),
        ("step", pa.int64()),
        ("train_seconds", pa.float64()),
    ]
    + [(name, pa.float64()) for name in ("loss", "train_accuracy", "valid_loss", "valid_accuracy")]
    + [(name, pa.float64()) for name in ("test_loss", "test_accuracy", "batch_loss")]
    + [(name, pa.float64()) for name in ("support_recovered", "theta_0", "theta_1")]
)
"""One row per record point. loss, train_accuracy: over the training data at the parameters of this step; batch_loss: the
mean over the steps since the last point; theta_0, theta_1: the parameters of a problem of two."""


LANDSCAPE = pa.schema(
    [
        ("experiment", pa.string()),
        ("theta_0", pa.float64()),
        ("theta_1", pa.float64()),
        ("loss", pa.float64()),
    ]
)
"""The loss on a grid around the minimum of a problem of two parameters."""


WORKLOAD = (
    [
        (name, pa.string())
        for name in (
            "backend",
            "problem",
            "problem_kind",
            "estimator",
            "estimator_kind",
            "direction",
        )
    ]
    + [
        (name, pa.int64())
        for name in ("num_directions", "dimension", "depth", "length", "batch_size")
    ]
    + [("precision", pa.string())]
)
"""What every instrument tells of its subject. dimension: of the parameters; layers: of weights; length: of the sequences."""

COST = pa.schema(
    [
        ("cost", pa.string()),
        *WORKLOAD,
        ("part", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
    ]
    + [
        ("round", pa.int64()),
        ("calls", pa.int64()),
        ("evaluations", pa.int64()),
        ("compiled", pa.bool_()),
    ]
    + [(name, pa.float64()) for name in ("seconds", "compile_seconds", "first_seconds")]
    + [(name, pa.int64()) for name in ("flops", "product_flops", "derivative_product_flops")]
    + [
        (name, pa.int64())
        for name in (
            "xla_temp_bytes",
            "graph_temp_bytes",
            "saved_bytes",
            "observation_bytes",
            "threads",
        )
    ]
    + [(name, pa.float64()) for name in ("other_cpu_fraction", "signal_to_noise_theory")]
)
"""One row per value of time, or per estimator that is not timed, with its status. part: forward, forward_again (the same once
more), gradient, step, or a piece of a step: sampling, derivative, update; seconds: a call, a mean over `calls` of them;
first_seconds: the first call; flops: as the framework counts them (XLA: all arithmetic; torch: products alone); product_flops:
of products of matrices and convolutions; derivative_product_flops: those that reverse accumulation adds to the function's;
xla_temp_bytes, graph_temp_bytes: as the backend tells of the compiled function; saved_bytes: the most that autograd's
tape holds at once, in torch; observation_bytes: of what is met along a sequence, put in order;
other_cpu_fraction: of the processors' time during all rounds, what other processes took; signal_to_noise_theory: of the estimate,
by its closed form at the gradient there."""

MEMORY = pa.schema(
    [("memory", pa.string()), *WORKLOAD, ("round", pa.int64())]
    + [(name, pa.int64()) for name in ("parameter_bytes", "xla_temp_bytes", "graph_temp_bytes")]
    + [(name, pa.int64()) for name in ("saved_bytes", "device_peak_bytes", "resident_peak_bytes")]
)
"""One row per process. estimator: or `inference`, the function alone; xla_temp_bytes: by the compiler's own account, in JAX;
graph_temp_bytes: the most that lives at once between the calls of the traced graph, and saved_bytes: the most that autograd's
tape holds at once, in torch; device_peak_bytes: by the device's allocator, where there is one;
resident_peak_bytes: the rise of the resident set during one step of SGD, which makes new parameters."""

RESIDENT = pa.schema(
    [
        ("memory", pa.string()),
        *WORKLOAD,
        ("steps", pa.int64()),
        ("seconds", pa.float64()),
        ("resident_bytes", pa.int64()),
    ]
)
"""One row per sample of a process that takes `steps` steps of SGD, one after another. seconds: since the first of them, so that
imports and compilation have negative ones; resident_bytes: its resident set."""

DRAWS = pa.schema(
    [
        ("quality", pa.string()),
        *WORKLOAD,
        ("after_steps", pa.int64()),
        ("minibatch", pa.int64()),
        ("draw", pa.int64()),
    ]
    + [
        (name, pa.float64())
        for name in ("eps", "gradient_norm", "minibatch_squared_error", "squared_norm_ratio")
    ]
    + [
        (name, pa.float64())
        for name in ("relative_squared_error", "error_product", "norm_ratio", "cosine")
    ]
    + [("signal_to_noise_theory", pa.float64())]
    + [
        (name, pa.float64())
        for name in ("difference_error", "difference_error_theory", "difference_bias")
    ]
    + [(name, pa.float64()) for name in ("estimate_0", "estimate_1")]
)
"""One row per estimate; g is the gradient on its minibatch. relative_squared_error: ||estimate - g||^2 / ||g||^2; error_product:
<estimate - g, next estimate - g> / ||g||^2, whose mean is the squared bias; norm_ratio: ||estimate|| / ||g||;
minibatch_squared_error: ||g - whole||^2 / ||whole||^2 with the gradient over all training data, and squared_norm_ratio:
||g||^2 / ||whole||^2; signal_to_noise_theory: the closed form at this gradient; difference_error: how far a difference is from
(g . v) v, over ||g||; difference_bias: the part of that along g, <estimate - (g . v) v, g> / ||g||^2, whose mean is the bias along
g; estimate_0, estimate_1: the estimate itself in two dimensions."""

COORDINATES = pa.schema(
    [("quality", pa.string()), *WORKLOAD, ("after_steps", pa.int64()), ("minibatch", pa.int64())]
    + [("eps", pa.float64()), ("coordinate", pa.int64()), ("draws", pa.int64())]
    + [(name, pa.float64()) for name in ("gradient", "mean", "variance", "kurtosis")]
)
"""One row per coordinate: the exact gradient, and moments of its estimates over the draws; kurtosis of a normal law is 3."""


STABILITY = pa.schema(
    [("stability", pa.string()), *WORKLOAD]
    + [
        ("learning_rate", pa.float64()),
        ("seed", pa.int64()),
        ("steps", pa.int64()),
        ("status", pa.string()),
    ]
    + [(name, pa.float64()) for name in ("initial_loss", "final_loss", "stable_rate_theory")]
)
"""One row per trial. stable_rate_theory: below it the mean square contracts, where a closed form is known."""

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
"""By the kind of record."""
