"""Lookup and validation of components.

Each folder next to this file (`estimators`, `directions`, `problems` and so on) holds one component
per file. Further files are registered by `add`. The configuration names a component by its file
name. The fields of its class are its options.
"""

import json
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import cache, partial
from importlib import import_module
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field, GetPydanticSchema, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass, is_pydantic_dataclass
from pydantic_core import PydanticCustomError, core_schema

from dirgrad.components import component_files
from dirgrad.components.component_files import ComponentFile
from dirgrad.core.errors import UserError, cut, nearest

T = TypeVar("T")
STRICT = ConfigDict(
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
)


LARGEST_COUNT = 2**31 - 1
"""Largest count; the frameworks count in 32 bits."""


@dataclass_transform(frozen_default=True, field_specifiers=(Field,))
def component(cls: type[T]) -> type[T]:
    """Turn a class into a frozen dataclass whose fields are validated options.

    The string under a field documents the option.
    """
    return cast(type[T], dataclass(frozen=True, config=STRICT)(cls))


def package_name(folder: str) -> str:
    """Return the import path of the package that holds the built-in components of `folder`."""
    return f"dirgrad.components.{folder}"


_outside: dict[tuple[str, str], ComponentFile] = {}
"""Files of the components outside this package, by folder and name."""


def add(path: str | Path) -> tuple[tuple[str, str], ...]:
    """Register components outside this package; return the folder and the name of each.

    A file that is registered already stays so, and is not executed again.

    Args:
        path: A Python file with one component, or a folder of such files. The kind of a component
            follows from the name of its folder, such as `estimators`, or from its methods.

    Raises:
        UserError: A file cannot be imported, holds no component or several, or has a name that is
            taken.
    """
    files = component_files.find(Path(path))
    _register(files)
    paths = {file.path for file in files}
    return tuple(key for key, file in _outside.items() if file.path in paths)


def add_installed() -> None:
    """Register the components of installed packages, the entry points `dirgrad.components`.

    Raises:
        UserError: As for `add`.
    """
    for entry in entry_points(group="dirgrad.components"):
        _register(component_files.installed(entry))


def _register(files: Iterable[ComponentFile]) -> None:
    registered = {file.path for file in _outside.values()}
    for file in files:
        if file.path in registered:
            continue
        cls = component_files.component_class(file)
        folder, name = component_files.folder_of(cls, file.path), file.path.stem
        if name in names(folder):
            raise UserError(
                f"{file.path}: the {folder[:-1]} '{name}' exists{_origin(folder, name)}: "
                f"rename this file, for example to {free_name(folder, name)}.py"
            )
        _outside[folder, name] = file


def _origin(folder: str, name: str) -> str:
    file = _outside.get((folder, name))
    return f" in {file.path}" if file else " in dirgrad"


def free_name(folder: str, name: str) -> str:
    """Return the first of name_2, name_3 and so on that no component of `folder` has."""
    return next(
        candidate
        for candidate in (f"{name}_{i}" for i in count(2))
        if candidate not in names(folder)
    )


def outside(folder: str) -> dict[str, Path]:
    """Return the files of the registered components of `folder` outside this package, by name."""
    return {name: file.path for (place, name), file in _outside.items() if place == folder}


def names(folder: str) -> tuple[str, ...]:
    """Return the names of all components in `folder`, sorted."""
    return tuple(sorted({*built_in(folder), *outside(folder)}))


@cache
def built_in(folder: str) -> tuple[str, ...]:
    """Return the names of the components in `folder` of this package, sorted."""
    path = import_module(package_name(folder)).__path__
    modules = [module.name for module in pkgutil.iter_modules(path)]
    return tuple(sorted(name for name in modules if not name.startswith("_")))


def load(folder: str, name: str) -> type[Any]:
    """Return the class of a component, which must be the only component in its file.

    Raises:
        UserError: The file cannot be imported, or does not hold exactly one component.
    """
    file = _outside.get((folder, name))
    return _load(file or ComponentFile(f"{package_name(folder)}.{name}", _path(folder, name)))


_load = cache(component_files.component_class)


