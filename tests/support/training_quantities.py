"""Tables for every claim about training, with a chosen value."""

import pandas as pd

from support.quantity_tables import (
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


def _effort_to_target(name: str) -> QuantityTables:
    return column("targets", name, FORWARD_CELL | {"n_reached": 5})


def _paper(quantity: str, name: str = "value") -> QuantityTables:
    facts = {
        "backend": "jax",
        "problem": "mlp",
        "learning_rate": 2e-4,
        "estimator": "forward_gradient",
        "quantity": quantity,
        "lanes": 1,
        "loss_reduction": 0.5,
    }
    return column("baydin", name, facts)


def _losses_of_the_paper(value: float, spread: float, n: int) -> Tables:
    """Return the final losses of the forward gradient and of backprop, which has loss 0.9."""
    tables = {
        "forward_final_valid_loss": _paper("forward_final_valid_loss").make(0.9 * value, spread, n),
        "backprop_final_valid_loss": _paper("backprop_final_valid_loss").make(0.9, 0.0, n),
    }
    return {"baydin": pd.concat([table["baydin"] for table in tables.values()], ignore_index=True)}


def _best_rates(value: float, spread: float, n: int) -> Tables:
    """Return best rates from grids whose steps have the factor 1 + spread."""
    rows = []
    for estimator, best in (("backprop", value), ("forward_gradient", 1.0)):
        row = FORWARD_CELL | {"estimator": estimator, "n_seeds": n, "n_ok": n, "n_diverged": 0}
        tuning = row | {"stage": "tuning", "best_rate": False}
        grid = (best / (1 + spread), best, best * (1 + spread))
        rows += [tuning | {"learning_rate": rate} for rate in grid]
        rows.append(row | {"stage": "final", "best_rate": True, "learning_rate": best})
    return {"final": pd.DataFrame(rows)}


def _largest_rates(value: float, spread: float, n: int) -> Tables:
    """Return largest stable rates; the next rate of the grid is 1 + spread times larger."""

    def bracket(rate: float) -> Row:
        return {"stable_rate": rate, "unstable_rate": rate * (1 + spread)}

    rates = {"backprop": bracket(value), "forward_gradient": bracket(1.0)}
    return {"stability": per_estimator({"backend": "jax", "problem": "mlp"}, rates)}


SPECTRUM = {"backend": "jax", "stability": "spectrum", "problem": "mlp", "problem_kind": "mlp"}
QUADRATIC = SPECTRUM | {"problem": "condition_1", "problem_kind": "quadratic"}


def _bounded(name: str, facts: Row) -> QuantityTables:
    """Return tables for a column of `stability` between two bounds, by the factor 1 + spread."""

    def make(value: float, spread: float, n: int) -> Tables:
        ends = {f"{name}_from": value / (1 + spread), f"{name}_to": value * (1 + spread)}
        row = facts | {"estimator": "forward_gradient", "direction": "gaussian", name: value}
        return {"stability": pd.DataFrame([row | ends])}

    return QuantityTables(make, counted=True)


def _rates_of_rank_one(value: float, spread: float, n: int) -> Tables:
    """Return largest stable rates; the Gaussian law has the rate 1."""
    rates = {
        name: {"stable_rate": rate, "unstable_rate": rate * (1 + spread)}
        for name, rate in (("forward_gradient_rank_one", value), ("forward_gradient", 1.0))
    }
    return {"stability": per_estimator(SPECTRUM | {"stability": "laws"}, rates)}


def _power(name: str, abscissa: str, direction: str = "sphere") -> QuantityTables:
    facts = {
        "backend": "jax",
        "problem": "sparse_regression",
        "optimizer": "hard_thresholding",
        "estimator_kind": "forward_gradient",
        "direction": direction,
        "abscissa": abscissa,
        "n_reached": 5,
    }
    return column("scaling", name, facts, with_interval=value_with_interval)


def _evaluations_of_thresholding(value: float, spread: float, n: int) -> Tables:
    """Return the evaluations with hard thresholding, and without it, which takes 100."""
    facts = FORWARD_CELL | {"abscissa": "dimension", "x": 1600, "direction": "sphere", "n": n}
    cells = {
        "hard_thresholding": ratio_with_interval("evaluations_to_target", 100 * value, spread, n),
        "sgd": ratio_with_interval("evaluations_to_target", 100.0, 0.0, n),
    }
    rows = [facts | {"optimizer": name} | own for name, own in cells.items()]
    return {"sweeps": pd.DataFrame(rows)}


def _losses_of_family(value: float, spread: float, n: int) -> Tables:
    """Return the losses of an experiment and of its plain variant, which has loss 0.1."""
    shared = FORWARD_CELL | {"best_rate": True, "n_ok": n}
    losses = {
        "szoht_few": ratio_with_interval("valid_loss", 0.1 * value, spread, n),
        "szoht_plain_few": ratio_with_interval("valid_loss", 0.1, 0.0, n),
    }
    rows = [shared | {"experiment": name} | cells for name, cells in losses.items()]
    return {"final": pd.DataFrame(rows)}


def _at_target(experiment: str, name: str, numerator: str, denominator: str) -> QuantityTables:
    """Return tables for a ratio of a column of `targets` in one experiment."""
    return ratio_of_rows(
        table="targets",
        name=name,
        facts={"backend": "jax", "experiment": experiment, "n_reached": 50},
        numerator=numerator,
        denominator=denominator,
    )


TRAINING_CLAIMS = {
    "activities_need_fewer_steps": _at_target(
        "heads_64", "steps_to_target", "activities", "forward_gradient_rademacher"
    ),
    "local_losses_need_fewer_steps": _at_target(
        "heads_64", "steps_to_target", "local_activities", "activities"
    ),
    "local_guess_beats_random_directions": _at_target(
        "heads_64", "valid_loss", "local_guess", "forward_gradient_rademacher"
    ),
    "curvature_needs_fewer_steps": ratio_of_rows(
        table="targets",
        name="steps_to_target",
        facts={"backend": "jax", "experiment": "curvature_logistic", "n_reached": 50},
        numerator="hyperplane_search",
        denominator="forward_gradient",
    ),
    "immediate_derivatives_suffice": ratio_of_rows(
        table="targets",
        name="final_loss",
        facts={"backend": "jax", "experiment": "immediate_rows", "optimizer": "rmsprop"},
        numerator="candidate_immediate",
        denominator="backprop",
    ),
    "immediate_derivatives_suffice_online": ratio_of_rows(
        table="targets",
        name="final_loss",
        facts={"backend": "jax", "experiment": "immediate_online", "optimizer": "rmsprop"},
        numerator="truncated_bptt_1",
        denominator="rtrl_online",
    ),
    "forward_mode_needs_few_times_the_steps": column(
        table="targets",
        name="steps_over_backprop",
        facts={
            "backend": "jax",
            "experiment": "heads_64",
            "estimator": "local_activities_k16",
            "n_reached": 50,
        },
    ),
    "more_steps_than_backprop": _effort_to_target("steps_over_backprop"),
    "seconds_at_own_best_rate": _effort_to_target("seconds_over_backprop"),
    "rate_is_a_hundredth": QuantityTables(_best_rates, counted=True),
    "largest_rate_is_a_hundredth": QuantityTables(_largest_rates, counted=True),
    "stable_rate_falls_with_the_trace": _bounded("backprop_over_rate_per_trace", QUADRATIC),
    "stable_rate_of_networks_falls_with_the_trace": _bounded(
        "backprop_over_rate_per_trace", SPECTRUM
    ),
    "best_rate_on_an_isotropic_quadratic": _bounded("best_rate_over_theory", QUADRATIC),
    "decay_on_an_isotropic_quadratic": column(
        table="stability",
        name="decay_over_theory",
        facts=QUADRATIC | {"estimator": "forward_gradient"},
        count="n_seeds",
    ),
    "rank_one_is_stable_up_to_lower_rates": QuantityTables(_rates_of_rank_one, counted=True),
    "rank_one_trains_to_a_higher_loss": ratio_of_rows(
        table="targets",
        name="valid_loss",
        facts={"backend": "jax", "experiment": "mlp_adam"},
        numerator="forward_gradient_rank_one",
        denominator="forward_gradient",
    ),
    "one_layer_needs_no_more_steps_than_rank_one": _at_target(
        "mlp_one_layer",
        "steps_to_target",
        "forward_gradient_one_layer_rank_4",
        "forward_gradient_rank_one",
    ),
    "rank_one_in_one_layer_needs_more_steps": _at_target(
        "mlp_one_layer",
        "steps_to_target",
        "forward_gradient_one_layer",
        "forward_gradient_rank_one",
    ),
    "rank_one_descends_more_slowly": ratio_of_rows(
        table="stability",
        name="decay",
        facts=SPECTRUM | {"stability": "laws", "n_seeds": 10},
        numerator="forward_gradient_rank_one",
        denominator="forward_gradient",
    ),
    "low_loss_is_not_performance": column(
        table="equal_loss",
        name="difference",
        facts=FORWARD_CELL,
        with_interval=value_with_interval,
    ),
    "time_to_lowest_loss_is_smaller": _paper("T_f_over_T_b"),
    "seconds_at_equal_rate": _paper("seconds_forward_over_backprop"),
    "time_to_nearly_lowest_loss_is_smaller": _paper("T_f_over_T_b_with_margin"),
    "loss_at_equal_iterations": QuantityTables(_losses_of_the_paper),
    "losses_of_the_paper_come_out": _paper("backprop_final_valid_loss", "ratio_to_paper"),
    "times_of_the_paper_come_out": _paper("R_f", "ratio_to_paper"),
    "approximate_gradients_beat_random_directions": ratio_of_rows(
        table="targets",
        name="valid_loss",
        facts={"backend": "jax", "experiment": "copy"},
        numerator="directional_diagonal",
        denominator="directional_random",
    ),
    "descent_along_the_truncated_gradient_beats_it": ratio_of_rows(
        table="targets",
        name="final_loss",
        facts={"backend": "jax", "experiment": "digits_rows"},
        numerator="directional_truncated",
        denominator="truncated_bptt",
    ),
    "descent_along_the_diagonal_gradient_beats_it": ratio_of_rows(
        table="targets",
        name="final_loss",
        facts={"backend": "jax", "experiment": "digits_rows"},
        numerator="directional_diagonal",
        denominator="candidate_diagonal",
    ),
    "descent_repairs_the_sign": ratio_of_rows(
        table="final",
        name="final_loss",
        facts={"backend": "jax", "experiment": "influence_chains", "n_ok": 10},
        numerator="directional_truncated_10",
        denominator="truncated_bptt_10",
    ),
    "thresholding_needs_k_directions": _power("slope", "dimension"),
    "few_coordinates_need_d_evaluations": _power("last_slope", "dimension", "random_support"),
    "thresholding_grows_with_sparsity": _power("slope", "nonzeros"),
    "thresholding_needs_many_directions_per_step": _power("slope", "num_directions"),
    "neither_few_nor_many_directions_are_best": _power("curvature", "num_directions"),
    "larger_supports_need_fewer_evaluations": _power("slope", "support", "random_support"),
    "thresholding_needs_fewer_evaluations": QuantityTables(_evaluations_of_thresholding),
    "difference_needs_fewer_passes": ratio_of_rows(
        table="sweeps",
        name="passes_to_target",
        facts={
            "backend": "jax",
            "optimizer": "hard_thresholding",
            "direction": "sphere",
            "abscissa": "dimension",
            "x": 500,
        },
        numerator="finite_difference_sphere_k20",
        denominator="forward_gradient_sphere_k20",
    ),
    "thresholding_generalises": QuantityTables(_losses_of_family),
}
