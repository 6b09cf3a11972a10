"""Layers of a problem, read from the names of its parameters."""

from collections.abc import Iterable
from itertools import pairwise
from typing import TypeAlias

Group: TypeAlias = tuple[str, ...]
"""Names of parameters, sorted."""


def layers(names: Iterable[str]) -> tuple[Group, ...]:
    """Return the layers of a problem, from the names of its parameters.

    The part of a name after its first underscore is the name of the layer: `weight_0` and `bias_0`
    form the layer `0`, and `weight_out` and `bias_out` form the layer `out`. A parameter without an
    underscore in its name is a layer of its own. Numbered layers come first, by their numbers. The
    others follow in alphabetical order. The result does not depend on the order of the names.

    Example:
        >>> layers(["weight_10", "bias_10", "weight_2", "weight_out"])
        (('weight_2',), ('bias_10', 'weight_10'), ('weight_out',))
    """
    members: dict[str, list[str]] = {}
    for name in sorted(names):
        _, _, layer = name.partition("_")
        members.setdefault(layer or name, []).append(name)
    return tuple(tuple(members[layer]) for layer in sorted(members, key=_position))


def _position(layer: str) -> tuple[bool, int, str]:
    is_number = layer.isdecimal()
    return not is_number, int(layer) if is_number else 0, layer


def blocks(groups: tuple[Group, ...], count: int) -> tuple[Group, ...]:
    """Join consecutive groups to `count` blocks whose numbers of groups differ by at most one.

    Fewer groups than `count` remain as they are.
    """
    count = min(count, len(groups))
    bounds = [i * len(groups) // count for i in range(count + 1)]
    return tuple(
        tuple(sorted(name for group in groups[first:last] for name in group))
        for first, last in pairwise(bounds)
    )
