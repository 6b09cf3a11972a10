"""The recorded bias of a finite difference has the sign and the size of its truncation error."""

import numpy as np
import pytest

from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import quality
from support.measured import measurement_with_estimators

EPS = 0.25


def test_the_bias_of_a_forward_difference_is_exact_on_a_parabola(backend: Backend) -> None:
    """Test x^2 / 2, whose only direction with one coordinate is v = 1."""
    estimators = {
        scheme: {
            "kind": "finite_difference",
            "direction": "coordinate",
            "scheme": scheme,
            "eps": EPS,
        }
        for scheme in ("forward", "central")
    }
    problem = {"kind": "quadratic", "dimension": 1, "condition": 1.0}
    measurement = measurement_with_estimators(
        backend, "quality", {"parabola": problem}, estimators, draws=2
    )
    draws = quality.run(measurement, Context(backend))["draws"].to_pandas()
    x = measurement.problems[0].init(np.random.default_rng([0, 0]))["x"][0]
    by_scheme = draws.groupby("estimator")["difference_bias"]
    # The slope is x + eps/2, and the bias is relative to the gradient x.
    assert by_scheme.get_group("forward").to_list() == pytest.approx([EPS / 2 / x] * 2, rel=1e-9)
    assert by_scheme.get_group("central").to_list() == pytest.approx([0.0] * 2, abs=1e-12)
