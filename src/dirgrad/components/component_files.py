"""Component files: where they are, how they are imported, and which kind of component they hold."""

import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from hashlib import sha256
from importlib import import_module, invalidate_caches
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from pydantic.dataclasses import is_pydantic_dataclass

from dirgrad.core.errors import UserError, nearest, one_line
from dirgrad.core.recurrent import Candidate, OnlineEstimator, Unit
from dirgrad.core.types import (
    Dataset,
    Direction,
    LossEstimator,
    MinibatchEstimator,
    Optimizer,
    Problem,
)

PROTOCOLS: dict[str, tuple[type, ...]] = {
    "estimators": (LossEstimator, MinibatchEstimator, OnlineEstimator),
    "directions": (Direction,),
    "candidates": (Candidate,),
    "problems": (Problem,),
    "units": (Unit,),
    "datasets": (Dataset,),
    "optimizers": (Optimizer,),
}
"""Protocols by the folder of their components; a component satisfies one protocol of its folder."""
OUTSIDE = "dirgrad_outside"
"""Package of the component files outside this package."""


class ComponentFile(NamedTuple):
    """A file that holds one component.

    Attributes:
        module: Import path of the file.
        path: The file.
    """

    module: str
    path: Path


def is_valid_name(name: str) -> bool:
    """Return whether a file of this name, without suffix, can hold a component."""
    return re.fullmatch("[a-z][a-z0-9_]*", name) is not None


def find(path: Path) -> list[ComponentFile]:
    """Return the component files at a path outside this package.

    Args:
        path: A Python file, or a folder of Python files. The folder may have subfolders such as
            `estimators`. Tests and files whose names begin with `_` are left out.

    Raises:
        UserError: The path does not exist, or holds no component file.
    """
    if path.is_dir():
        files = _in_folder(path.resolve(), _outside_package(path.resolve()))
        if not files:
            folders = ", ".join(PROTOCOLS)
            raise UserError(
                f"{path}: no component file: add a .py file here, or in one of {folders}"
            )
        return files
    if not path.exists():
        raise UserError(f"{path}: no such file or folder: {_siblings(path)}")
    if path.suffix != ".py":
        raise UserError(f"{path}: not a Python file: give a .py file, or a folder of such files")
    file = path.resolve()
    return [ComponentFile(f"{_outside_package(file.parent)}.{file.stem}", file)]


def installed(entry: EntryPoint) -> list[ComponentFile]:
    """Return the component files of an entry point, which names a module or a package of them.

    Raises:
        UserError: The entry point cannot be imported.
    """
    module = _import(entry.value, f"entry point '{entry.name}' of dirgrad.components")
    if not hasattr(module, "__path__"):
        return [ComponentFile(entry.value, Path(str(module.__file__)))]
    folders = map(Path, module.__path__)
    return [file for folder in folders for file in _in_folder(folder, entry.value)]


def _in_folder(root: Path, package: str) -> list[ComponentFile]:
    """Return the component files of a folder and of its subfolders with the names of PROTOCOLS."""
    files = [ComponentFile(f"{package}.{path.stem}", path) for path in _python_files(root)]
    for folder in PROTOCOLS:
        if (root / folder[:-1]).is_dir():
            raise UserError(f"{root / folder[:-1]}: unknown folder: rename it to '{folder}'")
        paths = _python_files(root / folder)
        files += [ComponentFile(f"{package}.{folder}.{path.stem}", path) for path in paths]
    return files


def _python_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*.py")):
        if not path.stem.startswith(("_", "test_")) and path.stem != "conftest":
            yield path


def _siblings(path: Path) -> str:
    siblings = [
        sibling.name
        for sibling in path.parent.glob("*")
        if sibling.is_dir() or sibling.suffix == ".py"
    ]
    return (
        nearest(path.name, siblings) if siblings else "give a .py file, or a folder of such files"
    )


