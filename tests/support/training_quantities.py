"""Tables for every quantity of `evidence.training`, with a chosen value."""

import pandas as pd

from support.quantity_tables import (
    NARROW,
    QuantityTables,
    Row,
    Tables,
    column,
    per_estimator,
    ratio_of_rows,
    ratio_with_interval,
    value_with_interval,
)

FORWARD_CELL = {"backend": "jax", "experiment": "mlp", "estimator": "forward_gradient"}
DIMENSION = 2410
FORWARD_ROWS = {"estimator": ["forward_gradient"]}


def _effort_to_target(name: str) -> QuantityTables:
    return column("targets", name, FORWARD_CELL | {"n_reached": 5})


def _paper(quantity: str) -> QuantityTables:
    facts = {
        "backend": "jax",
        "problem": "mlp",
        "learning_rate": 2e-4,
        "quantity": quantity,
        "n_reached": 5,
    }
    return column("baydin", "value", facts)


def _steps_per_dimension(value: float, half_width: float, n: int) -> Tables:
    steps = _effort_to_target("steps_over_backprop").make(DIMENSION * value, half_width, n)
    return steps | {"final": pd.DataFrame([FORWARD_CELL | {"dimension": DIMENSION}])}


def _best_rates(value: float, half_width: float, n: int) -> Tables:
    """Return best rates from a grid whose steps have the factor 1 + half_width."""
    tuning = FORWARD_CELL | {"stage": "tuning", "best_rate": False}
    final = FORWARD_CELL | {"stage": "final", "best_rate": True}
    rows = [
        tuning | {"learning_rate": 1.0},
        tuning | {"learning_rate": 1.0 + half_width},
        final | {"estimator": "backprop", "learning_rate": value},
        final | {"estimator": "forward_gradient", "learning_rate": 1.0},
    ]
    return {"final": pd.DataFrame(rows)}


def _largest_rates(value: float, half_width: float, n: int) -> Tables:
    """Return largest stable rates; the next rate of the grid is 1 + half_width times larger."""

    def bracket(rate: float) -> Row:
        return {"stable_rate": rate, "unstable_rate": rate * (1 + half_width)}

    rates = {"backprop": bracket(value), "forward_gradient": bracket(1.0)}
    return {"stability": per_estimator({"backend": "jax", "problem": "mlp"}, rates)}


def _losses_of_truncation(value: float, half_width: float, n: int) -> Tables:
    """Return the losses of two estimators with window 10; truncated BPTT has loss 1."""
    shared = {"backend": "jax", "experiment": "influence_balancing", "n_seeds": 1, "n_ok": 1}
    losses = {
        "directional_truncated_10": {"final_loss": value},
        "truncated_bptt_10": {"final_loss": 1.0},
    }
    return {"final": per_estimator(shared, losses)}


def _losses_of_family(value: float, half_width: float, n: int) -> Tables:
    """Return the losses of an experiment and of its plain variant, which has loss 0.1."""
    shared = FORWARD_CELL | {"best_rate": True, "n_ok": n}
    losses = {
        "sparse_few": ratio_with_interval("valid_loss", 0.1 * value, half_width),
        "sparse_plain_few": ratio_with_interval("valid_loss", 0.1, NARROW),
    }
    rows = [shared | {"experiment": name} | cells for name, cells in losses.items()]
    return {"final": pd.DataFrame(rows)}


TRAINING_QUANTITIES = {
    "steps_over_backprop": _effort_to_target("steps_over_backprop"),
    "seconds_over_backprop": _effort_to_target("seconds_over_backprop"),
    "steps_over_backprop_per_dimension": QuantityTables(_steps_per_dimension),
    "backprop_rate_over": QuantityTables(_best_rates, FORWARD_ROWS, counted=True),
    "backprop_largest_rate_over": QuantityTables(_largest_rates, FORWARD_ROWS, counted=True),
    "accuracy_difference_at_equal_loss": column(
        table="equal_loss",
        name="difference",
        facts=FORWARD_CELL,
        with_interval=value_with_interval,
    ),
    "T_f_over_T_b": _paper("T_f_over_T_b"),
    "seconds_forward_over_backprop": _paper("seconds_forward_over_backprop"),
    "loss_over_random_direction": ratio_of_rows(
        table="targets",
        name="valid_loss",
        facts={"backend": "jax", "experiment": "copy"},
        numerator="directional_diagonal",
        denominator="directional_random",
    ),
    "loss_over_truncated": QuantityTables(_losses_of_truncation, counted=True),
    "power_of_evaluations_in_dimension": column(
        table="scaling",
        name="slope",
        facts={
            "backend": "jax",
            "problem": "sparse",
            "optimizer": "sgd",
            "estimator": "forward_gradient",
        },
        with_interval=value_with_interval,
    ),
    "loss_over_plain": QuantityTables(_losses_of_family, where={"family": ["sparse"]}),
}
