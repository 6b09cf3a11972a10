from collections.abc import Callable
from math import pi
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from pydantic import PositiveFloat

from dirgrad.components.registry import component
from dirgrad.core.types import Array, Ops, Params


@component
class Lru:
    """A linear recurrent unit (Orvieto et al. 2023, arXiv 2303.06349), z' = lambda z + gamma B x.

    The state z and the matrix B are complex and stored as real and imaginary parts. The output is
    the real part. lambda = exp(-exp(nu_log) + i exp(theta_log)) lies inside the unit circle, and
    gamma = exp(gamma_log). No unit depends on another unit, so a weight reaches only the two parts
    of its unit, and a step multiplies this influence by a 2 x 2 rotation and decay. Therefore
    `diagonal_rtrl` gives the exact gradient. The paper's layer has a complex output matrix, a skip
    connection and a nonlinear map behind it, and a network here does not.
    """

    gates: ClassVar[int] = 2
    state_names: ClassVar[tuple[str, ...]] = ("h", "imaginary")
    min_modulus: Annotated[float, Ge(0.0), Lt(1.0)] = 0.0
    """Least initial |lambda|."""
    max_modulus: Annotated[float, Gt(0.0), Le(1.0)] = 1.0
    """Largest initial |lambda|. Initially, lambda is uniform on the ring between both."""
    max_phase: PositiveFloat = 2 * pi
    """Largest initial phase of lambda, in radians."""

    def __post_init__(self) -> None:
        if self.min_modulus >= self.max_modulus:
            raise ValueError(
                f"min_modulus is {self.min_modulus} and max_modulus is {self.max_modulus}: "
                "choose min_modulus below max_modulus"
            )

    def init_params(
        self, rng: np.random.Generator, num_inputs: int, hidden: int
    ) -> dict[str, np.ndarray]:
        """Draw the parameters as in the paper.

        gamma normalizes the state: for white noise as input, z has the variance of B x. The columns
        of `weight_in` are the real parts of B, then the imaginary parts.
        """
        low, high = self.min_modulus**2, self.max_modulus**2
        squared_modulus = rng.uniform(low, high, hidden)
        phase = rng.uniform(0, self.max_phase, hidden)
        weight = rng.normal(0, (2 * num_inputs) ** -0.5, (num_inputs, 2 * hidden))
        return {
            "nu_log": np.log(-0.5 * np.log(squared_modulus)),
            "theta_log": np.log(phase),
            "gamma_log": 0.5 * np.log1p(-squared_modulus),
            "weight_in": weight,
        }

    def update(
        self,
        ops: Ops,
        params: Params,
        state: Params,
        x: Array,
        product: Callable[[Array, Array], Array],
    ) -> Params:
        real, imaginary = state["h"], state["imaginary"]
        size = real.shape[1]
        modulus = ops.exp(-ops.exp(params["nu_log"]))
        phase = ops.exp(params["theta_log"])
        lambda_real = modulus * ops.cos(phase)
        lambda_imaginary = modulus * ops.sin(phase)
        inputs = x @ params["weight_in"]
        gamma = ops.exp(params["gamma_log"])
        return {
            "h": lambda_real * real - lambda_imaginary * imaginary + gamma * inputs[:, :size],
            "imaginary": (
                lambda_imaginary * real + lambda_real * imaginary + gamma * inputs[:, size:]
            ),
        }
