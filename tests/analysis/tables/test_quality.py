"""The table `quality` gives the signal-to-noise ratio and the bias of estimates."""

import pandas as pd
import pytest

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
    assert row["snr_theory"] == pytest.approx(0.25)
    assert row["best_shrinkage_theory"] == pytest.approx(0.2)
    assert row["cosine"] == 0.5
    assert row["squared_bias"] == pytest.approx(2.0)
    assert row["variance"] == pytest.approx(25.0 - 2.0)


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
