"""MeZO returns the central difference and moves the parameters back to their values."""

import numpy as np
import pytest

from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.mezo import Mezo
from dirgrad.core.types import Backend
from support.cases import CASES, DIRECTIONS, loss_of, placed
from support.estimates import materialize, sampler_with_first_key

EPS = 1e-4


def test_mezo_equals_the_central_difference_and_restores_the_parameters(backend: Backend) -> None:
    params = placed(backend, CASES["mlp"].params())
    loss = loss_of(backend, CASES["mlp"])
    law = DIRECTIONS["replayed_rademacher"]
    mezo = Mezo(direction=law, eps=EPS)
    central_difference = FiniteDifference(direction=law, scheme="central", eps=EPS)
    sampler = sampler_with_first_key(backend, mezo, params)
    estimate = mezo.estimate(backend.ops, loss, params, sampler)
    expected = central_difference.estimate(backend.ops, loss, params, sampler)

    assert float(estimate.scale) == pytest.approx(float(expected.scale), rel=1e-9)
    assert float(estimate.loss) == pytest.approx(float(expected.loss), rel=1e-12)
    assert estimate.params is not None
    vector = materialize(estimate)
    for name, leaf in params.items():
        restored = backend.engine.to_numpy(estimate.params[name])
        original = backend.engine.to_numpy(leaf)
        np.testing.assert_allclose(restored, original, rtol=1e-12, atol=1e-15)
        is_nonzero = backend.engine.to_numpy(vector[name]) != 0
        np.testing.assert_array_equal(is_nonzero, True)
