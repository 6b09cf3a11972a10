"""Tables of the measurement `growth`, written by hand: perceptrons with one to three layers."""

import numpy as np
import pandas as pd

from dirgrad.report.figures import cost_by_length
from support.hand_made_tables import BACKENDS, ESTIMATORS, Tables, combinations, with_interval


def measurement(instrument: str) -> pd.DataFrame:
    """Return one row per framework, estimator and depth.

    Args:
        instrument: `cost`, `memory`, `quality` or `stability`; the column that names `growth`.
    """
    rows = combinations(
        **{instrument: ("growth",)},
        backend=BACKENDS,
        estimator=ESTIMATORS,
        depth=(1, 2, 3),
    )
    return rows.assign(
        dimension=10 ** rows["depth"],
        batch_size=64,
        problem="mlp_" + rows["depth"].astype(str),
        problem_kind="mlp",
    )


def stability() -> pd.DataFrame:
    """Return stable rates of 0.1; for a depth of 1 the largest rate of the grid is stable."""
    rows = measurement("stability")
    return rows.assign(
        steps=200,
        n_seeds=3,
        stable_rate=0.1,
        stable_rate_theory=0.15,
        unstable_rate=np.where(rows["depth"] == 1, np.nan, 0.2),
        num_directions=(rows["estimator"] != "backprop").astype(int),
        trace_over_largest=10.0 * rows["depth"],
        backprop_over_rate=8.0 * rows["depth"],
        backprop_over_rate_from=6.0 * rows["depth"],
        backprop_over_rate_to=np.where(rows["depth"] == 1, np.inf, 12.0 * rows["depth"]),
    )


def coordinates() -> pd.DataFrame:
    """Return moments of two coordinates of the gradient, with their closed forms."""
    rows = measurement("quality").merge(combinations(coordinate=(0, 1)), how="cross")
    return rows.assign(
        gradient=0.1 * rows["coordinate"],
        gradient_norm=1.0,
        variance=1.0,
        kurtosis=9.0,
        variance_theory=1.1 + 0.01 * rows["coordinate"],
        kurtosis_theory=9.1,
    )


def estimates() -> pd.DataFrame:
    """Return 40 forward gradients with two components per framework."""
    return combinations(
        quality=("growth",),
        backend=BACKENDS,
        estimator=("forward_gradient",),
        estimate_0=range(40),
        estimate_1=(1.0,),
    )


def moments() -> Tables:
    """Return signal-to-noise ratios and moments of coordinates."""
    ratios = measurement("quality").assign(draws=500, snr_theory=0.1)
    return {"quality": with_interval(ratios, "snr", 0.1), "coordinates": coordinates()}


def signals() -> pd.DataFrame:
    """Return signal-to-noise ratios that lie 1.5 standard errors below their closed form."""
    rows = measurement("quality").assign(
        direction="gaussian",
        num_directions=1,
        draws=400,
        snr_theory=0.1,
        snr_z=-1.5,
    )
    return with_interval(rows, "snr", 0.1)


def candidates() -> pd.DataFrame:
    """Return the quality of candidate directions at two points of training by backprop."""
    rows = measurement("quality").merge(combinations(after_steps=(0, 100)), how="cross")
    is_backprop = rows["estimator"] == "backprop"
    rows = rows.assign(draws=200, variance=np.where(is_backprop, 0.0, 2.0))
    rows = with_interval(rows, "cosine", 0.5)
    return with_interval(rows, "squared_bias", 0.1)


def differences() -> pd.DataFrame:
    """Return errors of finite differences that are equal to the step eps."""
    variants = combinations(eps=(0.1, 0.01), dtype=("float32", "float64"))
    rows = measurement("quality").merge(variants, how="cross")
    rows = rows.assign(draws=200, difference_error_theory=rows["eps"])
    return with_interval(rows, "difference_error", rows["eps"])


