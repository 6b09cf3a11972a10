"""Tables for every claim about the noise of an estimate, with a chosen value."""

import pandas as pd

from support.quantity_tables import (
    QuantityTables,
    Tables,
    column,
    per_estimator,
    power_law,
    ratio_with_interval,
    value_with_interval,
)

ESTIMATES = {
    "backend": "jax",
    "quality": "noise",
    "problem": "quadratic",
    "estimator": "forward_gradient",
    "estimator_kind": "forward_gradient",
}
GAUSSIAN_ESTIMATES = ESTIMATES | {"direction": "gaussian", "num_directions": 1, "dimension": 10}
CENTRAL_DIFFERENCE = {
    "backend": "jax",
    "problem": "mlp",
    "estimator": "finite_difference_central",
    "eps": 0.1,
    "dtype": "float64",
}


ORDERS = {
    "backend": "jax",
    "quality": "orders",
    "problem": "mlp_tanh",
    "estimator": "finite_difference_central",
    "dtype": "float64",
}


def _order(name: str, **facts: str) -> QuantityTables:
    """Return tables in which the column `name` of a finite difference is chosen."""
    return column(
        table="orders",
        name=name,
        facts=ORDERS | facts,
        count="blocks",
        with_interval=value_with_interval,
    )


def _weighted_noise(value: float, spread: float, n: int) -> Tables:
    """Return closed forms of two laws; the Gaussian law has the value 2."""
    shared = GAUSSIAN_ESTIMATES | {"quality": "laws", "draws": n}
    noise = {"forward_gradient": 2.0, "forward_gradient_rank_one": 2.0 * value}
    rows = [
        shared | {"estimator": name, "curvature_noise_theory": closed_form}
        for name, closed_form in noise.items()
    ]
    return {"quality": pd.DataFrame(rows)}


def _sphere_over_gaussian(value: float, spread: float, n: int) -> Tables:
    """Return SNRs of two laws of directions; the Gaussian law has SNR 0.1."""
    snr = {
        "gaussian": ratio_with_interval("snr", 0.1, 0.0, n),
        "sphere": ratio_with_interval("snr", 0.1 * value, spread, n),
    }
    shared = GAUSSIAN_ESTIMATES | {"draws": n}
    names = {"gaussian": "forward_gradient", "sphere": "forward_gradient_sphere"}
    rows = [
        shared | {"estimator": names[law], "direction": law} | cells for law, cells in snr.items()
    ]
    return {"quality": pd.DataFrame(rows)}


def _noise_on_activities(value: float, spread: float, n: int) -> Tables:
    """Return SNRs of noise on activities and on weights; noise on weights has SNR 0.1."""
    snr = {
        "forward_gradient_rademacher": ratio_with_interval("snr", 0.1, 0.0, n),
        "activities": ratio_with_interval("snr", 0.1 * value, spread, n),
    }
    place = {"quality": "heads", "problem": "heads_64", "direction": "rademacher"}
    shared = GROWTH | place | {"draws": n}
    return {"quality": per_estimator(shared, snr)}


GROWTH = GAUSSIAN_ESTIMATES | {"quality": "growth", "eps": float("nan"), "dtype": "float32"}


NOISE_CLAIMS = {
    "variance_of_a_coordinate": column("quality", "coordinate_variance", GROWTH, "draws"),
    "kurtosis_of_a_coordinate": column("quality", "coordinate_fourth_moment", GROWTH, "draws"),
    "exact_is_unbiased": column(
        table="quality",
        name="projection",
        facts=GAUSSIAN_ESTIMATES,
        count="draws",
        with_interval=value_with_interval,
    ),
    "telescoping_is_unbiased": column(
        table="quality",
        name="projection",
        facts=GAUSSIAN_ESTIMATES
        | {"quality": "differences", "estimator": "telescoping_difference"},
        count="draws",
        with_interval=value_with_interval,
    ),
    "noise_grows_with_dimension": QuantityTables(
        power_law("dimension", (10.0, 100.0, 1000.0), "relative_squared_error", GROWTH)
    ),
    "k_directions_are_k_times_better": QuantityTables(
        power_law("num_directions", (1.0, 8.0, 64.0), "snr", GAUSSIAN_ESTIMATES)
    ),
    "activities_have_less_noise": QuantityTables(_noise_on_activities),
    "constant_length_is_best": QuantityTables(_sphere_over_gaussian),
    "rank_one_weighs_curvature_alike": QuantityTables(_weighted_noise, counted=True),
    "forward_difference_is_of_first_order": _order("order", estimator="finite_difference_forward"),
    "central_difference_is_of_second_order": _order("order"),
    "errors_of_smooth_losses_are_powers": _order("bend"),
    "kinks_lower_the_order": _order("order", problem="mlp_relu"),
    "bias_is_of_second_order": _order("bias_order"),
    "difference_is_biased": column(
        table="quality",
        name="difference_bias",
        facts=CENTRAL_DIFFERENCE,
        count="draws",
        with_interval=value_with_interval,
    ),
}
