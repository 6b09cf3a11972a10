"""Components outside the package are found, and a mistake in a component file is one sentence."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from dirgrad.components import component_files, registry
from dirgrad.core.errors import UserError
from support.outside_components import write, write_estimator, write_law


def error_of_adding(path: Path) -> str:
    """Return the message of the error that a path causes, which has one line."""
    with pytest.raises(UserError) as error:
        registry.add(path)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


@pytest.mark.parametrize("folder", component_files.PROTOCOLS)
def test_the_methods_of_every_built_in_component_show_its_folder(folder: str) -> None:
    for name in registry.names(folder):
        cls = registry.load(folder, name)
        assert component_files.folder_of(cls, Path("anywhere.py")) == folder


def test_a_file_is_registered_under_its_name(tmp_path: Path) -> None:
    registry.add(write_estimator(tmp_path / "doubled.py", 2.0))
    assert "doubled" in registry.names("estimators")
    estimator = registry.parse("estimators", {"kind": "doubled", "factor": 3.0})
    assert (registry.kind(estimator), estimator.factor) == ("doubled", 3.0)


def test_a_folder_is_registered_with_its_subfolders(tmp_path: Path) -> None:
    write_estimator(tmp_path / "doubled.py")
    write_law(tmp_path / "directions" / "coin.py")
    write(tmp_path / "tests" / "test_coin.py", "raise AssertionError")
    write(tmp_path / "test_doubled.py", "raise AssertionError")
    registry.add(tmp_path)
    assert registry.outside("estimators") == {"doubled": tmp_path / "doubled.py"}
    assert registry.outside("directions") == {"coin": tmp_path / "directions" / "coin.py"}


def test_a_file_is_executed_once(tmp_path: Path) -> None:
    path = write_estimator(tmp_path / "estimators" / "doubled.py")
    counter = tmp_path / "counter"
    with path.open("a") as file:
        file.write(f"\nwith open({str(counter)!r}, 'a') as file:\n    file.write('x')\n")
    for added in (tmp_path, path, path.parent, tmp_path):
        registry.add(added)
    assert counter.read_text() == "x"


def test_files_of_a_folder_share_code(tmp_path: Path) -> None:
    write(tmp_path / "_shared.py", "FACTOR = 5.0\n")
    path = write_estimator(tmp_path / "estimators" / "five.py")
    text = path.read_text().replace("= 1.0", "= FACTOR")
    write(path, f"from .._shared import FACTOR\n{text}")
    registry.add(tmp_path)
    assert registry.parse("estimators", "five").factor == 5.0


def test_an_installed_package_brings_its_components(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "plugin_of_a_test" / "__init__.py", "")
    write_law(tmp_path / "plugin_of_a_test" / "directions" / "penny.py")
    write_law(tmp_path / "module_of_a_test.py")
    monkeypatch.syspath_prepend(tmp_path)
    group = "dirgrad.components"
    entries = [
        EntryPoint("plugin", "plugin_of_a_test", group),
        EntryPoint("single", "module_of_a_test", group),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)
    registry.add_installed()
    assert set(registry.outside("directions")) == {"penny", "module_of_a_test"}


def test_an_installed_package_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [EntryPoint("broken", "no_such_package_of_a_test", "dirgrad.components")]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)
    with pytest.raises(UserError, match=r"entry point 'broken' .*ModuleNotFoundError"):
        registry.add_installed()


# Mistakes


def test_a_path_that_does_not_exist_has_a_nearest_name(tmp_path: Path) -> None:
    write_estimator(tmp_path / "doubled.py")
    message = error_of_adding(tmp_path / "double.py")
    assert message.endswith(
        "no such file or folder: did you mean 'doubled.py'? (valid: doubled.py)"
    )
    assert "give a .py file" in error_of_adding(tmp_path / "none" / "double.py")


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    assert "not a Python file" in error_of_adding(write(tmp_path / "notes.txt", ""))


def test_a_folder_without_components_is_refused(tmp_path: Path) -> None:
    assert "no component file" in error_of_adding(tmp_path)
    write_estimator(tmp_path / "estimator" / "doubled.py")
    assert "unknown folder: rename it to 'estimators'" in error_of_adding(tmp_path)


def test_a_name_that_no_configuration_could_use_is_refused(tmp_path: Path) -> None:
    message = error_of_adding(write_estimator(tmp_path / "Doubled-Slope.py"))
    assert "use lower-case letters, digits and _" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = z\n", "fails at line 2 with NameError: name 'z' is not defined"),
        ("x = 1\n\ndef f(:\n", "fails at line 3 with SyntaxError: invalid syntax"),
        ("import no_such_module_of_a_test\n", "line 1 with ModuleNotFoundError: No module"),
        ("raise ValueError('first\\nsecond')\n", "line 1 with ValueError: first second"),
        ("raise SystemExit('stop')\n", "line 1 with SystemExit: stop"),
    ],
)
def test_a_file_that_does_not_import_shows_the_line(
    tmp_path: Path, text: str, message: str
) -> None:
    path = write(tmp_path / "broken.py", text)
    error = error_of_adding(path)
    assert error.startswith(f"{path}: the import fails at line ")
    assert message in error


def test_a_file_without_a_component_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "empty.py", "class Empty:\n    pass\n")
    assert "no class under @component: decorate the class" in error_of_adding(path)


def test_a_file_with_two_components_is_refused(tmp_path: Path) -> None:
    path = write_estimator(tmp_path / "twice.py")
    write(path, path.read_text() + "\n\n@component\nclass Other:\n    pass\n")
    assert "several classes under @component, Twice and Other" in error_of_adding(path)


def test_a_built_in_file_without_a_component_is_refused_in_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty_of_a_test.py").write_text("")
    package = registry.import_module("dirgrad.components.estimators")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    with pytest.raises(UserError, match=r"empty_of_a_test.py: no class under @component"):
        registry.load("estimators", "empty_of_a_test")


def test_a_class_that_fits_no_kind_is_told_what_it_lacks(tmp_path: Path) -> None:
    path = write_estimator(tmp_path / "lacking.py")
    write(path, path.read_text().replace("evaluations", "evaluated"))
    message = error_of_adding(path)
    assert message.endswith("Lacking is no component: define `evaluations` to make it an estimator")


def test_a_class_must_fit_the_folder_it_lies_in(tmp_path: Path) -> None:
    path = write_law(tmp_path / "estimators" / "coin.py")
    assert "define `direction`, `num_directions`, `evaluations`, `estimate`" in error_of_adding(
        path
    )


def test_a_class_that_fits_two_kinds_needs_a_folder(tmp_path: Path) -> None:
    path = write_estimator(tmp_path / "both.py")
    draw = "\n    def draw(self, ops, key, like):\n        return like\n"
    write(path, path.read_text() + draw)
    assert "fits estimators and directions: move the file into a folder" in error_of_adding(path)
    registry.add(write(tmp_path / "directions" / "both.py", path.read_text()))
    assert "both" in registry.names("directions")


def test_a_name_that_is_built_in_is_refused(tmp_path: Path) -> None:
    message = error_of_adding(write_estimator(tmp_path / "backprop.py"))
    assert message.endswith(
        "the estimator 'backprop' exists in dirgrad: rename this file, for example to backprop_2.py"
    )


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    first = write_estimator(tmp_path / "first" / "doubled.py")
    registry.add(first)
    message = error_of_adding(write_estimator(tmp_path / "second" / "doubled.py"))
    assert f"the estimator 'doubled' exists in {first}: rename this file" in message


def test_two_kinds_may_have_one_name(tmp_path: Path) -> None:
    registry.add(write_law(tmp_path / "backprop.py"))
    assert "backprop" in registry.names("directions")
