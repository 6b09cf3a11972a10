"""Figures and tables declare what they need as literals, which are read without importing them."""

from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel

from dirgrad.config import declarations, outputs
from dirgrad.core.errors import UserError
from support.configuration import BASE, CONFIG, configured
from support.fresh_python import printed_lines

FIGURE = {
    "TABLES": ("final", "landscape"),
    "FIGURES": {"first": (), "second": ("training/beale", "quality/beale")},
    "CATEGORY": "instruments",
    "TITLE": "A title",
    "CAPTION": "\nA caption on\ntwo lines.\n",
    "ALT": "A description.",
}
TABLE = {"RECORDS": ("trials",), "READABLE": True, "CAPTION": "A caption."}
HELPERS = {
    "figures": {"by_depth", "labels", "panels", "saving", "scales", "style"},
    "tables": {"best", "blocks", "crossing", "failed_trials", "families", "summary"},
}
"""Modules that are shared by the figures or by the tables."""


def write_module(path: Path, function: str, declared: dict[str, object]) -> Path:
    """Write a module that declares literals and defines a function; return its folder."""
    lines = [f"{name} = {value!r}" for name, value in declared.items()]
    path.write_text("\n".join([*lines, f"def {function}(): raise RuntimeError"]))
    return path.parent


def imported(package: str, module: str, model: BaseModel) -> dict[str, object]:
    """Return the declarations that a module has after it was imported."""
    values = vars(import_module(f"dirgrad.{package}.{module}"))
    return {name: values[name.upper()] for name in model.model_fields_set}


def texts_in_one_line(declared: dict[str, object]) -> dict[str, object]:
    return {
        name: " ".join(value.split()) if isinstance(value, str) else value
        for name, value in declared.items()
    }


# The modules of the package


def test_every_module_is_a_figure_or_a_table_or_is_shared() -> None:
    folders = {
        "figures": (declarations.FIGURES, declarations.figure_modules()),
        "tables": (declarations.TABLES, declarations.table_modules()),
    }
    for name, (folder, declared) in folders.items():
        modules = {path.stem for path in folder.glob("[a-z]*.py")}
        assert modules == declared.keys() | HELPERS[name]
        assert not declared.keys() & HELPERS[name]


@pytest.mark.parametrize("module", declarations.figure_modules())
def test_a_figure_module_declares_what_it_has_after_an_import(module: str) -> None:
    declared = declarations.figure_modules()[module]
    values = texts_in_one_line(imported("report.figures", module, declared))
    assert declared.model_dump(exclude_unset=True) == values
    assert declared.model_fields_set >= {"tables", "category", "title", "caption", "alt"}


@pytest.mark.parametrize("module", declarations.table_modules())
def test_a_table_module_declares_what_it_has_after_an_import(module: str) -> None:
    declared = declarations.table_modules()[module]
    values = texts_in_one_line(imported("analysis.tables", module, declared))
    assert declared.model_dump(exclude_unset=True) == values
    assert declared.model_fields_set - {"subjects"} == {"records", "readable", "caption"}


def test_planning_the_report_imports_no_library_of_figures_or_tables() -> None:
    lines = (
        "import sys",
        "from dirgrad.config import code_inputs, outputs, validation",
        "from dirgrad.report import layout",
        f"config = validation.load([{str(CONFIG / 'config.yaml')!r}])",
        "specs = outputs.figure_specs(config)",
        "[code_inputs.for_figure(spec) for spec in specs.values()]",
        "[layout.figure_files(config, name, spec, '', True) for name, spec in specs.items()]",
        "print(len(specs) > 50, sorted({'pandas', 'matplotlib', 'scipy'} & sys.modules.keys()))",
    )
    assert printed_lines(*lines) == ["True []"]


# Other folders


def test_a_figure_in_another_folder_is_read_without_running_it(tmp_path: Path) -> None:
    folder = write_module(tmp_path / "histogram.py", "draw", FIGURE)
    (tmp_path / "shared.py").write_text("TABLES = 1 / 0")
    (declared,) = declarations.figure_modules(folder).values()
    assert declared.tables == ("final", "landscape")
    assert declared.caption == "A caption on two lines."
    specs = outputs.figure_specs(configured(BASE), folder)
    assert set(specs) == {"first", "second"}
    assert specs["second"].module == "histogram"
    assert specs["second"].category == "6. Instruments"
    assert (specs["first"].own_records_only, specs["second"].own_records_only) == (False, True)


