"""Commands for those who add a component: a new file, and the check of a component."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import dirgrad
from dirgrad.components import component_files, examples, registry, scaffold
from dirgrad.config import validation
from dirgrad.core.errors import UserError, nearest
from dirgrad.records import files

PACKAGE = Path(dirgrad.__file__).parent


def new(args: argparse.Namespace) -> None:
    """Write a new component and its test; print what to add to the configuration.

    KIND is estimator, direction, candidate, problem, unit, dataset or optimizer. The component
    starts as a copy of a built-in one.
    """
    folder = scaffold.folder_of_kind(args.kind)
    scaffold.require_free(folder, args.name)
    example = args.example or scaffold.EXAMPLES[folder]
    component, test = _new_paths(folder, args.name, args.out)
    for path in (component, test):
        if path.exists():
            raise UserError(f"{path}: the file exists: choose another name, or move it away")
    outside = args.out is not None
    _write(component, scaffold.component_text(folder, args.name, example))
    _write(test, scaffold.test_text(folder, args.name, outside))
    # A required option of the new component is one of the example too.
    options = examples.specification(folder, example) | {"kind": args.name}
    print("\n".join(_next_steps(folder, args.name, options, args.out)))


def _new_paths(folder: str, name: str, out: Path | None) -> tuple[Path, Path]:
    """Return the paths of a new component and its test."""
    if out is not None:
        return out / folder / f"{name}.py", out / "tests" / f"test_{name}.py"
    tests = PACKAGE.parents[1] / "tests" / "components"
    if not tests.is_dir():
        raise UserError("dirgrad is installed without its tests: give a folder by --out")
    return PACKAGE / "components" / folder / f"{name}.py", tests / folder / f"test_{name}.py"


def _write(path: Path, text: str) -> None:
    files.write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
    print(f"wrote {path}")


def _next_steps(folder: str, name: str, options: dict[str, Any], out: Path | None) -> list[str]:
    """Return the lines for the configuration, and the commands that check the component."""
    mapping = json.dumps(options).replace('"', "")
    lines = ["", "in the configuration:", ""]
    if out is not None:
        lines.append(f"    components: [{out}]")
    if folder == "estimators":
        lines += ["    estimators:", f"      {name}: {mapping}"]
    else:
        lines.append(f"    {folder[:-1]}: {mapping if len(options) > 1 else name}")
    subject = _new_paths(folder, name, out)[0] if out else f"{folder}/{name}"
    lines += ["", f"then: dirgrad check {subject}"]
    if out is None:
        lines += [
            "      dirgrad options > config/README.md",
            "      dirgrad schema > workflow/schemas/config.schema.json",
        ]
    return lines


def check(args: argparse.Namespace) -> None:
    """Check a component: its mean, its declared closed forms, both frameworks and its cost.

    NAME is an estimator of the configuration, the kind of a component, or a component file. The
    exit status is 1 if a check fails.
    """
    folder, name, spec = _subject(args)
    component = registry.parse(folder, spec)

    from dirgrad.runs.check import findings
    from dirgrad.runs.check.component import check_component, installed

    rows = list(check_component(folder, component, installed()))
    if args.json:
        print(json.dumps(findings.to_data(name, folder[:-1], rows), indent=1))
    else:
        print(findings.to_text(f"{folder[:-1]} {name}: {json.dumps(spec)}", rows))
    sys.exit(bool(findings.failures(rows)))


def _subject(args: argparse.Namespace) -> tuple[str, str, Any]:
    """Return the folder, the name and the specification of the component to check."""
    if args.name.endswith(".py"):
        ((folder, name),) = registry.add(args.name)
        return folder, name, examples.specification(folder, name)
    if args.config:
        estimators = validation.load(args.config, args.override).estimators
        if args.name in estimators:
            return "estimators", args.name, registry.to_plain(estimators[args.name])
    else:
        registry.add_installed()
    folder, name = _kind(args.name)
    return folder, name, examples.specification(folder, name)


def _kind(text: str) -> tuple[str, str]:
    """Return the folder and the name of a component, given as NAME or FOLDER/NAME."""
    wanted, _, name = text.rpartition("/")
    kinds = {folder: registry.names(folder) for folder in component_files.PROTOCOLS}
    folders = [folder for folder in kinds if name in kinds[folder] and wanted in ("", folder)]
    if not folders:
        all_names = {name for names in kinds.values() for name in names}
        raise UserError(f"no component '{text}': {nearest(name, all_names)}")
    if len(folders) > 1:
        choices = " or ".join(f"{folder}/{name}" for folder in folders)
        raise UserError(f"'{text}' names several components: write {choices}")
    return folders[0], name
