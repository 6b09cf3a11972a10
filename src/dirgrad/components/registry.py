"""A folder is a table: each file of `estimators`, `directions`, `problems` and the like holds one
component, named in the configuration by the file's name, its options the fields of its class."""

import json
import pkgutil
from collections.abc import Callable
from dataclasses import fields
from functools import cache, partial
from importlib import import_module
from typing import Any, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field, GetPydanticSchema, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass, is_pydantic_dataclass
from pydantic_core import PydanticCustomError, core_schema

from dirgrad.core.errors import nearest

T = TypeVar("T")
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)


@dataclass_transform(frozen_default=True, field_specifiers=(Field,))
def component(cls: type[T]) -> type[T]:
    """A frozen dataclass whose fields are validated options; the string under a field documents it."""
    return cast(type[T], dataclass(frozen=True, config=STRICT)(cls))


def package(folder: str) -> str:
    """The package in which the components of a folder stand."""
    return f"dirgrad.components.{folder}"


@cache
def names(folder: str) -> tuple[str, ...]:
    """The components of a folder."""
    path = import_module(package(folder)).__path__
    return tuple(
        sorted(
            module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_")
        )
    )


@cache
def load(folder: str, name: str) -> type[Any]:
    """The class of one component, the only one that its file defines."""
    module = import_module(f"{package(folder)}.{name}")
    (found,) = (
        c
        for c in vars(module).values()
        if is_pydantic_dataclass(c) and c.__module__ == module.__name__
    )
    return found


def kind(part: object) -> str:
    """The name of a component's file."""
    return type(part).__module__.rpartition(".")[2]


def distribution_name(direction: Any) -> str:
    """The kind of a direction's law, of one made of another both; empty for none."""
    if direction is None:
        return ""
    inner = distribution_name(getattr(direction, "direction", None))
    return kind(direction) + (f"_{inner}" if inner else "")


def default(folder: str, name: str) -> Any:
    """The default of an option that names a component without options of its own."""
    return Field(default_factory=lambda: parse(folder, name), json_schema_extra={"default": name})


def parse(folder: str, spec: Any) -> Any:
    """A component from its name, or from a mapping of `kind` and options; a component passes through.

    Raises PydanticCustomError, as a pydantic validator does: `component` for an unknown name, `options` for wrong options,
    with pydantic's own errors and the allowed keys in its context.
    """
    if is_pydantic_dataclass(type(spec)):
        return spec
    options = (
        {"kind": spec} if isinstance(spec, str) else dict(spec) if isinstance(spec, dict) else {}
    )
    name = options.pop("kind", None)
    if name not in names(folder):
        raise PydanticCustomError("component", _unknown(folder, name))
    cls = load(folder, name)
    try:
        return TypeAdapter(cls).validate_json(json.dumps(options))
    except ValidationError as error:
        allowed = [field.name for field in fields(cls)]
        raise PydanticCustomError(
            "options", "wrong options", {"errors": error.errors(), "allowed": allowed}
        ) from None


def _unknown(folder: str, name: Any) -> Any:
    offered = nearest(str(name or ""), names(folder))
    text = (
        f"unknown {folder[:-1]} '{name}': {offered}"
        if name
        else f"`kind` must name one of the {folder}: {offered}"
    )
    # pydantic takes its message for a template, and for a literal.
    return cast(Any, text.replace("{", "{{").replace("}", "}}"))


def component_field(folder: str) -> GetPydanticSchema:
    """The annotation of a field that holds a component of a folder."""
    validate: Callable[[Any], Any] = partial(parse, folder)
    return GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_plain_validator_function(
            validate,
            json_schema_input_schema=core_schema.any_schema(),
            metadata={"pydantic_js_updates": {"component": folder}},
        )
    )
