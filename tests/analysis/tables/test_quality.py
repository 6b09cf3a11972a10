"""The table `quality` gives the signal-to-noise ratio and the bias of estimates."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.samples import parse_samples
from dirgrad.analysis.tables import quality
from support.hand_made_records import QUICK, WORKLOAD, frame


def test_the_signal_to_noise_ratio_comes_from_the_plain_mean_of_the_squared_errors() -> None:
    estimate = WORKLOAD | {
        "quality": "one",
        "estimator": "f",
        "estimator_kind": "forward_gradient",
        "direction": "gaussian",
        "num_directions": 2,
        "precision": "float32",
        "cosine": 0.5,
        "gradient_norm": 1.0,
        "signal_to_noise_theory": 0.25,
    }
    squared_errors = [1.0, 1.0, 1.0, 97.0]
    rows = [
        estimate
        | {
            "draw": draw,
            "relative_squared_error": squared_error,
            "error_product": 4.0 * (draw % 2),
        }
        for draw, squared_error in enumerate(squared_errors)
    ]
    (row,) = quality.make({"draws": frame("draws", rows)}, QUICK).to_dict("records")
    assert row["snr"] == pytest.approx(1 / 25)
    assert row["snr_low"] <= row["snr"] <= row["snr_high"]
    assert row["snr_low"] == pytest.approx(1 / row["relative_squared_error_high"])
    assert row["snr_high"] == pytest.approx(1 / row["relative_squared_error_low"])
    assert row["snr_theory"] == pytest.approx(0.25)
    # The mean error 25 differs by 21 from 1/0.25. The standard error is 48/sqrt(4) = 24.
    assert row["snr_z"] == pytest.approx(21 / 24)
    assert row["best_shrinkage_theory"] == pytest.approx(0.2)
    assert row["cosine"] == 0.5
    assert row["squared_bias"] == pytest.approx(2.0)
    assert row["variance"] == pytest.approx(25.0 - 2.0)
    assert row["relative_squared_error"] == 25.0
    assert row["relative_squared_error_values"] == "0:1 1:1 2:1 3:97"
    assert row["snr_values"] == "0:1 1:1 2:1 3:0.0103092784"


def test_a_block_without_an_error_has_no_signal_to_noise_ratio() -> None:
    estimate = WORKLOAD | {"quality": "one", "estimator": "f", "precision": "float32"}
    estimate |= {"gradient_norm": 1.0, "error_product": 0.0}
    # Four draws are blocks of one draw.
    rows = [
        estimate | {"draw": draw, "relative_squared_error": error}
        for draw, error in enumerate((0.0, 1.0, 1.0, 2.0))
    ]
    (row,) = quality.make({"draws": frame("draws", rows)}, QUICK).to_dict("records")
    assert row["snr"] == 1.0
    assert row["snr_values"] == "1:1 2:1 3:0.5"


def test_the_raw_values_are_means_of_ten_blocks_of_draws_or_minibatches() -> None:
    estimate = WORKLOAD | {"quality": "one", "estimator": "f", "precision": "float32"}
    estimate |= {"status": "ok", "norm_ratio": 2.0, "signal_to_noise_theory": 0.25}
    estimate |= {"relative_squared_error": 4.0, "error_product": 0.0, "gradient_norm": 1.0}
    estimate |= {"curvature_noise_theory": 1.5, "hessian_probes": 0}
    estimate |= {"difference_error_theory": 3.0}
    rows = [
        estimate
        | {"minibatch": draw // 10, "draw": draw % 10, "cosine": draw / 20}
        | {"curvature_noise": 2.0 * draw, "difference_error": 1.0 + draw % 2}
        | {"minibatch_squared_error": 3.0 + draw // 10, "squared_norm_ratio": 1.0}
        for draw in range(20)
    ]
    (row,) = quality.make({"draws": frame("draws", rows)}, QUICK).to_dict("records")
    cosines = parse_samples(row["cosine_values"])
    np.testing.assert_allclose(cosines.low, (np.arange(10) * 2 + 0.5) / 20)
    assert cosines.keys.tolist() == list(range(10))
    noise = parse_samples(row["curvature_noise_values"])
    np.testing.assert_allclose(noise.low, 4.0 * np.arange(10) + 1)
    assert row["curvature_noise"] == pytest.approx(noise.low.mean())
    assert (row["curvature_noise_theory"], row["hessian_probes"]) == (1.5, 0)
    assert row["minibatch_variance_values"] == "0:3 1:4"
    roots = parse_samples(row["difference_error_values"]).low
    np.testing.assert_allclose(roots, np.sqrt((1 + 4) / 2))
    assert row["difference_error"] == pytest.approx(roots[0])
    assert row["difference_error_theory"] == pytest.approx(3.0)


def test_an_estimator_that_is_not_supported_is_a_row_without_numbers() -> None:
    estimate = WORKLOAD | {"quality": "one", "precision": "float32"}
    numbers = {
        "relative_squared_error": 4.0,
        "error_product": 0.0,
        "cosine": 0.5,
        "norm_ratio": 1.0,
        "gradient_norm": 1.0,
    }
    rows = [
        estimate | {"estimator": "f", "status": "unsupported", "reason": "no rule"},
        estimate | {"estimator": "g", "status": "ok"} | numbers,
        estimate | {"estimator": "g", "status": "ok"} | numbers,
    ]
    table = quality.make({"draws": frame("draws", rows)}, QUICK)
    unsupported, measured = table.to_dict("records")
    assert (unsupported["status"], unsupported["reason"]) == ("unsupported", "no rule")
    assert unsupported["draws"] == 0
    identity = {*quality.KEYS, "draws"}
    assert all(pd.isna(unsupported[name]) for name in table if name not in identity)
    assert (measured["status"], measured["draws"], measured["snr"]) == ("ok", 2, 0.25)