@pytest.mark.parametrize(
    ("each", "some", "others"),
    [
        ("experiment", {"x_mlp", "x_beale", "x_mlp_adam"}, set()),
        ("two-parameter experiment", {"x_beale"}, {"x_mlp", "x_mlp_adam"}),
        ("tuned experiment", {"x_mlp_adam"}, {"x_mlp", "x_beale"}),
    ],
)
def test_a_module_may_draw_a_figure_per_experiment_of_a_kind(
    each: str, some: set[str], others: set[str], tmp_path: Path
) -> None:
    declared = {name: value for name, value in FIGURE.items() if name != "FIGURES"}
    folder = write_module(tmp_path / "x.py", "draw", declared | {"EACH": each})
    names = set(outputs.figure_specs(configured(BASE), folder))
    assert some <= names
    assert not others & names


def test_a_table_in_another_folder_is_read_without_running_it(tmp_path: Path) -> None:
    folder = write_module(tmp_path / "counts.py", "make", TABLE)
    (declared,) = declarations.table_modules(folder).values()
    assert declared == declarations.TableModule.model_validate(TABLE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"TABLES": ("finl",)}, "TABLES.0: no table 'finl': did you mean 'final'"),
        ({"TABLES": ()}, "TABLES: "),
        ({"FIGURES": {"a": ("costs/depth",)}}, "no kind of jobs 'costs': did you mean 'cost'"),
        ({"FIGURES": {"a": ("mlp",)}}, "expected a job as KIND/NAME, such as training/mlp, got"),
        ({"FIGURES": {"a": "training/mlp"}}, "FIGURES.a: expected a list"),
        ({"CATEGORY": "bayden"}, "CATEGORY: no category 'bayden': did you mean 'baydin'"),
        ({"EACH": "experiment"}, "declare either FIGURES or EACH"),
        ({"ANY": "tuned experiments"}, "ANY: unknown value 'tuned experiments'"),
        ({"ALT": ""}, "ALT: "),
        ({"TITLE": ...}, "TITLE: the key is missing"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_declaration_of_a_figure_is_refused_with_its_file_and_name(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    folder = write_module(tmp_path / "histogram.py", "draw", FIGURE | change)
    with pytest.raises(UserError) as caught:
        declarations.figure_modules(folder)
    assert str(caught.value).startswith(f"{folder.name}/histogram.py: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RECORDS": ("trial",)}, "RECORDS.0: no kind of records 'trial': did you mean 'trials'"),
        ({"READABLE": 1}, "READABLE: expected true or false"),
    ],
    ids=["RECORDS", "READABLE"],
)
def test_a_wrong_declaration_of_a_table_is_refused_with_its_file_and_name(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    folder = write_module(tmp_path / "counts.py", "make", TABLE | change)
    with pytest.raises(UserError) as caught:
        declarations.table_modules(folder)
    assert str(caught.value).startswith(f"{folder.name}/counts.py: {message}")


def test_a_declaration_that_is_computed_counts_as_missing(tmp_path: Path) -> None:
    folder = write_module(tmp_path / "histogram.py", "draw", FIGURE)
    path = folder / "histogram.py"
    path.write_text(path.read_text() + '\nTABLES = tuple(["final"])\n')
    path.write_text(path.read_text().replace("TABLES = ('final', 'landscape')\n", ""))
    with pytest.raises(UserError, match="TABLES: the key is missing"):
        declarations.figure_modules(folder)


def test_two_modules_may_not_draw_one_figure(tmp_path: Path) -> None:
    write_module(tmp_path / "histogram.py", "draw", FIGURE)
    folder = write_module(tmp_path / "other.py", "draw", FIGURE)
    with pytest.raises(UserError, match=r"other\.py: FIGURES: histogram\.py draws 'first' too"):
        declarations.figure_modules(folder)
