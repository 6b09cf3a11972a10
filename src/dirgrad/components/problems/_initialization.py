"""Initial parameters, drawn in NumPy so that both frameworks start from equal values."""

from math import sqrt

import numpy as np


def require_start(values: tuple[float, ...], dimension: int, default: tuple[float, ...]) -> None:
    """Raise ValueError if a chosen starting point has more values than there are variables."""
    if values != default and len(values) > dimension:
        raise ValueError(f"start has {len(values)} values for {dimension} variables: remove some")


def start_point(values: tuple[float, ...], dimension: int) -> dict[str, np.ndarray]:
    """Return {"x": (dimension,)}, filled with `values`; the last value is repeated."""
    last = len(values) - 1
    return {"x": np.array([values[min(i, last)] for i in range(dimension)])}


def uniform_layer(
    rng: np.random.Generator, name: int | str, shape: tuple[int, ...], fan_in: int
) -> dict[str, np.ndarray]:
    """Draw the weight and the bias of a layer uniformly from +-1/sqrt(fan_in), as torch does.

    Args:
        rng: Random generator. The weight is drawn before the bias.
        name: Suffix of the names of the two arrays.
        shape: Shape of the weight: (inputs, outputs) for a dense layer, (outputs, inputs, height,
            width) for a convolution.
        fan_in: Number of inputs of an output, which sets the bound.
    """
    bound = 1 / sqrt(fan_in)
    weight = rng.uniform(-bound, bound, shape)
    bias = rng.uniform(-bound, bound, (_num_outputs(shape),))
    return {f"weight_{name}": weight, f"bias_{name}": bias}


def relu_layer(
    rng: np.random.Generator, name: int | str, shape: tuple[int, ...], fan_in: int
) -> dict[str, np.ndarray]:
    """Draw the weight of a layer behind a ReLU from N(0, 2/fan_in); the bias is 0.

    The sums of the layer then have the variance of the sums before the ReLU (He et al. 2015).

    Args:
        rng: Random generator.
        name: Suffix of the names of the two arrays.
        shape: Shape of the weight, as in `uniform_layer`.
        fan_in: Number of inputs of an output.
    """
    weight = rng.normal(0, sqrt(2 / fan_in), shape)
    return {f"weight_{name}": weight, f"bias_{name}": np.zeros(_num_outputs(shape))}


def _num_outputs(shape: tuple[int, ...]) -> int:
    return shape[0] if len(shape) == 4 else shape[-1]


def normal_layer(
    rng: np.random.Generator, name: int | str, shape: tuple[int, int], deviation: float
) -> dict[str, np.ndarray]:
    """Draw the weight (inputs, outputs) and the bias of a dense layer from N(0, deviation^2)."""
    weight = deviation * rng.standard_normal(shape)
    bias = deviation * rng.standard_normal(shape[1:])
    return {f"weight_{name}": weight, f"bias_{name}": bias}
