"""Mean and noise of an estimator by Monte Carlo, compared with the statements of the component."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from dirgrad.components import registry
from dirgrad.core import closed_forms, stated_bias, tree
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Backend, Estimator
from dirgrad.records.schemas import MeasurementStatus
from dirgrad.runs.check.findings import Z_BOUND, Finding, interval_of_mean
from dirgrad.runs.check.workloads import job, small_problem
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import quality
from dirgrad.runs.instruments.workload import gradient_shares

DRAWS = 20_000
"""Number of estimates of a plain estimator."""
DRAWS_ALONG_A_SEQUENCE = 5_000
"""Number of estimates of an online estimator."""


def moments(backend: Backend, estimator: Estimator) -> Iterator[Finding]:
    """Yield the mean of the estimate, and its declared closed forms with their measured values.

    Raises:
        NotImplementedError: The problem or the framework does not support the estimator.
    """
    problem = small_problem(estimator)
    online = isinstance(estimator, OnlineEstimator)
    draws = DRAWS_ALONG_A_SEQUENCE if online else DRAWS
    if estimator.direction is None:
        draws = 2
    params = problem.init(np.random.default_rng(0))
    options = {"draws": draws, "coordinates": tree.num_entries(params), "curvature": not online}
    target = job("quality", backend, problem, estimator, **options)
    del target.estimators["backprop"]
    records = quality.run(target, Context(backend))
    draw_rows = records["draws"].to_pylist()
    if draw_rows[0]["status"] == MeasurementStatus.UNSUPPORTED:
        raise NotImplementedError(draw_rows[0]["reason"])
    rows = _columns(draw_rows)
    coordinates = _columns(records["coordinates"].to_pylist())
    yield from _mean(estimator, rows, coordinates, params)
    yield from _noise(estimator, rows)
    yield from _curvature_noise(rows)
    yield from _variance(coordinates)


def _columns(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    return {name: np.array([row[name] for row in rows], dtype=object) for name in rows[0]}


def _float(columns: dict[str, np.ndarray], name: str) -> np.ndarray:
    values: np.ndarray = columns[name].astype(float)
    return values


def _mean(
    estimator: Estimator,
    rows: dict[str, np.ndarray],
    coordinates: dict[str, np.ndarray],
    params: dict[str, np.ndarray],
) -> Iterator[Finding]:
    """Yield the mean along the gradient, and the mean of all coordinates."""
    gradient, mean = _float(coordinates, "gradient"), _float(coordinates, "mean")
    shares = gradient_shares(_split(gradient, params))
    stated = stated_bias.expected_projection(estimator, shares)
    projections = _float(rows, "cosine") * _float(rows, "norm_ratio")
    value, low, high = interval_of_mean(projections)
    name = "mean along the gradient"
    if not stated_bias.has_closed_form(stated):
        yield Finding(name, "biased", value, low, high, decides=False)
        return
    allowance = _allowance(estimator)
    failure = ""
    if not low - allowance <= stated <= high + allowance:
        failure = (
            f"the mean estimate is {value:.3g} [{low:.3g}, {high:.3g}] times the gradient, "
            f"where {stated:.3g} is stated: correct the factor, or state it with "
            "`expected_projection`"
        )
    yield Finding(name, stated, value, low, high, failure)
    standard_error = np.sqrt(_float(coordinates, "variance") / _float(coordinates, "draws"))
    rounding = 1e-9 + allowance * np.linalg.norm(gradient)
    z = float(np.max(np.abs(mean - stated * gradient) / (standard_error + rounding)))
    failure = ""
    if z > Z_BOUND:
        failure = (
            f"the mean of a coordinate is {z:.1f} standard errors from the stated mean: "
            "correct the estimate, or state its bias with `expected_projection`"
        )
    yield Finding("mean of every coordinate, |z|", f"< {Z_BOUND:.2f}", z, failure=failure)


def _split(vector: np.ndarray, params: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return tree.unravel(vector, {name: params[name] for name in sorted(params)})


def _allowance(estimator: Estimator) -> float:
    """Return the bias that an estimator may have without a statement: eps of a difference."""
    return estimator.eps if isinstance(estimator, closed_forms.HasStepSize) else 0.0


def _noise(estimator: Estimator, rows: dict[str, np.ndarray]) -> Iterator[Finding]:
    """Yield the signal-to-noise ratio and the mean cosine with their declared values."""
    error, low, high = interval_of_mean(_float(rows, "relative_squared_error"))
    declared = float(_float(rows, "signal_to_noise_theory")[0])
    name = "signal-to-noise ratio"
    if low > 0:
        yield _declared(name, declared, 1 / error, 1 / high, 1 / low, "signal_to_noise")
    else:
        yield Finding(name, None, "no noise", decides=False)
    value, low, high = interval_of_mean(_float(rows, "cosine"))
    declared = float(_float(rows, "cosine_theory")[0])
    law = registry.distribution_name(estimator.direction)
    yield _declared("cosine to the gradient", declared, value, low, high, f"cosine of {law}")


def _curvature_noise(rows: dict[str, np.ndarray]) -> Iterator[Finding]:
    """Yield the noise weighted by the Hessian with its declared value, where it is measured."""
    if rows["curvature_noise"][0] is None:
        return
    interval = interval_of_mean(_float(rows, "curvature_noise"))
    declared = float(_float(rows, "curvature_noise_theory")[0])
    name = "noise weighted by the curvature"
    yield _declared(name, declared, *interval, "curvature_noise")


def _declared(
    name: str, declared: float, value: float, low: float, high: float, form: str
) -> Finding:
    """Return the finding for a closed form; NaN means that none is declared."""
    if np.isnan(declared):
        return Finding(name, "not declared", value, low, high, decides=False)
    failure = ""
    if not low <= declared <= high:
        failure = (
            f"a declared closed form that its Monte Carlo contradicts: {name} declared "
            f"{declared:.3g}, measured {value:.3g} [{low:.3g}, {high:.3g}]: correct `{form}`"
        )
    return Finding(name, declared, value, low, high, failure)


def _variance(coordinates: dict[str, np.ndarray]) -> Iterator[Finding]:
    """Yield the declared variance of the coordinates, if a law declares it."""
    if "variance_theory" not in coordinates or coordinates["variance_theory"][0] is None:
        return
    variance, declared = _float(coordinates, "variance"), _float(coordinates, "variance_theory")
    excess = np.maximum(_float(coordinates, "kurtosis") - 1, 0)
    standard_error = variance * np.sqrt(excess / _float(coordinates, "draws"))
    z = float(np.max(np.abs(variance - declared) / (standard_error + 1e-9)))
    failure = ""
    if z > Z_BOUND:
        failure = (
            "a declared closed form that its Monte Carlo contradicts: the variance of a coordinate "
            f"is {z:.1f} standard errors from the declared one: correct `variance` of the law"
        )
    yield Finding("variance of every coordinate, |z|", f"< {Z_BOUND:.2f}", z, failure=failure)
