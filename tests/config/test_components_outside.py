"""A configuration uses components outside the package as it uses the built-in ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from dirgrad.cli import main
from dirgrad.config import code_inputs, plan, validation
from dirgrad.core.errors import UserError
from support.configuration import BASE, configured
from support.outside_components import write, write_estimator, write_law
from support.paths import ROOT


def using(*paths: Path, **estimators: Any) -> dict[str, Any]:
    """Return an overlay with components and estimators, which the experiment beale uses."""
    return {
        "components": [str(path) for path in paths],
        "estimators": estimators,
        "experiments": {"beale": {"estimators": [*estimators]}},
    }


def test_a_component_outside_is_an_estimator_of_a_job(tmp_path: Path) -> None:
    write_estimator(tmp_path / "doubled.py")
    overlay = using(tmp_path, twice={"kind": "doubled", "factor": 2.0})
    job = plan.job(configured(BASE, overlay), "training/beale/jax")
    assert plan.plain_settings(job)["estimators"] == {"twice": {"kind": "doubled", "factor": 2.0}}


def test_a_component_outside_is_an_option_of_a_built_in_one(tmp_path: Path) -> None:
    path = write_law(tmp_path / "coin.py")
    overlay = using(path, coins={"kind": "forward_gradient", "direction": "coin"})
    job = plan.job(configured(BASE, overlay), "training/beale/jax")
    assert str(path) in code_inputs.for_job(job)


def test_an_unknown_kind_is_told_the_names_outside_too(tmp_path: Path) -> None:
    path = write_estimator(tmp_path / "doubled.py")
    with pytest.raises(UserError, match="unknown estimator 'doubeld': did you mean 'doubled'"):
        configured(BASE, using(path, twice={"kind": "doubeld"}))


def test_an_unknown_option_of_a_component_outside_is_named(tmp_path: Path) -> None:
    path = write_estimator(tmp_path / "doubled.py")
    with pytest.raises(UserError, match=r"twice.facto: unknown key: did you mean 'factor'"):
        configured(BASE, using(path, twice={"kind": "doubled", "facto": 2.0}))


def test_a_mistake_in_a_component_file_is_reported_at_its_key(tmp_path: Path) -> None:
    good = write_estimator(tmp_path / "doubled.py")
    overlay = using(good, tmp_path / "tripled.py", twice={"kind": "doubled"})
    with pytest.raises(UserError) as error:
        validation.check({"base.yaml": BASE, "over.yaml": overlay})
    assert str(error.value).startswith("over.yaml: components.1: ")
    assert "did you mean 'doubled.py'" in str(error.value)


@pytest.mark.parametrize("value", ["own.py", {"own": "own.py"}, [3]])
def test_components_are_a_list_of_paths(value: Any) -> None:
    with pytest.raises(UserError, match=r"over\.yaml: components"):
        validation.check({"base.yaml": BASE, "over.yaml": {"components": value}})


def test_a_job_depends_on_its_files_outside_and_on_what_they_share(tmp_path: Path) -> None:
    shared = write(tmp_path / "_shared.py", "FACTOR = 5.0\n")
    used = write_estimator(tmp_path / "estimators" / "used.py")
    write(used, "from .._shared import FACTOR\n" + used.read_text().replace("= 1.0", "= FACTOR"))
    unused = write_estimator(tmp_path / "estimators" / "unused.py")
    config = configured(BASE, using(tmp_path, own={"kind": "used"}))
    sources = code_inputs.for_job(plan.job(config, "training/beale/jax"))
    assert {str(shared), str(used)} <= {*sources}
    assert str(unused) not in sources
    others = code_inputs.for_job(plan.job(config, "training/mlp/jax"))
    assert str(used) not in others


def test_the_provenance_has_the_hash_of_a_file_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_estimator(tmp_path / "own" / "doubled.py")
    config = configured(BASE, using(Path("own"), twice={"kind": "doubled"}))
    recorded = code_inputs.recorded_settings(plan.job(config, "training/beale/jax"))
    ((path, digest),) = recorded["components"].items()
    assert (path, len(digest)) == ("own/doubled.py", 64)
    other = plan.job(config, "training/mlp/jax")
    assert code_inputs.recorded_settings(other) == plan.plain_settings(other)


def test_the_page_of_options_has_components_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_estimator(tmp_path / "doubled.py")
    overlay = write(tmp_path / "own.yaml", json.dumps({"components": [str(path)]}))
    main.main(["options", "--config", str(ROOT / "config/config.yaml"), str(overlay)])
    page = capsys.readouterr().out
    assert "### `doubled`" in page
    assert "The forward gradient times a factor." in page
