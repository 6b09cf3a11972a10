from typing import Annotated, Any

from dirgrad.components.registry import component, component_field
from dirgrad.core import tree
from dirgrad.core.types import Array, Direction, Key, Ops, Params


@component
class Replayed:
    """Directions of another law, of which every array of two axes or more is drawn by itself and not kept: it is drawn from its key
    when its layer needs it, and once more for the update (as MeZO does for differences: Malladi et al. 2023). What is held
    beside the parameters is one layer's, whatever the depth. The noise is that of the law; of a law that ties all entries
    together, as the sphere does, that of one sphere per array, which has the same SNR."""

    direction: Annotated[Direction, component_field("directions")]
    """The law."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        def of(i: int, name: str) -> Any:
            def anew(key: Key) -> Array | tree.OuterProduct:
                return self.direction.draw(ops, key, {name: like[name]})[name]

            mine = ops.fold_in(key, i)
            return tree.ReplayedArray(mine, anew) if like[name].ndim > 1 else anew(mine)

        return {name: of(i, name) for i, name in enumerate(like)}
