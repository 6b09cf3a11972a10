"""The check of one component, of any folder."""

import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from dirgrad import backends
from dirgrad.components.candidates.mixture import Mixture
from dirgrad.components.datasets.copy import Copy
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.directional_descent import DirectionalDescent
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.problems.rnn import Rnn
from dirgrad.core.errors import UserError, one_line
from dirgrad.core.recurrent import Candidate
from dirgrad.core.types import Backend, Estimator
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


def check_component(
    folder: str, component: Any, frameworks: Sequence[Backend]
) -> Iterator[Finding]:
    """Yield the findings about a component.

    Args:
        folder: Folder of the component.
        component: The component.
        frameworks: The installed frameworks; the first one takes the measurements.

    Raises:
        UserError: A data set is not available.
    """
    for part in _parts(folder, component, frameworks):
        try:
            yield from part
        except UserError:
            raise
        except NotImplementedError as error:
            yield Finding("unsupported", None, one_line(error), decides=False)
        except Exception as error:
            text = one_line(error)[:200]
            failure = f"{_place(component, error)} raises {type(error).__name__}: {text}"
            yield Finding("no exception", None, type(error).__name__, failure=failure)


def _place(component: Any, error: Exception) -> str:
    """Return the file and line of the component that an exception passed last."""
    file = str(getattr(sys.modules.get(type(component).__module__), "__file__", ""))
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename == file]
    frame = (inside or frames)[-1]
    return f"{frame.filename}, line {frame.lineno}:"


def _parts(
    folder: str, component: Any, frameworks: Sequence[Backend]
) -> Iterator[Iterator[Finding]]:
    """Yield the parts of the check; an exception ends one part and not the others."""
    if folder == "estimators":
        yield from _estimator(frameworks, component)
    elif folder == "candidates":
        yield from _estimator(frameworks, _descent(component))
    elif folder == "directions":
        estimator = ForwardGradient(direction=component)
        yield law(frameworks, component)
        yield moments(frameworks[0], estimator)
        yield training(frameworks[0], estimator)
    elif folder == "problems":
        yield derivatives(frameworks, component)
    elif folder == "units":
        problem = Rnn(dataset=Copy(symbols=2, delay=2), hidden=2, unit=component)
        yield derivatives(frameworks, problem)
    elif folder == "optimizers":
        yield updates(frameworks, component)
    else:
        yield data(component)


def _descent(candidate: Candidate) -> DirectionalDescent:
    """Return the descent along a candidate; a running average needs noise to start."""
    if candidate.uses_average:
        candidate = Mixture(candidate=candidate, direction=Gaussian())
    return DirectionalDescent(candidate=candidate)


def _estimator(frameworks: Sequence[Backend], estimator: Estimator) -> Iterator[Iterator[Finding]]:
    yield moments(frameworks[0], estimator)
    yield parity(frameworks, estimator)
    yield price(frameworks, estimator)
    yield training(frameworks[0], estimator)
