"""The hidden layers of the MLP can be repeated, and their activation can be chosen."""

import numpy as np

from dirgrad.components.datasets.digits import Digits
from dirgrad.components.problems.mlp import Mlp
from dirgrad.core.types import Backend
from support.cases import placed


def shapes(problem: Mlp) -> dict[str, tuple[int, ...]]:
    params = problem.init(np.random.default_rng(0))
    return {name: leaf.shape for name, leaf in params.items()}


def test_a_repetition_equals_the_same_layers_listed_twice() -> None:
    repeated = Mlp(dataset=Digits(), hidden=(6, 5), repeat=2)
    listed = Mlp(dataset=Digits(), hidden=(6, 5, 6, 5))
    assert shapes(repeated) == shapes(listed)


def test_each_activation_is_applied_between_the_layers(backend: Backend) -> None:
    """The outputs equal a forward pass in NumPy, for each activation."""
    functions = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh}
    rng = np.random.default_rng(0)
    examples = rng.standard_normal((3, 8, 8))
    for name, function in functions.items():
        problem = Mlp(dataset=Digits(), hidden=(6, 5), activation=name)
        params = problem.init(np.random.default_rng(1))
        batch = (backend.ops.asarray(examples), backend.ops.asarray(np.zeros(3, int)))
        outputs = problem.outputs(backend.ops, placed(backend, params), batch)
        x = examples.reshape(3, -1)
        for i in range(2):
            x = function(x @ params[f"weight_{i}"] + params[f"bias_{i}"])
        expected = x @ params["weight_2"] + params["bias_2"]
        np.testing.assert_allclose(backend.engine.to_numpy(outputs), expected, rtol=1e-12)