def _path(folder: str, name: str) -> Path:
    return Path(__file__).with_name(folder) / f"{name}.py"


def kind(instance: object) -> str:
    """Return the name by which the configuration names this component."""
    return type(instance).__module__.rpartition(".")[2]


def distribution_name(direction: Any) -> str:
    """Return the name of a direction's law, or an empty string for None.

    The name of a law that wraps another one has both, as in `replayed_gaussian`.
    """
    if direction is None:
        return ""
    inner = distribution_name(getattr(direction, "direction", None))
    return kind(direction) + (f"_{inner}" if inner else "")


def default(folder: str, name: str) -> Any:
    """Return a field specifier whose default is the component `name` without options."""
    return Field(
        default_factory=lambda: parse(folder, name),
        json_schema_extra={"default": name},
    )


def parse(folder: str, spec: Any) -> Any:
    """Build a component of `folder` from its specification.

    Args:
        folder: Folder of the component.
        spec: Name of the component, or a mapping of `kind` and options. A component is returned
            unchanged.

    Raises:
        PydanticCustomError: Like any pydantic validator. Its type is `component` if the name is
            unknown, and `options` if the options are wrong. In the latter case its context holds
            pydantic's errors and the allowed keys.
    """
    if is_pydantic_dataclass(type(spec)):
        return spec
    if spec is None:
        valid = nearest("", names(folder))
        message = f"null is no {folder[:-1]}: name one of the {folder}: {valid}"
        raise PydanticCustomError("component", cast(Any, message))
    options = _as_mapping(spec)
    name = options.pop("kind", None)
    if not isinstance(name, str) or name not in names(folder):
        raise PydanticCustomError("component", _unknown(folder, name))
    cls = load(folder, name)
    try:
        instance = _adapter(cast(Any, cls)).validate_json(json.dumps(options))
    except ValidationError as error:
        raise _wrong_options(cls, error.errors()) from None
    too_large = [*_too_large(instance)]
    if too_large:
        raise _wrong_options(cls, too_large)
    return instance


def _wrong_options(cls: Any, errors: Sequence[Any]) -> PydanticCustomError:
    allowed = [field.name for field in fields(cls)]
    context = {"errors": errors, "allowed": allowed}
    return PydanticCustomError("options", "wrong options", context)


def _too_large(instance: Any) -> Iterator[dict[str, Any]]:
    """Yield the errors of whole numbers that cannot be a number of entries of an array."""
    for field in fields(instance):
        value = getattr(instance, field.name)
        if any(isinstance(item, int) and item > LARGEST_COUNT for item in _items(value)):
            limit = {"le": LARGEST_COUNT}
            yield {"type": "less_than_equal", "loc": (field.name,), "input": value, "ctx": limit}


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple) else (value,)


def to_plain(component: Any) -> dict[str, Any]:
    """Return the specification of a component: its `kind` and all its options, as plain data."""
    return {
        "kind": kind(component),
        **_adapter(cast(Any, type(component))).dump_python(component, mode="json"),
    }


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    """Return the validator and serializer of a component's options."""
    return TypeAdapter(cls)


def _as_mapping(spec: Any) -> dict[Any, Any]:
    if isinstance(spec, str):
        return {"kind": spec}
    return dict(spec) if isinstance(spec, dict) else {}


def _unknown(folder: str, name: Any) -> Any:
    """Return the message for a missing or unknown `kind`."""
    if name and isinstance(name, str):
        message = f"unknown {folder[:-1]} '{cut(name)}': {nearest(name, names(folder))}"
    else:
        message = f"`kind` must name one of the {folder}: {nearest('', names(folder))}"
    # The type hints of pydantic ask for a literal string, hence the cast.
    return cast(Any, message)


def component_field(folder: str) -> GetPydanticSchema:
    """Return the annotation of a field that holds a component of `folder`."""
    validate: Callable[[Any], Any] = partial(parse, folder)
    return GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_plain_validator_function(
            validate,
            json_schema_input_schema=core_schema.any_schema(),
            metadata={"pydantic_js_updates": {"component": folder}},
            serialization=core_schema.plain_serializer_function_ser_schema(to_plain),
        )
    )
