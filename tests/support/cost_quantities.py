"""Tables for every claim about the cost of a step, with a chosen value."""

import pandas as pd

from support.quantity_tables import (
    QuantityTables,
    Tables,
    column,
    per_estimator,
    ratio_of_counts,
    ratio_of_rows,
    ratio_with_interval,
)

TIMED_STEP = {"backend": "jax", "problem": "mlp", "batch_size": 64}
FORWARD_STEP = TIMED_STEP | {"estimator": "forward_gradient"}
NETWORK_STEP = {"backend": "jax", "batch_size": 64, "depth": 41, "graph_temp_bytes": None}
SEQUENCE_STEP = {
    "backend": "jax",
    "batch_size": 32,
    "length": 64,
    "observation_bytes": 0.0,
    "step_graph_temp_bytes": None,
}


def _time_factors(value: float, spread: float, n: int) -> Tables:
    """Return R_f and R_b; R_b is 3."""
    shared = {
        "backend": "jax",
        "problem": "mlp",
        "learning_rate": None,
        "estimator": "forward_gradient",
        "n": n,
    }
    factors = {
        "R_f": ratio_with_interval("value", 3.0 * value, spread, n),
        "R_b": ratio_with_interval("value", 3.0, 0.0, n),
    }
    rows = [shared | {"quantity": name} | cells for name, cells in factors.items()]
    return {"baydin": pd.DataFrame(rows)}


def _products(value: float, spread: float, n: int) -> Tables:
    """Return multiplications: 100 for the loss, to which backprop adds 200."""
    shared = TIMED_STEP | {"status": "ok", "forward_product_flops": 100.0}
    products = {
        "forward_gradient": {"step_product_flops": 100.0 + 200.0 * value},
        "backprop": {"step_product_flops": 300.0},
    }
    return {"cost": per_estimator(shared, products)}


def _growth_with_length(estimator: str) -> QuantityTables:
    """Return tables in which the bytes of a step are a power of the length, plus observations."""
    shared = {"backend": "jax", "estimator": estimator, "step_graph_temp_bytes": None}

    def make(value: float, spread: float, n: int) -> Tables:
        rows = []
        for length in (16, 64):
            observations = 8.0 * length
            total = observations + 1e6 * length**value
            step_bytes = {"observation_bytes": observations, "step_xla_temp_bytes": total}
            rows.append(shared | {"length": length} | step_bytes)
        return {"cost": pd.DataFrame(rows)}

    return QuantityTables(make, counted=True)


def _growth_with_depth(value: float, spread: float, n: int) -> Tables:
    """Return bytes of a step that are a power of the depth."""
    shared = NETWORK_STEP | {"estimator": "forward_gradient_rank_one"}
    rows = [
        shared | {"depth": depth, "xla_temp_bytes": 1e6 * depth**value} for depth in (2, 11, 41)
    ]
    return {"memory": pd.DataFrame(rows)}


def _bytes_ratio(numerator: str, denominator: str) -> QuantityTables:
    return ratio_of_counts("memory", "xla_temp_bytes", NETWORK_STEP, numerator, denominator)


def _step_time_ratio(numerator: str, denominator: str) -> QuantityTables:
    return ratio_of_rows("cost", "step_over_forward", TIMED_STEP, numerator, denominator)


DIFFERENCE_STEP = TIMED_STEP | {"estimator": "finite_difference_forward"}

COST_CLAIMS = {
    "jvp_costs_three_passes": column("cost", "derivative_over_forward", FORWARD_STEP),
    "difference_costs_two_passes": column("cost", "derivative_over_forward", DIFFERENCE_STEP),
    "one_push_multiplies_as_one_pull": QuantityTables(_products, counted=True),
    "forward_factor_is_smaller": QuantityTables(_time_factors),
    "a_step_is_cheaper_than_backprop": column("bench", "step_over_backprop", FORWARD_STEP),
    "memory_is_constant_in_depth": QuantityTables(_growth_with_depth, counted=True),
    "memory_is_constant_in_length": _growth_with_length("directional_random"),
    "memory_along_an_approximate_gradient_is_constant_in_length": _growth_with_length(
        "directional_diagonal"
    ),
    "memory_is_alike": _bytes_ratio("forward_gradient", "backprop"),
    "memory_is_smaller": _bytes_ratio("forward_gradient", "backprop"),
    "checkpointing_holds_less_than_a_forward_gradient": _bytes_ratio(
        "checkpointed_backprop", "forward_gradient"
    ),
    "checkpointing_holds_less_than_along_outer_products": _bytes_ratio(
        "checkpointed_backprop", "forward_gradient_rank_one"
    ),
    "checkpointing_takes_less_time_than_a_forward_gradient": _step_time_ratio(
        "checkpointed_backprop", "forward_gradient"
    ),
    "checkpointing_takes_less_time_than_along_outer_products": _step_time_ratio(
        "checkpointed_backprop", "forward_gradient_rank_one"
    ),
    "checkpointing_holds_less_along_sequences": ratio_of_counts(
        table="cost",
        name="step_xla_temp_bytes",
        facts=SEQUENCE_STEP,
        numerator="checkpointed_bptt",
        denominator="directional_random",
    ),
    "checkpointing_takes_less_time_along_sequences": _step_time_ratio(
        "checkpointed_bptt", "directional_random"
    ),
}
