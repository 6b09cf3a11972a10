"""Initial values of parameters, in NumPy, so that both frameworks start equal."""

from math import sqrt

import numpy as np


def start(values: tuple[float, ...], dimension: int) -> dict[str, np.ndarray]:
    """{"x": (dimension,)}: the values given, the last of them repeated."""
    return {"x": np.array([values[min(i, len(values) - 1)] for i in range(dimension)])}


def layer(
    rng: np.random.Generator, name: int | str, shape: tuple[int, ...], fan_in: int
) -> dict[str, np.ndarray]:
    """The weight and the bias of one layer, uniform on +-1/sqrt(fan_in), as torch's own layers begin.

    shape: (inputs, outputs) of a dense layer, (outputs, inputs, height, width) of a convolution.
    """
    bound, outputs = 1 / sqrt(fan_in), shape[0] if len(shape) == 4 else shape[-1]
    return {
        f"weight_{name}": rng.uniform(-bound, bound, shape),
        f"bias_{name}": rng.uniform(-bound, bound, (outputs,)),
    }


def normal_layer(
    rng: np.random.Generator, name: int | str, shape: tuple[int, int], deviation: float
) -> dict[str, np.ndarray]:
    """The weight (inputs, outputs) and the bias of a dense layer, both drawn from N(0, deviation^2)."""
    return {
        f"weight_{name}": deviation * rng.standard_normal(shape),
        f"bias_{name}": deviation * rng.standard_normal(shape[1:]),
    }
