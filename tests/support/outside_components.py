"""Component files outside the package."""

from pathlib import Path

SCALED_ESTIMATOR = '''\
from typing import ClassVar

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.registry import component
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Direction, DirectionSampler, Estimate, Loss, Ops, Params


@component
class {name}:
    """The forward gradient times a factor."""

    direction: ClassVar[Direction] = Gaussian()
    num_directions: ClassVar[int] = 1
    evaluations: ClassVar[int] = 1
    factor: float = {factor}
    """The factor."""

    def estimate(self, ops: Ops, loss: Loss, params: Params, sampler: DirectionSampler) -> Estimate:
        v = sampler(0)
        value, slope = directional_derivative(ops, loss, params, v)
        return Estimate(value, self.factor * slope, v)
'''
"""An estimator that is the forward gradient times a factor."""
SIGN_LAW = '''\
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class {name}:
    """Independent signs."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        signs = ops.signs(key, tree.num_entries(like), tree.first_leaf(like))
        return tree.unravel(signs, like)
'''
"""A law of directions."""


def write(path: Path, text: str) -> Path:
    """Write a component file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def write_estimator(path: Path, factor: float = 1.0) -> Path:
    """Write an estimator whose class is named after its file."""
    return write(path, SCALED_ESTIMATOR.format(name=path.stem.title(), factor=factor))


def write_law(path: Path) -> Path:
    """Write a law of directions whose class is named after its file."""
    return write(path, SIGN_LAW.format(name=path.stem.title()))
