"""Mistakes in a configuration that involve more than one key."""

from collections.abc import Iterable, Iterator, Sequence
from math import floor

from dirgrad.components import registry
from dirgrad.config.messages import Location, Mistake
from dirgrad.config.rates import Grid, Tuning
from dirgrad.config.settings import JOB_KINDS, SECTIONS, Config, Experiment, Instrument, Stability
from dirgrad.core.errors import nearest
from dirgrad.core.recurrent import OnlineEstimator, Recurrent
from dirgrad.core.types import Problem

MAX_RATES = 1000
"""Largest number of rates of a grid."""
NORMAL_RANGE = {"float32": (1.2e-38, 3.4e38), "float64": (2.3e-308, 1.7e308)}
"""Smallest and largest normal number by precision; a smaller one is 0 in a compiled program."""
MAX_ROWS = 10**9
"""Largest number of rows of records of one job."""
ROW_BYTES = 64
"""Smallest memory of a row while its job runs, in bytes."""


def mistakes(config: Config) -> Iterator[Mistake]:
    """Yield all mistakes that involve more than one key."""
    for name, experiment in config.experiments.items():
        yield from _below(_experiment_mistakes(experiment, config), "experiments", name)
    for section in SECTIONS:
        for name, instrument in getattr(config, section).items():
            if isinstance(instrument, Instrument):
                yield from _below(_instrument_mistakes(instrument, config), section, name)
    yield from _precision_mistakes(config)
    yield from _selection_mistakes(config)


def _precision_mistakes(config: Config) -> Iterator[Mistake]:
    """Yield the rates and the steps of differences that are 0 or infinite in their precision."""
    mistakes: dict[Location, str] = {}
    for section in SECTIONS:
        for name, settings in getattr(config, section).items():
            precision = getattr(settings, "precision", None) or config.run.precision
            smallest, largest = NORMAL_RANGE[precision]
            for key, number in _small_numbers(settings, config):
                location = key if key[0] == "estimators" else (section, name, *key)
                if not smallest <= number <= largest:
                    value = "0" if number < smallest else "infinite"
                    text = f"{number:g} is {value} in {precision}"
                    mistakes[location] = f"{text}: use {smallest:g} to {largest:g}"
    yield from mistakes.items()


def _small_numbers(
    settings: Experiment | Instrument, config: Config
) -> Iterator[tuple[Location, float]]:
    """Yield the learning rates and the steps of differences of a job, with their locations."""
    for name in settings.estimators:
        eps = getattr(config.estimators.get(name), "eps", None)
        if eps is not None:
            yield ("estimators", name, "eps"), eps
    for key in ("learning_rates", "eps"):
        for i, number in enumerate(getattr(settings, key, None) or ()):
            yield (key, i), number
    for key in ("tuning", "rates"):
        grid = getattr(settings, key, None)
        if grid is not None:
            yield (key, "lowest"), grid.lowest
            yield (key, "highest"), grid.highest


def _selection_mistakes(config: Config) -> Iterator[Mistake]:
    """Yield the names in `only` that exist nowhere, and a configuration without any job."""
    sections = {kind: getattr(config, section) for kind, (section, *_) in JOB_KINDS.items()}
    subjects = [f"{kind}/{name}" for kind, jobs in sections.items() for name in jobs]
    names = [name for jobs in sections.values() for name in jobs]
    for i, name in enumerate(config.only or ()):
        valid = subjects if "/" in name else dict.fromkeys(names)
        if name not in valid:
            hint = nearest(name, valid)
            yield ("only", i), f"no experiment or measurement '{name}': {hint}"
    if not subjects:
        yield ("experiments",), "every experiment and measurement is null: keep at least one"


def _below(mistakes: Iterable[Mistake], *parent: str) -> Iterator[Mistake]:
    for location, text in mistakes:
        yield (*parent, *location), text


def _undefined_estimators(names: Sequence[str], config: Config) -> Iterator[Mistake]:
    for i, name in enumerate(names):
        if name not in config.estimators:
            hint = nearest(name, config.estimators)
            text = f"estimator '{name}' is not defined: {hint}"
            yield ("estimators", i), text


def _online_mistakes(names: Sequence[str], problem: Problem, config: Config) -> Iterator[Mistake]:
    """Yield the online estimators that do not fit the sequence of a problem."""
    for i, name in enumerate(names):
        estimator = config.estimators.get(name)
        if not isinstance(estimator, OnlineEstimator):
            continue
        location = ("estimators", i)
        if not isinstance(problem, Recurrent):
            kind = registry.kind(problem)
            yield location, f"'{name}' needs a sequence, but the problem '{kind}' has none"
        elif problem.length % (estimator.window or problem.length):
            window = f"window = {estimator.window} of '{name}'"
            yield location, f"{window} does not divide the sequence length {problem.length}"