def _outside_package(root: Path) -> str:
    """Return the package whose modules are the files of a folder; it is made once per folder."""
    name = f"{OUTSIDE}.{sha256(str(root).encode()).hexdigest()[:12]}"
    for package, search_path in ((OUTSIDE, []), (name, [str(root)])):
        if package not in sys.modules:
            sys.modules[package] = ModuleType(package)
            sys.modules[package].__path__ = search_path
    return name


def component_class(file: ComponentFile) -> type[Any]:
    """Import a component file and return its class.

    Raises:
        UserError: The import fails, or the file does not hold exactly one component.
    """
    if not is_valid_name(file.path.stem):
        raise UserError(
            f"{file.path}: not a valid name for a component: use lower-case letters, digits and _"
        )
    module = _import(file.module, str(file.path))
    classes = [
        value
        for value in vars(module).values()
        if is_pydantic_dataclass(value) and value.__module__ == module.__name__
    ]
    if not classes:
        raise UserError(
            f"{file.path}: no class under @component: "
            "decorate the class, or begin the file's name with _ if the file is shared code"
        )
    if len(classes) > 1:
        names = " and ".join(cls.__name__ for cls in classes)
        raise UserError(
            f"{file.path}: several classes under @component, {names}: put each into its own file"
        )
    return classes[0]


def _import(module: str, name: str) -> ModuleType:
    """Import a module; `name` stands for it in an error message."""
    invalidate_caches()
    try:
        return import_module(module)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        text = one_line(error)
        line = _line(error, name)
        place = f" at line {line}" if line else ""
        raise UserError(
            f"{name}: the import fails{place} with {type(error).__name__}: {text}: correct the file"
        ) from error


def _line(error: BaseException, file: str) -> int | None:
    """Return the last line of a file that took part in an error."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def folder_of(cls: type[Any], path: Path) -> str:
    """Return the folder that a component belongs to: its own if that has a name of PROTOCOLS.

    Otherwise it is the folder whose protocol the class satisfies.

    Raises:
        UserError: The class does not satisfy the protocol, or it satisfies several.
    """
    if path.parent.name in PROTOCOLS:
        folder = path.parent.name
        missing = _missing(cls, folder)
        if missing:
            raise UserError(f"{path}: {_lacks(cls, folder, missing)}")
        return folder
    lacks = {folder: _missing(cls, folder) for folder in PROTOCOLS}
    fitting = [folder for folder, missing in lacks.items() if not missing]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UserError(
            f"{path}: {cls.__name__} fits {' and '.join(fitting)}: "
            "move the file into a folder of that name"
        )
    # Almost every class has an `init`, so the protocol with the largest part decides.
    folder = max(lacks, key=lambda name: _share(cls, name))
    raise UserError(f"{path}: {_lacks(cls, folder, lacks[folder])}")


def _lacks(cls: type[Any], folder: str, missing: list[str]) -> str:
    article = "an" if folder[0] in "aeiou" else "a"
    members = ", ".join(f"`{name}`" for name in missing)
    return f"{cls.__name__} is no component: define {members} to make it {article} {folder[:-1]}"


def _missing(cls: type[Any], folder: str) -> list[str]:
    """Return the members that a class lacks, for the protocol of a folder that it fits best."""
    members = _member_names(cls)
    lacks = [[name for name in required(p) if name not in members] for p in PROTOCOLS[folder]]
    return min(lacks, key=len)


def _share(cls: type[Any], folder: str) -> float:
    """Return the part of the members of a folder's protocol that a class has."""
    members = _member_names(cls)
    return max(
        sum(name in members for name in required(protocol)) / len(required(protocol))
        for protocol in PROTOCOLS[folder]
    )


@cache
def required(protocol: type) -> tuple[str, ...]:
    """Return the names of the members of a protocol."""
    parents = [parent for parent in protocol.__mro__ if getattr(parent, "_is_protocol", False)]
    names = [name for parent in reversed(parents) for name in vars(parent)]
    return tuple(name for name in dict.fromkeys(names) if not name.startswith("_"))


def _member_names(cls: type[Any]) -> set[str]:
    return {*dir(cls), *(field.name for field in fields(cls))}
