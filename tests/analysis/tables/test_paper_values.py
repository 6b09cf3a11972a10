"""The values of the paper of Baydin et al. 2022 are the numbers of its figures."""

import numpy as np
import pytest

from dirgrad.analysis.paper_values import PAPER

SECONDS = {
    ("logistic_regression", 1e-4): (197.326, 356.756),
    ("mlp", 2e-5): (165.842, 292.359),
    ("mlp", 2e-4): (68.014, 296.957),
}
"""T_f and T_b in seconds, as printed in figures 3 and 4."""
NUMBERS = {
    ("beale", 0.01, "backprop_final_loss"): 5.5e-5,
    ("beale", 0.01, "seconds_forward_over_backprop"): 0.19 / 0.22,
    ("rosenbrock", 5e-4, "backprop_final_loss"): 5e-6,
    ("rosenbrock", 5e-4, "seconds_forward_over_backprop"): 3.15 / 4.1,
    ("logistic_regression", 1e-4, "backprop_final_valid_loss"): 0.55,
    ("logistic_regression", 1e-4, "forward_final_valid_loss"): 0.55,
    ("mlp", 2e-5, "backprop_final_valid_loss"): 2.21,
    ("mlp", 2e-5, "forward_final_valid_loss"): 2.21,
    ("mlp", 2e-4, "backprop_final_valid_loss"): 0.88,
    ("mlp", 2e-4, "forward_final_valid_loss"): 0.52,
    ("mlp", None, "R_f"): 2.46,
    ("mlp", None, "R_b"): 4.17,
}
"""The other numbers, by problem, learning rate and quantity."""

VALUES = {(entry.problem, entry.rate, entry.quantity): entry.value for entry in PAPER}


def beale_gradient(x: float, y: float) -> tuple[float, float]:
    terms = [(c - x + x * y**power, power) for c, power in ((1.5, 1), (2.25, 2), (2.625, 3))]
    return (
        sum(2 * term * (y**power - 1) for term, power in terms),
        sum(2 * term * x * power * y ** (power - 1) for term, power in terms),
    )


def test_every_value_of_the_paper_is_checked() -> None:
    times = {(*key, "T_f_over_T_b") for key in SECONDS}
    gradients = {("beale", None, f"gradient_{i}") for i in (0, 1)}
    assert set(VALUES) == set(NUMBERS) | times | gradients
    assert len(PAPER) == len(VALUES)


@pytest.mark.parametrize("key", SECONDS)
def test_the_ratio_of_the_times_is_the_ratio_of_their_seconds(key: tuple[str, float]) -> None:
    forward, backprop = SECONDS[key]
    assert VALUES[(*key, "T_f_over_T_b")] == pytest.approx(forward / backprop, abs=5e-4)


@pytest.mark.parametrize("key", NUMBERS)
def test_the_other_values_are_the_numbers_of_the_paper(
    key: tuple[str, float | None, str],
) -> None:
    assert VALUES[key] == pytest.approx(NUMBERS[key], rel=1e-12)


def test_the_gradient_of_figure_1_is_the_gradient_of_beales_function() -> None:
    recalled = [VALUES[("beale", None, f"gradient_{i}")] for i in (0, 1)]
    np.testing.assert_allclose(recalled, beale_gradient(1.5, -0.1), atol=5e-4)


def test_the_dimensions_are_those_of_the_networks_on_mnist() -> None:
    layers = {
        "logistic_regression": [(784, 10)],
        "mlp": [(784, 1024), (1024, 1024), (1024, 10)],
    }
    for problem, shapes in layers.items():
        dimension = sum((inputs + 1) * outputs for inputs, outputs in shapes)
        assert {entry.dimension for entry in PAPER if entry.problem == problem} == {dimension}
