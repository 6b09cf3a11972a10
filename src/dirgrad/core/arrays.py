"""Type aliases for arrays and for the values that are built from them."""

from collections.abc import Callable
from typing import Any, TypeAlias

Array: TypeAlias = Any
"""A jax.Array or a torch.Tensor; a numpy.ndarray outside of a run."""
Key: TypeAlias = Any
"""A functional random key. Equal keys give equal draws."""
Params: TypeAlias = dict[str, Array]
"""Parameters by name, or any other value with the names and shapes of the parameters."""
Batch: TypeAlias = tuple[Array, ...]
"""The arrays of a minibatch, each with the examples on its first axis."""
Loss: TypeAlias = Callable[[Params], Array]
"""Map from the parameters to the loss: ()."""
