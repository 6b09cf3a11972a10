"""The check of one component, of any folder."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from dirgrad import backends
from dirgrad.components.datasets.copy import Copy
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.problems.rnn import Rnn
from dirgrad.config.settings import AnyEstimator
from dirgrad.core.types import Backend
from dirgrad.runs.check.data import data
from dirgrad.runs.check.derivatives import derivatives
from dirgrad.runs.check.findings import Finding
from dirgrad.runs.check.law import law
from dirgrad.runs.check.moments import moments
from dirgrad.runs.check.parity import parity
from dirgrad.runs.check.price import price
from dirgrad.runs.check.short_training import training
from dirgrad.runs.check.updates import updates


def installed() -> list[Backend]:
    """Return the installed frameworks in float64; the first one takes the measurements.

    PyTorch comes first, because its traces take a third of the time of JAX's compilation.
    """
    names = [name for name in reversed(backends.NAMES) if find_spec(name) is not None]
    for name in names or backends.NAMES[:1]:
        backends.require(name)
    return [backends.load(name, precision="float64") for name in names]


def check(folder: str, component: Any, frameworks: Sequence[Backend]) -> Iterator[Finding]:
    """Yield the findings about a component.

    Args:
        folder: Folder of the component.
        component: The component.
        frameworks: The installed frameworks; the first one takes the measurements.

    Raises:
        UserError: A data set is not available.
    """
    if folder == "estimators":
        yield from _estimator(frameworks, component)
    elif folder == "candidates":
        yield from _estimator(frameworks, DirectionalDescent(candidate=component))
    elif folder == "directions":
        yield from law(frameworks, component)
        estimator = ForwardGradient(direction=component)
        yield from moments(frameworks[0], estimator)
        yield from training(frameworks[0], estimator)
    elif folder == "problems":
        yield from derivatives(frameworks, component)
    elif folder == "units":
        problem = Rnn(dataset=Copy(symbols=2, delay=2), hidden=2, unit=component)
        yield from derivatives(frameworks, problem)
    elif folder == "optimizers":
        yield from updates(frameworks, component)
    else:
        yield from data(component)


def _estimator(frameworks: Sequence[Backend], estimator: AnyEstimator) -> Iterator[Finding]:
    yield from moments(frameworks[0], estimator)
    yield from parity(frameworks, estimator)
    yield from price(frameworks[0], estimator)
    yield from training(frameworks[0], estimator)
