"""All laws of directions in the package, which are read from their folder."""

from dirgrad.components import registry
from dirgrad.core.types import Direction

OPTIONS = {"block": 2, "count": 3, "direction": "rademacher", "rank": 2, "support": 3}
"""Small values of the options that have no default."""


def required_options() -> dict[str, list[str]]:
    """Return the options without a default, by the name of the law."""
    required = {}
    for name in registry.names("directions"):
        fields = registry.load("directions", name).__pydantic_fields__
        required[name] = [option for option, field in fields.items() if field.is_required()]
    return required


def all_laws() -> dict[str, Direction]:
    """Return every law in the folder, by its name and the name of the law that it wraps.

    Raises:
        LookupError: A law has a required option that OPTIONS lacks.
    """
    laws = {}
    for name, options in required_options().items():
        missing = [option for option in options if option not in OPTIONS]
        if missing:
            raise LookupError(f"OPTIONS in {__name__} needs a value for {missing} of '{name}'")
        spec = {"kind": name} | {option: OPTIONS[option] for option in options}
        law = registry.parse("directions", spec)
        laws[registry.distribution_name(law)] = law
    return laws
