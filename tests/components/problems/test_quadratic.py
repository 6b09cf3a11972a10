"""The gradient of the quadratic has a closed form."""

import numpy as np

from dirgrad.core.types import Backend
from support.cases import CASES
from support.derivatives import loss_and_gradient


def test_the_gradient_is_the_eigenvalues_times_the_parameters(backend: Backend) -> None:
    case = CASES["quadratic"]
    _, gradient = loss_and_gradient(backend, "quadratic")
    expected = case.problem.eigenvalues() * case.params()["x"]
    np.testing.assert_allclose(gradient["x"], expected, rtol=1e-14)
