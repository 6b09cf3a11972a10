"""Example specifications of components: the kind, and a value for every required option."""

from typing import Any

from pydantic import TypeAdapter

from dirgrad.components import registry
from dirgrad.core.errors import UserError

KINDS = {
    "estimators": "forward_gradient",
    "directions": "gaussian",
    "candidates": "random",
    "problems": "rosenbrock",
    "units": "tanh",
    "datasets": "digits",
    "optimizers": "momentum",
}
"""An example of each folder."""
OPTIONS: dict[str, dict[str, Any]] = {
    "image_regression": {"dataset": "photograph"},
    "candidate_descent": {"candidate": "diagonal_rtrl"},
}
"""Options of components that do not accept the example of a folder."""
NUMBERS = {"integer": 2, "number": 0.01, "boolean": True, "string": "x"}


def specification(folder: str, name: str) -> dict[str, Any]:
    """Return a specification of a component that `registry.parse` accepts.

    Raises:
        UserError: A required option has a type for which no example is known.
    """
    schema = TypeAdapter(registry.load(folder, name)).json_schema()
    given = OPTIONS.get(name, {})
    options = {}
    for option in schema.get("required", ()):
        if option in given:
            options[option] = given[option]
            continue
        value = _example(schema["properties"][option])
        if value is None:
            raise UserError(
                f"the {folder[:-1]} '{name}' requires the option '{option}': "
                "name a configured one with --config"
            )
        options[option] = value
    return {"kind": name, **options}


def _example(option: dict[str, Any]) -> Any:
    """Return a value of an option, or None if its type is not known."""
    if "component" in option:
        folder = option["component"]
        nested = specification(folder, KINDS[folder])
        return nested if len(nested) > 1 else nested["kind"]
    if "enum" in option:
        return option["enum"][0]
    if "items" in option:
        return [_example(option["items"])]
    value = NUMBERS.get(option.get("type", ""))
    return max(value, option["minimum"]) if "minimum" in option else value
