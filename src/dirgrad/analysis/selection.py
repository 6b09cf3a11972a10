"""Selection of rows by estimators and by the values of columns, as a claim writes it in YAML."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Annotated, Any, TypeAlias, TypeVar

import pandas as pd
from annotated_types import MinLen
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    TypeAdapter,
    create_model,
)

from dirgrad.analysis.bounds import Bounds
from dirgrad.analysis.column_roles import TEXTS, ColumnRoles, allowed_values
from dirgrad.analysis.facets import join_or
from dirgrad.components import registry
from dirgrad.components.registry import STRICT
from dirgrad.config.messages import Mistake
from dirgrad.core.errors import nearest

T = TypeVar("T")
Estimators: TypeAlias = Mapping[str, object]
"""The estimators of a configuration by name."""


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


OneOf = Annotated[list[T], MinLen(1), BeforeValidator(_as_list)]
"""One value or a list of alternatives."""


class Selector(BaseModel):
    """Components of one kind, selected by the options that matter.

    An option that is given must have the given value, or one of a list of values. Any other option
    may have any value. The options of each kind are a subclass, made by `selector_class`.
    """

    model_config = STRICT

    kind: str
    """Kind of the component."""

    def matches(self, component: object) -> bool:
        """Return whether a component of a configuration is selected."""
        if registry.kind(component) != self.kind:
            return False
        given = self.model_fields_set - {"kind"}
        return all(
            any(_agrees(wanted, getattr(component, name)) for wanted in getattr(self, name))
            for name in given
        )

    def __str__(self) -> str:
        given = {name: value for name, value in self if value and name != "kind"}
        options = [
            f"{name} {join_or(['null' if item is None else item for item in value])}"
            for name, value in given.items()
        ]
        return f"{self.kind} ({', '.join(options)})" if options else self.kind


def _agrees(wanted: Any, actual: Any) -> bool:
    return wanted.matches(actual) if isinstance(wanted, Selector) else bool(wanted == actual)


@cache
def selector_class(folder: str, kind: str) -> type[Selector]:
    """Return the class of the selectors of one kind, whose fields are the kind's options."""
    component = registry.load(folder, kind)
    schemas = TypeAdapter(component).json_schema().get("properties", {})
    options: dict[str, Any] = {}
    for name, field in component.__pydantic_fields__.items():
        item: Any = field.annotation
        if "component" in schemas[name]:
            item = Annotated[Selector, PlainValidator(partial(parse, schemas[name]["component"]))]
        elif field.metadata:
            item = Annotated[item, *field.metadata]
        options[name] = (OneOf[item], None)
    return create_model(kind, __base__=Selector, **options)


def parse(folder: str, spec: Any) -> Selector:
    """Build the selector of components of `folder`, from a kind or from `kind` with options."""
    options = {"kind": spec} if isinstance(spec, str) else spec
    kinds = registry.names(folder)
    kind = options.get("kind") if isinstance(options, dict) else None
    if kind not in kinds:
        subject = (
            f"unknown {folder[:-1]} '{kind}'" if kind else f"`kind` must name one of the {folder}"
        )
        raise ValueError(f"{subject}: {nearest(str(kind or ''), kinds)}")
    return selector_class(folder, kind).model_validate(options)


EstimatorSelector = Annotated[Selector, PlainValidator(partial(parse, "estimators"))]
Values: TypeAlias = list[str | int | float | bool]
_SELECTORS = TypeAdapter(OneOf[EstimatorSelector])
_VALUES = TypeAdapter(OneOf[str | int | float | bool], config=ConfigDict(strict=True))


def _parse_condition(spec: Any) -> Bounds | Values:
    return Bounds.model_validate(spec) if isinstance(spec, dict) else _VALUES.validate_python(spec)


Condition = Annotated[Bounds | Values, PlainValidator(_parse_condition)]
Where = dict[str, Condition]
"""Conditions on columns: a value, a list of values, or bounds on a number."""
Rows: TypeAlias = list[Selector] | Where
"""Rows of a table: the rows of some estimators, or the rows that satisfy conditions on columns."""
_CONDITIONS = TypeAdapter(Where)


def _parse_rows(spec: Any) -> Rows:
    by_column = isinstance(spec, dict) and "kind" not in spec
    adapter: TypeAdapter[Any] = _CONDITIONS if by_column else _SELECTORS
    rows: Rows = adapter.validate_python(spec)
    return rows


RowsField = Annotated[Rows, PlainValidator(_parse_rows)]
"""Field of a claim that holds rows: a mapping with `kind` selects estimators, others columns."""


def describe_rows(rows: Rows) -> str:
    """Return the selected rows in words."""
    if isinstance(rows, list):
        return join_or(rows)
    parts = [
        f"{name} {value if isinstance(value, Bounds) else join_or(value)}"
        for name, value in rows.items()
    ]
    return ", ".join(parts)


def selected_columns(rows: Rows) -> tuple[str, ...]:
    """Return the columns that are read to select rows."""
    return ("estimator",) if isinstance(rows, list) else tuple(rows)


def select(table: pd.DataFrame, rows: Rows, estimators: Estimators) -> pd.DataFrame:
    """Return the selected rows of a table.

    Args:
        table: The table.
        rows: Estimators by kind and options, or conditions on columns.
        estimators: The estimators of the configuration, by the names that the table has.
    """
    if isinstance(rows, list):
        return table[table["estimator"].isin(names_of_selected(rows, estimators))]
    for name, condition in rows.items():
        column = table[name]
        if isinstance(condition, Bounds):
            table = table[column.map(condition.interval.is_met_by).astype(bool) & column.notna()]
        else:
            table = table[column.isin(condition)]
    return table


def names_of_selected(selectors: Sequence[Selector], estimators: Estimators) -> list[str]:
    """Return the names of the configured estimators that one of the selectors matches."""
    return [
        name
        for name, component in estimators.items()
        if any(selector.matches(component) for selector in selectors)
    ]


def row_mistakes(roles: ColumnRoles, rows: Rows) -> Iterator[Mistake]:
    """Yield the columns and the values in `rows` that the table cannot have."""
    if isinstance(rows, list):
        return
    for name, condition in rows.items():
        if name == "estimator":
            yield (name,), "estimators are selected by their kind, under the key `estimator`"
        elif name not in roles.selectable:
            yield (name,), unknown("column", name, roles.selectable)
        else:
            yield from (((name,), text) for text in _value_mistakes(name, condition, roles))


def unknown(subject: str, name: object, allowed: Iterable[str]) -> str:
    """Return the message about a name that does not exist."""
    return f"unknown {subject} '{name}': {nearest(str(name), allowed)}"


def _value_mistakes(name: str, condition: Condition, roles: ColumnRoles) -> Iterator[str]:
    names = allowed_values(roles, name)
    is_text = names is not None or name in TEXTS
    if isinstance(condition, Bounds):
        if is_text:
            yield "the column holds text: give a value or a list of values"
        return
    for value in condition:
        if isinstance(value, str) is not is_text:
            yield f"expected {'text' if is_text else 'a number'}, got {value!r}"
        elif names is not None and value not in names:
            yield unknown("value", value, names)
