"""Jobs of a configuration: training and measurements, with their settings and record files."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dirgrad import backends
from dirgrad.components import registry
from dirgrad.config.settings import JOB_KINDS, Config, Framework, Run
from dirgrad.core.errors import UserError, nearest
from dirgrad.core.types import Estimator, Problem


@dataclass(frozen=True)
class Job:
    """One experiment or one measurement in one framework, with all its estimators.

    Attributes:
        kind: `training`, `cost`, `memory`, `quality` or `stability`; a key of JOB_KINDS.
        name: Name of the job in its section of the configuration.
        backend: Framework.
        settings: Settings of the job, of the class that JOB_KINDS names for its kind.
        estimators: Estimators by name.
        run: Settings that all jobs of the tier share.
    """

    kind: str
    name: str
    backend: Framework
    settings: Any
    estimators: dict[str, Estimator]
    run: Run

    @property
    def path(self) -> str:
        """Return `kind/name/backend`, the name of the job and the folder of its records."""
        return f"{self.kind}/{self.name}/{self.backend}"

    @property
    def subject(self) -> str:
        """Return `kind/name`, which names the job without its framework."""
        return f"{self.kind}/{self.name}"

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems of the job; training has one."""
        settings = self.settings
        return (settings.problem,) if self.kind == "training" else (*settings.problems.values(),)

    @property
    def may_torch_compile(self) -> bool:
        """Return whether `run.torch_compile` has an effect on the job."""
        # The bytes of a program are counted in its traced graph.
        return self.backend in backends.TORCH_COMPILED and self.kind != "memory"


def jobs(config: Config) -> dict[str, Job]:
    """Return all jobs of a configuration by path, in its order."""
    all_jobs = [_job(config, *identity) for identity in _identities(config)]
    return {job.path: job for job in all_jobs}


def _identities(
    config: Config, subjects: Collection[str] | None = None
) -> Iterator[tuple[str, str, Framework]]:
    """Yield the kind, name and backend of every job, or of the jobs of these subjects."""
    for kind, (section, *_) in JOB_KINDS.items():
        entries = getattr(config, section)
        for name in entries if subjects is None else _names(kind, entries, subjects):
            for backend in config.backends:
                if backend in (entries[name].backends or config.backends):
                    yield kind, name, backend


def _names(kind: str, entries: Mapping[str, Any], subjects: Iterable[str]) -> list[str]:
    """Return the names of subjects of one kind, in the order of the configuration.

    One name is looked up. Every experiment has figures of its own, and a walk over all experiments
    for each of them would take a time that is quadratic in their number.
    """
    parts = (subject.partition("/") for subject in subjects)
    names = {name for subject_kind, _, name in parts if subject_kind == kind}.intersection(entries)
    return list(names) if len(names) < 2 else [name for name in entries if name in names]


def _job(config: Config, kind: str, name: str, backend: Framework) -> Job:
    settings = getattr(config, JOB_KINDS[kind].section)[name]
    return Job(
        kind=kind,
        name=name,
        backend=backend,
        settings=settings,
        estimators={estimator: config.estimators[estimator] for estimator in settings.estimators},
        run=_run_settings(config.run, settings),
    )


def _run_settings(run: Run, settings: Any) -> Run:
    """Return the settings that all jobs share, with the precision of a job that has its own."""
    precision = getattr(settings, "precision", None)
    return run.model_copy(update={"precision": precision}) if precision else run


def job(config: Config, path: str) -> Job:
    """Return one job.

    Raises:
        UserError: If the job does not exist.
    """
    all_jobs = jobs(config)
    if path not in all_jobs:
        raise UserError(f"no job '{path}': {nearest(path, all_jobs)}")
    return all_jobs[path]


def plain_settings(job: Job) -> dict[str, Any]:
    """Return everything that determines the records of a job, as plain data.

    It holds no other part of the configuration, so an edit elsewhere leaves it unchanged.
    """
    return {
        "kind": job.kind,
        "name": job.name,
        "backend": job.backend,
        "settings": job.settings.model_dump(mode="json", exclude={"estimators", "backends"}),
        "estimators": {name: registry.to_plain(spec) for name, spec in job.estimators.items()},
        "run": job.run.model_dump(mode="json", exclude=_run_settings_without_effect(job)),
    }


def _run_settings_without_effect(job: Job) -> set[str]:
    """Return the settings of all jobs that do not determine the records of this one."""
    needs_files = any(problem.dataset and problem.dataset.files for problem in job.problems)
    ineffective = {
        "data_directory": not needs_files,
        "exclusive": job.kind != "training",
        "torch_compile": not job.may_torch_compile,
    }
    return {name for name, holds in ineffective.items() if holds}


def record_paths(
    config: Config, subjects: Collection[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the record files, relative to the records directory, by kind of record.

    Args:
        config: The configuration.
        subjects: Jobs to include, as `kind/name`; None means all.
    """
    paths: dict[str, list[str]] = {
        record: [] for job_kind in JOB_KINDS.values() for record in job_kind.records
    }
    for kind, name, backend in _identities(config, subjects):
        for record in JOB_KINDS[kind].records:
            paths[record].append(f"{kind}/{name}/{backend}/{record}.parquet")
    return {record: tuple(files) for record, files in paths.items()}


def datasets_to_download(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Return the sorted names of the data sets of these problems that are not bundled."""
    datasets = [problem.dataset for problem in problems]
    names = {
        registry.kind(dataset) for dataset in datasets if dataset is not None and dataset.files
    }
    return tuple(sorted(names))


def two_parameter_problems(config: Config) -> dict[str, Problem]:
    """Return the problems of two parameters, whose trajectories can be plotted, by experiment."""
    problems = {name: experiment.problem for name, experiment in config.experiments.items()}
    return {name: problem for name, problem in problems.items() if problem.plot_range is not None}
