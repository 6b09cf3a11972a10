"""The plan contains the jobs of a configuration, with the settings of each."""

import json
from typing import Any

import pytest

from dirgrad.components import registry
from dirgrad.config import files, plan
from dirgrad.config.settings import JOB_KINDS
from dirgrad.core.errors import UserError
from support.configuration import BASE, CONFIG, configured, nested
from support.fresh_python import printed_lines

DEFAULT = configured(BASE)
JOBS = plan.jobs(DEFAULT)


def test_every_experiment_has_a_job_in_every_framework() -> None:
    config = configured(BASE, {"backends": ["torch", "jax"], "only": ["training/mlp", "cnn"]})
    training = [path for path in plan.jobs(config) if path.startswith("training/")]
    expected = ["training/mlp/torch", "training/mlp/jax", "training/cnn/torch", "training/cnn/jax"]
    assert sorted(training) == sorted(expected)
    assert training.index("training/mlp/torch") < training.index("training/mlp/jax")


def test_an_experiment_can_have_only_one_framework() -> None:
    paper = configured(BASE, files.read(CONFIG / "paper.yaml"))
    tutorial = [path for path in plan.jobs(paper) if path.startswith("training/tutorial/")]
    assert tutorial == ["training/tutorial/jax"]


@pytest.mark.parametrize("path", JOBS)
def test_a_job_contains_the_settings_of_its_section_and_its_framework(path: str) -> None:
    kind, name, backend = path.split("/")
    job = plan.job(DEFAULT, path)
    section = BASE[JOB_KINDS[kind].section][name]
    assert (job.kind, job.name, job.backend) == (kind, name, backend)
    assert job.path == path
    assert job.subject == f"{kind}/{name}"
    assert isinstance(job.settings, JOB_KINDS[kind].settings)
    assert list(job.estimators) == section["estimators"]
    specs = section["problems"].values() if "problems" in section else [section["problem"]]
    kinds = [spec if isinstance(spec, str) else spec["kind"] for spec in specs]
    assert [registry.kind(problem) for problem in job.problems] == kinds


@pytest.mark.parametrize(
    ("path", "valid"),
    [
        ("training/mlp/jaxx", "training/mlp/jax"),
        ("training/mlp", "training/mlp/jax"),
        ("training/mpl/jax", "training/mlp/jax"),
        ("training/mlp/jax/", "training/mlp/jax"),
        ("", r"training/.* and \d+ more"),
    ],
)
def test_the_error_for_an_unknown_job_offers_valid_ones(path: str, valid: str) -> None:
    with pytest.raises(UserError, match=f"^no job '{path}': .*{valid}"):
        plan.job(DEFAULT, path)


@pytest.mark.parametrize("path", JOBS)
def test_the_settings_of_a_job_are_plain_data_and_complete(path: str) -> None:
    settings = plan.plain_settings(JOBS[path])
    assert json.loads(json.dumps(settings)) == settings
    # Every component is written with its kind and can be built again.
    for name, spec in settings["estimators"].items():
        assert registry.parse("estimators", spec) == DEFAULT.estimators[name]


OTHER_PARTS = {
    "another experiment": {"experiments": {"cnn": {"seeds": 99}}},
    "an additional experiment": {"experiments": {"again": BASE["experiments"]["mlp"]}},
    "an estimator of other jobs": {"estimators": {"forward_gradient_k8": {"num_directions": 9}}},
    "the statistics of tables": {"statistics": {"resamples": 7}},
    "without the other framework": {"backends": ["jax"]},
    "the tier": {"tier": "other"},
    "without the other jobs": {"only": ["training/mlp"]},
    "the directory of files that it does not read": {"run": {"data_directory": "elsewhere"}},
}
OWN_PARTS = {
    "seeds": {"experiments": {"mlp": {"seeds": 99}}},
    "an option of the problem": {"experiments": {"mlp": {"problem": {"hidden": [3]}}}},
    "an option of an estimator": {"estimators": {"forward_gradient": {"num_directions": 2}}},
    "the list of estimators": {"experiments": {"mlp": {"estimators": ["backprop"]}}},
    "the precision": {"run": {"precision": "float64"}},
}


def settings_of_mlp(over: dict[str, Any]) -> dict[str, Any]:
    return plan.plain_settings(plan.job(configured(BASE, over), "training/mlp/jax"))


@pytest.mark.parametrize("over", OTHER_PARTS.values(), ids=OTHER_PARTS)
def test_the_settings_of_a_job_ignore_other_parts_of_the_configuration(
    over: dict[str, Any],
) -> None:
    assert settings_of_mlp(over) == settings_of_mlp({})


@pytest.mark.parametrize("over", OWN_PARTS.values(), ids=OWN_PARTS)
def test_the_settings_of_a_job_change_with_its_own_part(over: dict[str, Any]) -> None:
    assert settings_of_mlp(over) != settings_of_mlp({})


def test_the_data_directory_belongs_to_jobs_that_read_files_and_exclusive_to_training() -> None:
    over = {"run": {"data_directory": "elsewhere", "exclusive": False}}
    mnist = nested("experiments.mlp.problem.dataset", "mnist")
    jobs = plan.jobs(configured(BASE, mnist, over))
    assert plan.plain_settings(jobs["training/mlp/jax"])["run"].items() >= over["run"].items()
    assert {"data_directory", "exclusive"}.isdisjoint(
        plan.plain_settings(jobs["quality/steps/jax"])["run"]
    )


def test_compilation_in_pytorch_changes_neither_jobs_of_jax_nor_measurements_of_memory() -> None:
    changed = {
        path: plan.plain_settings(job)
        for path, job in plan.jobs(configured(BASE, {"run": {"torch_compile": True}})).items()
    }
    unchanged = {
        path for path, settings in changed.items() if settings == plan.plain_settings(JOBS[path])
    }
    assert unchanged == {
        path for path, job in JOBS.items() if job.backend == "jax" or job.kind == "memory"
    }


def test_a_job_runs_in_its_own_precision_if_it_has_one() -> None:
    assert JOBS["quality/steps_float64/jax"].run.precision == "float64"
    assert JOBS["quality/steps/jax"].run.precision == DEFAULT.run.precision == "float32"


@pytest.mark.parametrize(
    ("dataset", "names"),
    [("digits", ()), ("mnist", ("mnist",)), ({"kind": "mnist", "scaling": "raw"}, ("mnist",))],
)
def test_only_data_sets_that_are_not_bundled_are_downloaded(
    dataset: Any, names: tuple[str, ...]
) -> None:
    config = configured(BASE, nested("experiments.mlp.problem.dataset", dataset))
    jobs = plan.jobs(config)
    assert plan.datasets_to_download(jobs["training/mlp/jax"].problems) == names
    assert plan.datasets_to_download(jobs["training/beale/jax"].problems) == ()


def test_the_problems_with_two_parameters_are_listed() -> None:
    assert list(plan.two_parameter_problems(DEFAULT)) == ["beale", "rosenbrock"]


def test_planning_imports_no_framework_and_no_slow_library() -> None:
    slow = {"jax", "torch", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow"}
    program = f"import sys, dirgrad.config.plan; print(sorted({slow!r} & sys.modules.keys()))"
    assert printed_lines(program) == ["[]"]
