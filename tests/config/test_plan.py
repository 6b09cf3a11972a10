"""The plan: cells, the settings of each, and the sources whose change makes its records out of date."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml

from dirgrad.components import registry
from dirgrad.config import code_inputs as sources_of
from dirgrad.config import files, plan
from dirgrad.core.errors import UserError
from support.paths import ROOT

BASE = files.read(ROOT / "config/config.yaml")
FOLDERS = ("estimators", "directions", "problems", "datasets", "optimizers")


def files_of(*modules: str) -> set[str]:
    """The files of modules of the package, as paths inside it."""
    return {str(Path(path).relative_to(sources_of.ROOT)) for path in sources_of.closure(*modules)}


def sources(path: str, raw: dict[str, Any] = BASE) -> set[str]:
    return {
        str(Path(one).relative_to(sources_of.ROOT))
        for one in sources_of.for_cell(plan.cell(raw, path))
    }


# Cells


def test_there_is_a_cell_for_every_experiment_and_backend() -> None:
    raw = {"experiments": {"mlp": {}, "cnn": {}}, "backends": ["torch", "jax"]}
    assert plan.cells(raw) == ("mlp/torch", "mlp/jax", "cnn/torch", "cnn/jax")


@pytest.mark.parametrize("path", plan.cells(BASE))
def test_a_cell_is_its_experiment_in_its_backend(path: str) -> None:
    experiment, backend = path.split("/")
    cell = plan.cell(BASE, path)
    told = BASE["experiments"][experiment]
    assert (cell.tier, cell.experiment, cell.backend) == ("default", experiment, backend)
    assert list(cell.estimators) == told["estimators"]
    assert list(cell.training.learning_rates or ()) == told.get("learning_rates", [])
    assert registry.kind(cell.training.problem) == told["problem"]["kind"]


@pytest.mark.parametrize("path", ["mlp/jaxx", "mlp", "mpl/jax", "mlp/jax/", ""])
def test_of_a_cell_that_is_not_there_the_nearest_is_offered(path: str) -> None:
    with pytest.raises(UserError, match=f"^no cell '{path}': .*mlp/jax"):
        plan.cell(BASE, path)


def test_the_settings_of_a_cell_are_plain_data() -> None:
    assert json.loads(json.dumps(plan.cell_settings(BASE, "mlp/jax"))) == plan.cell_settings(
        BASE, "mlp/jax"
    )


CHANGES = {
    "another experiment": ({"experiments": {"cnn": {"seeds": 99}}}, True),
    "an experiment more": ({"experiments": {"again": BASE["experiments"]["mlp"]}}, True),
    "an estimator of others": (
        {"estimators": {"forward_gradient_k8": {"num_directions": 9}}},
        True,
    ),
    "how tables summarise": ({"statistics": {"resamples": 7}}, True),
    "the other backend left out": ({"backends": ["jax"]}, True),
    "its seeds": ({"experiments": {"mlp": {"seeds": 99}}}, False),
    "an option of its problem": ({"experiments": {"mlp": {"problem": {"hidden": [3]}}}}, False),
    "an option of its estimator": (
        {"estimators": {"forward_gradient": {"num_directions": 2}}},
        False,
    ),
    "the estimators that it runs": ({"experiments": {"mlp": {"estimators": ["backprop"]}}}, False),
    "the precision": ({"run": {"precision": "float64"}}, False),
    "the tier": ({"tier": "other"}, False),
}


@pytest.mark.parametrize(("over", "same"), CHANGES.values(), ids=CHANGES)
def test_the_settings_of_a_cell_change_with_its_own_part_alone(
    over: dict[str, Any], same: bool
) -> None:
    before, after = (
        plan.cell_settings(raw, "mlp/jax") for raw in (BASE, files.overlay(BASE, over))
    )
    assert (before == after) is same


def test_the_settings_leave_the_configuration_as_it_is() -> None:
    before = deepcopy(BASE)
    plan.cell_settings(BASE, "mlp/jax")
    assert before == BASE


@pytest.mark.parametrize(
    ("dataset", "fetched"),
    [("digits", ()), ("mnist", ("mnist",)), ({"kind": "mnist", "scaling": "raw"}, ("mnist",))],
)
def test_a_data_set_that_is_not_embedded_is_fetched(dataset: Any, fetched: tuple[str, ...]) -> None:
    raw = files.overlay(BASE, {"experiments": {"mlp": {"problem": {"dataset": dataset}}}})
    assert plan.datasets_to_download([plan.problem(raw, "mlp")]) == fetched
    assert plan.datasets_to_download([plan.problem(raw, "beale")]) == ()


def test_the_experiments_of_two_parameters_are_pictured() -> None:
    assert plan.two_parameter_experiments(BASE) == ("beale", "rosenbrock")


# Sources

PARTS = {
    "beale/jax": {
        "problems": {"beale"},
        "datasets": set(),
        "estimators": {"backprop", "forward_gradient", "finite_difference"},
    },
    "cnn/torch": {"problems": {"cnn"}, "datasets": {"digits"}, "directions": {"gaussian"}},
    "logistic_regression/jax": {
        "problems": {"logistic_regression"},
        "datasets": {"digits"},
        "optimizers": {"sgd"},
    },
    "quadratic/torch": {
        "problems": {"quadratic"},
        "directions": {"gaussian", "rademacher", "sphere", "coordinate"},
    },
}


@pytest.mark.parametrize(("path", "parts"), PARTS.items())
def test_a_cell_depends_on_its_own_components_and_on_no_others(
    path: str, parts: dict[str, set[str]]
) -> None:
    found = sources(path)
    for folder, names in parts.items():
        assert found >= {f"components/{folder}/{name}.py" for name in names}
        assert not found & {
            f"components/{folder}/{name}.py" for name in {*registry.names(folder)} - names
        }


def test_a_cell_of_one_estimator_does_not_depend_on_the_others() -> None:
    raw = files.overlay(
        BASE,
        {
            "experiments": {
                "mlp": {
                    "estimators": ["backprop"],
                    "optimizer": "adam",
                    "problem": {"dataset": "mnist"},
                }
            }
        },
    )
    found = {
        path
        for path in sources("mlp/jax", raw)
        if path.startswith("components/") and path.split("/")[1] in FOLDERS
    }
    assert {path for path in found if not Path(path).name.startswith("_")} == {
        *(
            "components/estimators/backprop.py",
            "components/problems/mlp.py",
            "components/datasets/mnist.py",
            "components/optimizers/adam.py",
        )
    }


@pytest.mark.parametrize(("backend", "other"), [("jax", "torch"), ("torch", "jax")])
def test_a_cell_depends_on_its_own_backend_and_not_on_the_other(backend: str, other: str) -> None:
    found = sources(f"mlp/{backend}")
    assert found >= {f"backends/{backend}/ops.py", f"backends/{backend}/engine.py"}
    assert not any(path.startswith(f"backends/{other}/") for path in found)


@pytest.mark.parametrize("path", ["mlp/jax", "quadratic/torch"])
def test_a_cell_depends_on_how_it_is_run_and_not_on_what_is_made_of_it(path: str) -> None:
    found = sources(path)
    assert found >= {
        "runs/training/train.py",
        "runs/training/trials.py",
        "runs/training/outcomes.py",
        "records/schemas.py",
        "core/steps.py",
        "config/plan.py",
        "core/types.py",
        "core/tree.py",
    }
    assert not any(
        one.startswith(("report/", "analysis/", "cli/")) or one == "config/options_page.py"
        for one in found
    )


def test_what_is_imported_by_what_is_imported_is_a_source() -> None:
    assert "components/problems/mlp.py" not in files_of("dirgrad.runs.training.train")
    assert {
        "core/criterion.py",
        "components/problems/_initialization.py",
        "components/registry.py",
        "core/errors.py",
        "core/types.py",
    } <= files_of("dirgrad.components.problems.mlp")
    assert "components/datasets/_download.py" in files_of("dirgrad.components.datasets.mnist")
    assert "components/datasets/_download.py" not in files_of("dirgrad.components.datasets.digits")


def test_sources_are_files_named_once() -> None:
    found = sources_of.for_cell(plan.cell(BASE, "mlp/jax"))
    assert all(Path(path).is_file() for path in found)
    assert len(found) == len(set(found))


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("dirgrad", cache_dir=None)


@pytest.mark.parametrize(
    "module",
    [
        "runs.training.train",
        "runs.instruments.landscape",
        "backends.jax.engine",
        "backends.torch.engine",
        "components.datasets.mnist",
        "components.problems.cnn",
        "report.figures.loss",
        "cli.main",
    ],
)
def test_the_closure_of_a_module_is_all_it_imports(module: str, graph: grimp.ImportGraph) -> None:
    imported = graph.find_upstream_modules(f"dirgrad.{module}") | {f"dirgrad.{module}"}
    paths = {one.removeprefix("dirgrad").lstrip(".").replace(".", "/") for one in imported}
    expected = {
        f"{path}.py"
        if (sources_of.ROOT / f"{path}.py").is_file()
        else str(Path(path) / "__init__.py")
        for path in paths
    }
    assert files_of(f"dirgrad.{module}") >= expected


@pytest.mark.parametrize(
    "raw",
    [BASE, files.overlay(BASE, files.read(ROOT / "config/paper.yaml"))],
    ids=["default", "paper"],
)
def test_the_landscapes_depend_on_the_problems_pictured_alone(raw: dict[str, Any]) -> None:
    found = {str(Path(path).relative_to(sources_of.ROOT)) for path in sources_of.for_landscape(raw)}
    assert {
        path
        for path in found
        if path.startswith("components/problems/") and not Path(path).name.startswith("_")
    } == {
        "components/problems/beale.py",
        "components/problems/rosenbrock.py",
    }
    assert "runs/instruments/landscape.py" in found
    assert "runs/training/train.py" not in found


# What is installed


def pins(lines: list[str]) -> dict[str, str]:
    return {
        name.lower().replace("_", "-"): version
        for name, _, version in (line.partition("==") for line in lines if "==" in line)
    }


LOCKED = pins((ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", ["jax", "torch", "report"])
def test_an_environment_has_the_versions_of_the_lock(name: str) -> None:
    wanted = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text(encoding="utf-8"))[
        "dependencies"
    ]
    (listed,) = (one["pip"] for one in wanted if isinstance(one, dict))
    found = pins(listed)
    assert len(found) == len(listed)
    assert found == {package: LOCKED.get(package) for package in found}


def test_planning_takes_no_framework() -> None:
    heavy = {"jax", "torch", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow"}
    command = f"import sys, dirgrad.config.plan; print(sorted({heavy!r} & sys.modules.keys()))"
    ran = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_planning_a_cell_takes_no_framework() -> None:
    path = str(ROOT / "config/config.yaml")
    command = (
        "import sys; from dirgrad.config import code_inputs, plan, validation; "
        f"raw = validation.load([{path!r}]); [code_inputs.for_cell(plan.cell(raw, one)) for one in plan.cells(raw)]; "
        "print(sorted({'jax', 'torch', 'pandas', 'scipy', 'sklearn'} & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
