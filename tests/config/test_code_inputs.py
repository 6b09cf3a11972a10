"""Each job depends on the source files that it imports, and on no others."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from dirgrad.components import registry
from dirgrad.config import code_inputs, files, outputs, plan
from dirgrad.config.settings import JOB_KINDS, Config
from support.configuration import BASE, CONFIG, configured
from support.fresh_python import printed_lines

DEFAULT = configured(BASE)
PAPER = configured(BASE, files.read(CONFIG / "paper.yaml"))
FOLDERS = ("estimators", "directions", "problems", "datasets", "optimizers")


def in_package(paths: Iterable[str]) -> set[str]:
    """Return paths relative to the package."""
    return {str(Path(path).relative_to(code_inputs.ROOT)) for path in paths}


def sources_of_modules(*modules: str) -> set[str]:
    return in_package(code_inputs.closure(*modules))


def sources_of_job(path: str, config: Config = DEFAULT) -> set[str]:
    return in_package(code_inputs.for_job(plan.job(config, path)))


def component_paths(folder: str, names: Iterable[str]) -> set[str]:
    return {f"components/{folder}/{name}.py" for name in names}


# Jobs

COMPONENTS_OF_JOBS = {
    "training/beale/jax": {
        "problems": {"beale"},
        "datasets": set(),
        "estimators": {"backprop", "forward_gradient", "finite_difference"},
    },
    "training/cnn/torch": {
        "problems": {"cnn"},
        "datasets": {"digits"},
        "directions": {"gaussian", "rank_one"},
    },
    "training/logistic_regression/jax": {
        "problems": {"logistic_regression"},
        "datasets": {"digits"},
        "optimizers": {"sgd"},
    },
    "training/quadratic/torch": {
        "problems": {"quadratic"},
        "directions": {"gaussian", "rademacher", "sphere", "coordinate"},
    },
}


@pytest.mark.parametrize(("path", "components"), COMPONENTS_OF_JOBS.items())
def test_a_job_depends_on_its_own_components_only(
    path: str, components: dict[str, set[str]]
) -> None:
    sources = sources_of_job(path)
    for folder, names in components.items():
        others = set(registry.names(folder)) - names
        assert sources >= component_paths(folder, names)
        assert not sources & component_paths(folder, others)


def test_a_job_with_a_single_estimator_depends_on_no_other_estimator() -> None:
    mlp = {"estimators": ["backprop"], "optimizer": "adam", "problem": {"dataset": "mnist"}}
    config = configured(BASE, {"experiments": {"mlp": mlp}})
    all_sources = sources_of_job("training/mlp/jax", config)
    sources = [path for path in all_sources if path.startswith("components/")]
    components = {
        path
        for path in sources
        if path.split("/")[1] in FOLDERS and not Path(path).name.startswith("_")
    }
    assert components == {
        "components/estimators/backprop.py",
        "components/problems/mlp.py",
        "components/datasets/mnist.py",
        "components/optimizers/adam.py",
    }


@pytest.mark.parametrize(("backend", "other"), [("jax", "torch"), ("torch", "jax")])
def test_a_job_depends_on_its_own_backend_and_not_on_the_other(backend: str, other: str) -> None:
    sources = sources_of_job(f"training/mlp/{backend}")
    assert sources >= {f"backends/{backend}/ops.py", f"backends/{backend}/engine.py"}
    assert not any(path.startswith(f"backends/{other}/") for path in sources)


@pytest.mark.parametrize("path", ["training/mlp/jax", "training/quadratic/torch"])
def test_a_job_depends_on_training_code_and_not_on_the_code_for_results(path: str) -> None:
    sources = sources_of_job(path)
    assert sources >= {
        "runs/training/train.py",
        "runs/training/trials.py",
        "runs/training/outcomes.py",
        "records/schemas.py",
        "core/steps.py",
        "config/plan.py",
        "core/types.py",
        "core/tree.py",
    }
    assert not any(source.startswith(("report/", "analysis/", "cli/")) for source in sources)
    assert "config/options_page.py" not in sources


def test_the_sources_of_a_job_are_distinct_existing_files() -> None:
    paths = code_inputs.for_job(plan.job(DEFAULT, "training/mlp/jax"))
    assert all(Path(path).is_file() for path in paths)
    assert len(paths) == len(set(paths))


def test_planning_imports_no_framework() -> None:
    path = str(CONFIG / "config.yaml")
    lines = (
        "import sys",
        "from dirgrad.config import code_inputs, plan, validation",
        f"jobs = plan.jobs(validation.load([{path!r}]))",
        "[code_inputs.for_job(job) for job in jobs.values()]",
        "slow = {'jax', 'torch', 'pandas', 'scipy', 'sklearn'}",
        "print(sorted(slow & sys.modules.keys()))",
    )
    assert printed_lines(*lines) == ["[]"]


# All jobs, landscapes and figures


@pytest.mark.parametrize("path", plan.jobs(DEFAULT))
def test_a_job_depends_on_the_module_of_its_kind_and_framework_and_not_on_report_code(
    path: str,
) -> None:
    job = plan.job(DEFAULT, path)
    sources = in_package(code_inputs.for_job(job))
    module = JOB_KINDS[job.kind].module.removeprefix("dirgrad.").replace(".", "/")
    assert f"{module}.py" in sources
    assert f"backends/{job.backend}/ops.py" in sources
    assert not any(source.startswith(("report/", "analysis/")) for source in sources)


@pytest.mark.parametrize("config", [DEFAULT, PAPER], ids=["default", "paper"])
def test_the_landscapes_depend_only_on_the_problems_with_two_parameters(
    config: Config,
) -> None:
    sources = in_package(code_inputs.for_landscape(config))
    paths = {path for path in sources if path.startswith("components/problems/")}
    problems = {path for path in paths if not Path(path).name.startswith("_")}
    assert problems == {"components/problems/beale.py", "components/problems/rosenbrock.py"}
    assert "runs/instruments/landscape.py" in sources
    assert "runs/training/train.py" not in sources


def test_a_figure_depends_on_the_code_that_draws_it_and_makes_its_own_tables() -> None:
    specs = outputs.figure_specs(DEFAULT)
    paper_figure, loss_figure = (
        in_package(code_inputs.for_figure(specs[name])) for name in ("baydin_fig3", "loss_mlp")
    )
    assert paper_figure >= {
        "report/figures/equal_rate.py",
        "analysis/tables/curves.py",
        "analysis/tables/baydin.py",
        "analysis/intervals.py",
    }
    assert "report/figures/loss.py" in loss_figure
    assert not any(path.startswith("analysis/tables/") for path in loss_figure)


# Digests


def test_the_digest_of_sources_changes_with_their_content_and_not_with_their_times(
    tmp_path: Path,
) -> None:
    def digest(folder: str, content: str) -> str:
        path = tmp_path / folder / "module.py"
        path.parent.mkdir()
        path.write_text(content)
        return code_inputs.digest([str(path)])

    assert digest("a", "x = 1\n") == digest("b", "x = 1\n") != digest("c", "x = 2\n")


# Modules


def test_the_sources_of_a_module_include_indirect_imports_and_no_unrelated_file() -> None:
    assert "components/problems/mlp.py" not in sources_of_modules("dirgrad.runs.training.train")
    assert sources_of_modules("dirgrad.components.problems.mlp") >= {
        "core/criterion.py",
        "components/problems/_initialization.py",
        "components/registry.py",
        "core/errors.py",
        "core/types.py",
    }
    download = "components/datasets/_download.py"
    assert download in sources_of_modules("dirgrad.components.datasets.mnist")
    assert download not in sources_of_modules("dirgrad.components.datasets.digits")


MODULES = [
    "runs.training.train",
    "runs.instruments.landscape",
    "backends.jax.engine",
    "backends.torch.engine",
    "components.datasets.mnist",
    "components.problems.cnn",
    "report.figures.loss",
    "cli.main",
]


def sources_of_import(module: str) -> set[str]:
    """Return the sources of a module and of its parent packages, which Python imports first."""
    parts = f"dirgrad.{module}".split(".")
    names = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return without_packages(sources_of_modules(*names))


def without_packages(paths: Iterable[str]) -> set[str]:
    return {path for path in paths if Path(path).name != "__init__.py"}


@pytest.mark.parametrize("module", MODULES)
def test_the_sources_of_a_module_are_the_files_that_its_bytecode_imports(module: str) -> None:
    # The finder's path has no other package, so it skips all imports from outside.
    finder = ModuleFinder([str(code_inputs.ROOT.parent)])
    finder.import_hook(f"dirgrad.{module}")
    sources = in_package(entry.__file__ for entry in finder.modules.values() if entry.__file__)
    assert sources_of_import(module) == without_packages(sources)


@pytest.mark.parametrize("module", ["runs.training.train", "runs.instruments.cost"])
def test_importing_a_module_loads_only_its_sources(module: str) -> None:
    lines = (
        "import sys",
        f"import dirgrad.{module}",
        "loaded = [m for name, m in sys.modules.items() if name.split('.')[0] == 'dirgrad']",
        "print(*(m.__file__ for m in loaded), sep='\\n')",
    )
    loaded = without_packages(in_package(printed_lines(*lines)))
    assert f"{module.replace('.', '/')}.py" in loaded
    assert loaded <= sources_of_import(module)


# The folder of the package

PRINT_SOURCES = """
from dirgrad.config import code_inputs
from dirgrad.core.errors import UserError
try:
    print(*code_inputs.closure("dirgrad.core.tree"), sep="\\n")
except UserError as error:
    print(error)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of this package in another folder."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(code_inputs.ROOT, tmp_path / "src/dirgrad", ignore=ignored))


def printed_sources(package: Path) -> str:
    """Return what PRINT_SOURCES prints if `package` comes first on the path."""
    environment = os.environ | {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.check_output(
        [sys.executable, "-c", PRINT_SOURCES], text=True, env=environment, cwd=package.parents[1]
    )


def test_the_sources_lie_in_the_folder_of_the_package_and_reading_them_writes_nothing(
    package: Path,
) -> None:
    files_before = set(package.parents[1].rglob("*"))
    sources = printed_sources(package).split()
    assert {Path(path).relative_to(package).as_posix() for path in sources} >= {
        "core/tree.py",
        "core/ops.py",
    }
    assert set(package.parents[1].rglob("*")) == files_before


def test_a_file_that_is_not_valid_python_is_named_with_its_line(package: Path) -> None:
    path = package / "components/estimators/half_written.py"
    path.write_text("x = 1\ndef (\n", encoding="utf-8")
    message = f"{path}, line 2: this line is not valid Python: def (\n"
    assert printed_sources(package) == message