def _batch_size_mistakes(problem: Problem, batch_size: int) -> Iterator[Mistake]:
    dataset = problem.dataset
    if dataset is not None and batch_size > dataset.train_examples:
        text = f"{batch_size} is more than the {dataset.train_examples} training examples"
        yield ("batch_size",), text


def _grid_mistakes(grid: Grid, key: str) -> Iterator[Mistake]:
    if grid.highest <= grid.lowest:
        text = f"{grid.highest:g} is not above lowest = {grid.lowest:g}"
        yield (key, "highest"), text
    elif grid.num_steps >= MAX_RATES:
        text = f"{grid.per_decade} rates per decade give {grid.num_steps:.0f} rates"
        yield (key, "per_decade"), f"{text}: use at most {MAX_RATES} in all"
    elif f"{grid.highest:.3g}" != f"{grid.rates[-1]:.3g}":
        below = floor(grid.num_steps)
        rates = f"{grid.per_decade} rates per decade from lowest = {grid.lowest:g}"
        text = f"{grid.highest:g} is not on the grid of {rates}"
        yield (key, "highest"), f"{text}: use {grid.rate(below):g} or {grid.rate(below + 1):g}"
    elif len({*grid.rates}) < len(grid.rates):
        text = f"{grid.per_decade} rates per decade are not distinct to 3 digits: use fewer"
        yield (key, "per_decade"), text


def _instrument_mistakes(instrument: Instrument, config: Config) -> Iterator[Mistake]:
    """Yield the mistakes in the settings of an instrument, with locations relative to them."""
    yield from _undefined_estimators(instrument.estimators, config)
    for problem in instrument.problems.values():
        yield from _online_mistakes(instrument.estimators, problem, config)
        for size in instrument.batch_sizes:
            for _, text in _batch_size_mistakes(problem, size):
                yield ("batch_sizes",), text
    if isinstance(instrument, Stability):
        yield from _grid_mistakes(instrument.rates, "rates")


def _experiment_mistakes(experiment: Experiment, config: Config) -> Iterator[Mistake]:
    """Yield the mistakes in an experiment, with locations relative to it."""
    yield from _undefined_estimators(experiment.estimators, config)
    yield from _online_mistakes(experiment.estimators, experiment.problem, config)
    if experiment.steps % experiment.record_every:
        text = f"{experiment.record_every} does not divide steps = {experiment.steps}"
        yield ("record_every",), text
    yield from _horizon_mistakes(experiment)
    yield from _batch_size_mistakes(experiment.problem, experiment.batch_size)
    rates, tuning = experiment.learning_rates, experiment.tuning
    if (rates is None) == (tuning is None):
        key = "tuning" if tuning else "learning_rates"
        yield (key,), "give either learning_rates or tuning, and set the other to null"
    if tuning is not None:
        grid_mistakes = [*_grid_mistakes(tuning, "tuning")]
        yield from grid_mistakes or _search_mistakes(tuning)
        if grid_mistakes:
            return
    if rates or tuning:
        yield from _size_mistakes(experiment)


def _size_mistakes(experiment: Experiment) -> Iterator[Mistake]:
    """Yield that the curves of an experiment have too many rows."""
    points = experiment.steps // experiment.record_every + experiment.steps.bit_length()
    rows = experiment.num_trials * points * len(experiment.estimators)
    if rows > MAX_ROWS:
        size = f"{rows:.1e} points of curves take {rows * ROW_BYTES / 2**30:.0f} GiB or more"
        yield ("seeds",), f"{size}: use fewer seeds, rates or points, at most {MAX_ROWS:.0e} points"


def _horizon_mistakes(experiment: Experiment) -> Iterator[Mistake]:
    """Yield that a horizon does not coincide with a record point."""
    horizon, every = experiment.horizon, experiment.record_every
    if horizon is None:
        return
    if horizon > experiment.steps:
        yield ("horizon",), f"{horizon} is more than steps = {experiment.steps}"
    elif horizon % every:
        yield ("horizon",), f"{horizon} is not a multiple of record_every = {every}"


def _search_mistakes(tuning: Tuning) -> Iterator[Mistake]:
    """Yield that a search has too few rates for a best one between two others."""
    num_rates = len(tuning.rates)
    if num_rates == 2 and not tuning.extension:
        text = "0 leaves no rate between two others on a grid of 2 rates"
        yield ("tuning", "extension"), f"{text}: use at least 1, or add rates to the grid"
