"""Schemas of the records that the instruments write."""

import pyarrow as pa

from dirgrad.records.columns import BOOLEAN, FLOAT, INTEGER, STRING, columns

WORKLOAD = [
    *columns(STRING, "backend", "problem", "problem_kind"),
    *columns(STRING, "estimator", "estimator_kind", "direction"),
    *columns(INTEGER, "num_directions", "dimension", "depth", "length", "batch_size"),
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
        *columns(STRING, "part", "status", "reason"),
        *columns(INTEGER, "round", "calls", "evaluations"),
        ("compiled", BOOLEAN),
        *columns(FLOAT, "seconds", "joules", "compile_seconds", "first_seconds"),
        *columns(STRING, "device", "energy_source"),
        *columns(INTEGER, "flops", "product_flops", "derivative_product_flops"),
        *columns(INTEGER, "xla_temp_bytes", "graph_temp_bytes", "saved_bytes"),
        *columns(INTEGER, "observation_bytes", "threads"),
        *columns(FLOAT, "other_cpu_fraction", "signal_to_noise_theory", "flop_bound_over_forward"),
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
joules: energy per call that the device used in the calls of the round, with everything else that
    ran on it; null where it cannot be read.
device, energy_source: the processor or GPU, and the counters of its energy (`rapl`, `nvml`, or
    `not readable here`); null in records of earlier versions.
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
        *columns(STRING, "status", "reason"),
        *columns(INTEGER, "round", "parameter_bytes", "xla_temp_bytes", "graph_temp_bytes"),
        *columns(INTEGER, "saved_bytes", "device_peak_bytes", "resident_peak_bytes"),
    ]
)
"""One row per process, which takes one step of SGD or evaluates the loss function once.

memory: name of the measurement.
estimator: name of the estimator, or `inference` for the loss function.
status, reason: as in `COST`; only a row that is `ok` has bytes.
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
        *columns(STRING, "status", "reason"),
        ("seconds", FLOAT),
        *columns(INTEGER, "steps", "resident_bytes"),
    ]
)
"""One row per sample of the resident set of a process that takes steps of SGD in a loop.

memory, estimator: as in `MEMORY`.
status, reason: as in `COST`; a process that is not `ok` has a single row, without a sample.
seconds: time since the first step; negative during imports and compilation.
steps, resident_bytes: number of steps that the process took in total, and its resident set.
"""

DRAWS = pa.schema(
    [
        ("quality", STRING),
        *WORKLOAD,
        *columns(STRING, "status", "reason"),
        *columns(INTEGER, "after_steps", "minibatch", "draw"),
        *columns(FLOAT, "eps", "gradient_norm", "minibatch_squared_error", "squared_norm_ratio"),
        *columns(FLOAT, "relative_squared_error", "error_product"),
        *columns(FLOAT, "norm_ratio", "cosine", "signal_to_noise_theory", "cosine_theory"),
        *columns(FLOAT, "difference_error", "difference_error_theory", "difference_bias"),
        *columns(FLOAT, "curvature_noise", "curvature_noise_theory"),
        ("hessian_probes", INTEGER),
        *columns(FLOAT, "coordinate_variance", "coordinate_fourth_moment"),
        *columns(FLOAT, "estimate_0", "estimate_1"),
    ]
)
"""One row per estimate e. g is the gradient on its minibatch, G the gradient on all training data.

quality: name of the measurement.
status, reason: as in `COST`; an estimator that is not supported has a single row, without an
    estimate.
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
curvature_noise, curvature_noise_theory: e^T H e / (||g||^2 tr H) for the Hessian H of the loss on
    the minibatch, and the closed form of its mean; null unless the measurement asks for it, or if
    tr H is not positive. The closed form needs H as a matrix, up to 3000 parameters.
hessian_probes: number of random vectors in Hutchinson's estimate of tr H; 0 if tr H is exact.
coordinate_variance, coordinate_fourth_moment: means over the recorded coordinates i of
    (e_i - g_i)^2 and (e_i - g_i)^4 over their closed forms; null if the law declares none.
estimate_0, estimate_1: the estimate, for a problem with two parameters.
"""

COORDINATES = pa.schema(
    [
        ("quality", STRING),
        *WORKLOAD,
        *columns(INTEGER, "after_steps", "minibatch"),
        ("eps", FLOAT),
        *columns(INTEGER, "coordinate", "draws"),
        *columns(FLOAT, "gradient", "mean", "variance", "kurtosis"),
        *columns(FLOAT, "variance_theory", "kurtosis_theory"),
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
        *columns(INTEGER, "seed", "steps"),
        *columns(STRING, "status", "reason"),
        *columns(FLOAT, "initial_loss", "final_loss", "stable_rate_theory"),
        *columns(FLOAT, "best_rate_theory", "contraction_theory"),
        *columns(FLOAT, "hessian_trace", "largest_eigenvalue"),
        ("hessian_probes", INTEGER),
    ]
)
"""One row per trial of SGD at a rate of the grid.

stability: name of the measurement.
learning_rate, seed: rate and seed of the trial.
steps: number of steps taken.
status, reason: outcome of the trial (see `TrialStatus`), and the reason if it is not `ok`.
initial_loss: training loss before the first step; null if no trial of the seed was begun.
final_loss: training loss after the last step.
stable_rate_theory: rate below which the mean square contracts; null without a closed form.
best_rate_theory, contraction_theory: rate at which the mean loss falls fastest, and the factor by
    which it falls in a step; null without a closed form.
hessian_trace, largest_eigenvalue: of the Hessian at the initial parameters of seed 0, on the first
    minibatch; null if the framework cannot differentiate the problem twice.
hessian_probes: number of vectors of Hutchinson's estimate of the trace; 0 if it is exact.
"""
