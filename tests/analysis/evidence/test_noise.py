"""Powers are fitted once for each block of draws, and a curved relation is noticed."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.evidence.quantities import Power
from dirgrad.analysis.verdicts import Evidence
from support.hand_made_quantities import ESTIMATORS
from support.noise_quantities import GAUSSIAN_ESTIMATES
from support.quantity_tables import cell

DIMENSIONS = np.array([10.0, 100.0, 1000.0, 10000.0])
POWER = Power.model_validate(
    {"kind": "power", "table": "quality", "of": "snr", "in": "dimension", "by": ["backend"]}
)


def power_of(snr: np.ndarray) -> Evidence:
    """Return the power with which SNRs, (dimensions, blocks), grow with the dimension."""
    rows = [
        GAUSSIAN_ESTIMATES
        | {"dimension": d, "draws": 400, "snr_values": cell(blocks)}
        | dict.fromkeys(("snr", "snr_low", "snr_high"), blocks.mean())
        for d, blocks in zip(DIMENSIONS, snr, strict=True)
    ]
    (evidence,) = POWER.evidence({"quality": pd.DataFrame(rows)}, ESTIMATORS)
    return evidence


def test_each_block_of_draws_has_a_power_of_its_own() -> None:
    powers = np.array([-1.2, -1.0, -0.9])
    evidence = power_of(DIMENSIONS[:, None] ** powers)
    np.testing.assert_allclose(evidence.samples.low, powers)


@pytest.mark.parametrize(("curvature", "fits"), [(0.0, True), (0.05, False)])
def test_a_curved_relation_has_a_lack_of_fit(curvature: float, fits: bool) -> None:
    noise = np.random.default_rng(0).normal(0.0, 0.05, (len(DIMENSIONS), 10))
    log_d = np.log(DIMENSIONS)[:, None]
    evidence = power_of(np.exp(-log_d + curvature * log_d**2 + noise))
    assert (evidence.lack_of_fit > 0.01) is fits
