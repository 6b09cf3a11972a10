"""Samplers and arrays of estimates."""

import numpy as np

from dirgrad.core import steps, tree
from dirgrad.core.types import Backend, DirectionSampler, Estimate, Estimator, Params


def materialize(estimate: Estimate) -> Params:
    """Return the scale times the vector, as arrays."""
    vector = tree.materialize(estimate.vector)
    return {name: estimate.scale * leaf for name, leaf in vector.items()}


def sampler_with_first_key(
    backend: Backend, estimator: Estimator, params: Params
) -> DirectionSampler:
    """Return the sampler of the directions of an estimator for the key 0."""
    (key,) = backend.engine.keys(np.array([0]))
    return steps.direction_sampler(backend.ops, estimator, key, params)
