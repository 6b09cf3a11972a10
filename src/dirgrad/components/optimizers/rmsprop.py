from typing import Annotated, Any

from annotated_types import Ge, Lt
from pydantic import PositiveFloat

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class Rmsprop:
    """RMSprop: s <- decay s + (1 - decay) g^2, theta <- theta - eta g / (sqrt(s) + epsilon).

    It is due to Tieleman and Hinton (2012). It takes the same steps as torch.optim.RMSprop, which
    adds epsilon outside the square root. optax.rmsprop does so with eps_in_sqrt=False. s starts at
    0 and has no bias correction, so the first steps are longer than later ones.
    """

    decay: Annotated[float, Ge(0.0), Lt(1.0)] = 0.99
    """Decay rate of the moving average of the squared estimates."""
    epsilon: PositiveFloat = 1.0e-8
    """Constant added to the root mean square in the denominator."""

    def init(self, ops: Ops, params: Params) -> Any:
        return tree.map(ops.zeros_like, params)

    def update(
        self,
        ops: Ops,
        params: Params,
        estimate: Estimate,
        optimizer_state: Any,
        learning_rate: Array,
    ) -> tuple[Params, Any]:
        """Return the next parameters and the next moving average of the squared estimates.

        The leaves of the estimate are as in `Direction.draw`. All of them become arrays, because
        the step needs their squares.
        """
        g = tree.materialize(tree.scale(estimate.scale, estimate.vector))
        g_squared = tree.map(lambda leaf: leaf * leaf, g)
        decayed = tree.scale(self.decay, optimizer_state)
        square = tree.axpy(ops, 1 - self.decay, g_squared, decayed)
        step = {name: leaf / (ops.sqrt(square[name]) + self.epsilon) for name, leaf in g.items()}
        return tree.axpy(ops, -learning_rate, step, params), square