def differences_in_float64() -> pd.DataFrame:
    """Return errors of finite differences at three steps, which fall as the step."""
    rows = differences().query("dtype == 'float64'")
    third = rows.query("eps == 0.01").assign(eps=0.001, difference_error=0.001)
    return pd.concat([rows, third], ignore_index=True)


def orders() -> pd.DataFrame:
    """Return fitted orders of 1."""
    return with_interval(measurement("quality").assign(draws=200), "order", 1.0)


def weighted_noise() -> pd.DataFrame:
    """Return noise that is weighted by the curvature, and noise that is not."""
    rows = signals().assign(curvature_noise_theory=1.5)
    rows = with_interval(rows, "curvature_noise", 1.4)
    return with_interval(rows, "relative_squared_error", 10.0)


def sources_of_noise() -> pd.DataFrame:
    """Return the variances of directions and of minibatches at two points of training."""
    rows = measurement("quality").merge(combinations(after_steps=(0, 10)), how="cross")
    rows = rows.assign(draws=400, minibatches=8)
    rows = with_interval(rows, "direction_variance", 9.0)
    return with_interval(rows, "minibatch_variance", 2.0)


def memory() -> pd.DataFrame:
    """Return the memory of inference and of each estimator: 1, 2 and 4 MB by kind of count."""
    rows = measurement("memory")
    # Each row is preceded by the row of inference.
    rows = rows.loc[rows.index.repeat(2)].reset_index(drop=True)
    rows.loc[::2, "estimator"] = "inference"
    rows = rows.assign(n=3, xla_temp_bytes=2e6, graph_temp_bytes=1e6)
    return with_interval(rows, "resident_peak_bytes", 4e6)


def timeline() -> pd.DataFrame:
    """Return resident memory at three times around the first step."""
    samples = pd.DataFrame(
        {"seconds": [-1.0, 0.0, 1.0], "resident_bytes": [2.0**27, 2.0**28, 2.0**28]}
    )
    return memory().merge(samples, how="cross")


def cost_ratios(other_cpu_fraction: float = 0.01) -> pd.DataFrame:
    """Return an estimate that takes 3 forward passes, and a step that takes 4.

    Args:
        other_cpu_fraction: Share of the CPU time that other processes used.
    """
    rows = measurement("cost").assign(
        n=10,
        flop_bound_over_forward=2.5,
        other_cpu_fraction=other_cpu_fraction,
        timing_noise_low=0.98,
        timing_noise_high=1.03,
    )
    rows = with_interval(rows, "gradient_over_forward", 3.0)
    return with_interval(rows, "step_over_forward", 4.0)


def step_times(other_cpu_fraction: float = 0.01) -> Tables:
    """Return steps that take half of backprop's time in three layers and twice it otherwise.

    Args:
        other_cpu_fraction: Share of the CPU time that other processes used.
    """
    cost = cost_ratios(other_cpu_fraction)
    is_backprop = cost["estimator"] == "backprop"
    others = np.where(cost["depth"] == 3, 0.5, 2.0)
    bench = with_interval(cost, "step_over_backprop", np.where(is_backprop, 1.0, others))
    return {"bench": bench.assign(flop_bound_over_forward=np.where(is_backprop, 3.0, 1.5))}


def cost_seconds() -> pd.DataFrame:
    """Return an estimate that takes 1 second, and a forward pass that takes half a second."""
    rows = with_interval(measurement("cost").assign(n=10), "gradient_seconds", 1.0)
    return with_interval(rows, "forward_seconds", 0.5)


def costs_by_length() -> pd.DataFrame:
    """Return memory and time of a step on sequences as long as the number of parameters."""
    rows = measurement("cost")
    rows = rows.assign(length=rows["dimension"], n=5, observation_bytes=512)
    rows = rows.assign(estimator_kind=rows["estimator"])
    for account, _ in cost_by_length.BYTES.values():
        rows = rows.assign(**{f"forward_{account}": 2048.0, f"step_{account}": 2048.0})
    return with_interval(rows, "step_over_forward", 3.0)
