"""The layers of a network: their inputs, and the gradients that follow from their activities.

A layer is a product of its input x with a weight, `x @ weight` or `perturbation.conv2d`, and a bias
that is added to the result. Its activities are the sums z = x W + b: a vector per example, or per
example and position.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeAlias, TypeVar

from dirgrad.core import perturbation
from dirgrad.core.errors import one_line
from dirgrad.core.perturbation import LinearMap, PerturbedWeight
from dirgrad.core.types import Array, Ops, Params

T = TypeVar("T")
Place: TypeAlias = Callable[[str, LinearMap, Array, Array], Array]
"""Map (name of a weight, linear map, x, weight) -> activities of the layer without its bias."""


class Layer(NamedTuple):
    """One layer, as a forward pass met it.

    Attributes:
        linear: The linear map.
        x: Its input: (examples, ...).
        product: Its value, from the function `place` of the pass: (examples, ...).
    """

    linear: LinearMap
    x: Array
    product: Array


@dataclass
class Layers:
    """The layers of one forward pass.

    Attributes:
        by_weight: Layers by the name of their weight, in the order of the pass.
        weight_of_bias: Name of the weight of the layer that each bias belongs to.
    """

    by_weight: dict[str, Layer] = field(default_factory=dict)
    weight_of_bias: dict[str, str] = field(default_factory=dict)

    def inputs(self) -> Params:
        """Return the input of every layer by the name of its weight: (examples, ...)."""
        return {name: layer.x for name, layer in self.by_weight.items()}

    def products(self) -> Params:
        """Return the product of every layer by the name of its weight: (examples, ...)."""
        return {name: layer.product for name, layer in self.by_weight.items()}

    def add(self, name: str, layer: Layer) -> None:
        """Add the layer of a weight.

        Raises:
            NotImplementedError: The weight already has a layer.
        """
        if name in self.by_weight:
            raise NotImplementedError(
                f"the problem multiplies by its parameter '{name}' more than once, and a "
                "perturbation of activities supports weights that are used once"
            )
        self.by_weight[name] = layer

    def add_bias(self, name: str, product: Array) -> None:
        """Add a bias to the layer with this product.

        Raises:
            NotImplementedError: Such a layer is missing, or the bias already has one.
        """
        owners = [own for own, layer in self.by_weight.items() if layer.product is product]
        if len(owners) != 1 or name in self.weight_of_bias:
            raise NotImplementedError(
                f"the problem adds its parameter '{name}' to something else than one product with "
                "a weight, and a perturbation of activities supports no other biases"
            )
        self.weight_of_bias[name] = owners[0]


@dataclass(frozen=True, eq=False)
class ObservedBias:
    """A bias, which can be indexed and added to the product of a layer.

    Attributes:
        base: The bias, possibly indexed.
        on_add: Function that is called with the product.
    """

    # NumPy would otherwise take the bias for a number.
    __array_ufunc__: ClassVar[None] = None
    base: Array
    on_add: Callable[[Array], None]

    def __getitem__(self, index: Any) -> "ObservedBias":
        return ObservedBias(self.base[index], self.on_add)

    def __radd__(self, product: Array) -> Array:
        self.on_add(product)
        return product + self.base


def forward(network: Callable[[Params], T], params: Params, place: Place) -> tuple[T, Layers]:
    """Compute a function of the parameters, where `place` computes the product of every layer.

    Returns:
        The value of the function, and the layers in their order.

    Raises:
        NotImplementedError: The function uses its parameters otherwise than in such layers.
    """
    met = Layers()

    def product(name: str, linear: LinearMap, x: Array, weight: Array, _: None) -> Array:
        value = place(name, linear, x, weight)
        met.add(name, Layer(linear, x, value))
        return value

    def observe(name: str, leaf: Array) -> PerturbedWeight | ObservedBias:
        if leaf.ndim > 1:
            return PerturbedWeight(leaf, None, partial(product, name))
        return ObservedBias(leaf, partial(met.add_bias, name))

    observed = {name: observe(name, leaf) for name, leaf in params.items()}
    try:
        return network(observed), met
    except perturbation.ERRORS as error:
        kinds = (PerturbedWeight.__name__, ObservedBias.__name__)
        if not any(kind in str(error) for kind in kinds):
            raise
        raise NotImplementedError(
            f"the problem applies to a parameter an operation ({one_line(error)}) that a "
            "perturbation of activities does not support: write each layer as `x @ w + b` or "
            "`perturbation.conv2d`, or use an estimator that perturbs the parameters"
        ) from error


def parameter_gradient(
    ops: Ops, layers: Layers, inputs: Params, gradient: Params, like: Params
) -> Params:
    """Return the gradient with respect to the parameters, summed over the examples.

    Args:
        ops: Operations of the framework.
        layers: Layers of a pass; only their linear maps and biases are read.
        inputs: Input of every layer by the name of its weight: (examples, ...).
        gradient: Gradient of the loss of every example with respect to its activities, by the name
            of the weight: (examples, ...).
        like: Parameters, which give the order of the names.

    Returns:
        Arrays with the names and shapes of the parameters: 0 for a parameter that no layer uses.
    """
    weights = {
        name: layer.linear.gradient(inputs[name], gradient[name])
        for name, layer in layers.by_weight.items()
    }
    biases = {
        bias: layers.by_weight[name].linear.bias_gradient(gradient[name])
        for bias, name in layers.weight_of_bias.items()
    }
    both = weights | biases
    return {name: both[name] if name in both else ops.zeros_like(like[name]) for name in like}
