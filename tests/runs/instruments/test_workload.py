"""The instruments pass the true shares of the gradient to the closed forms."""

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import quality
from dirgrad.runs.instruments.workload import gradient_shares
from support.measured import measurement_with_estimators


def test_the_share_of_an_array_is_its_part_of_the_squared_norm() -> None:
    arrays = {
        "a": np.array([[3.0, 0.0], [0.0, 0.0]]),
        "b": np.array([-4.0]),
        "c": np.zeros(3),
    }
    shares = gradient_shares(arrays)
    assert [(array.name, array.shape) for array in shares] == [
        ("a", (2, 2)),
        ("b", (1,)),
        ("c", (3,)),
    ]
    assert [array.share for array in shares] == pytest.approx([9 / 25, 16 / 25, 0.0])


def test_a_gradient_of_zero_has_no_shares() -> None:
    shares = gradient_shares({"a": np.zeros(2), "b": np.zeros((2, 2))})
    assert [array.share for array in shares] == [0.0, 0.0]


def test_the_recorded_noise_of_outer_products_has_the_shares_of_the_recorded_gradient() -> None:
    backend = backends.load("torch", 1, "float64")
    law = {"kind": "low_rank", "rank": 2}
    measurement = measurement_with_estimators(
        backend,
        "quality",
        {"logistic": {"kind": "logistic_regression", "dataset": "digits"}},
        {"low_rank": {"kind": "forward_gradient", "direction": law}},
        draws=1,
        coordinates=10_000,
        batch_sizes=[50],
    )
    records = quality.run(measurement, Context(backend))
    gradient = records["coordinates"].to_pandas()["gradient"].to_numpy()
    # 10 biases and 64 x 10 weights.
    weights = (gradient[10:] ** 2).sum() / (gradient**2).sum()
    assert len(gradient) == 650
    # Equal shares would be one half.
    assert weights > 0.6
    dimension_and_excess = 650 - 1 + 2 * (1 - 1 / 2) * weights
    theory = records["draws"].to_pandas()["signal_to_noise_theory"].unique()
    assert theory == pytest.approx([1 / dimension_and_excess], rel=1e-12)
