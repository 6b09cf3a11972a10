"""The default configuration, overlays with mistakes, and the error messages for them."""

from collections.abc import Mapping
from functools import reduce
from typing import Any, NamedTuple

import pytest

from dirgrad.config import files, validation
from dirgrad.config.settings import Config
from dirgrad.core.errors import UserError
from support.paths import ROOT

CONFIG = ROOT / "config"
BASE = files.read(CONFIG / "config.yaml")
"""The content of config.yaml, as it is written."""


def configured(*layers: Mapping[str, Any]) -> Config:
    """Return the validated configuration of some contents of files; later ones override."""
    return validation.check({f"layer_{i}.yaml": layer for i, layer in enumerate(layers)})


class Mistake(NamedTuple):
    """A wrong value in an overlay.

    Attributes:
        key: Dotted key of the value.
        value: The wrong value.
        message: Text that the error message contains.
        reported_key: Dotted key in the error message, if it differs from `key`.
    """

    key: str
    value: Any
    message: str
    reported_key: str = ""

    @property
    def prefix(self) -> str:
        """The beginning of the error message."""
        return f"over.yaml: {self.reported_key or self.key}: "


def nested(key: str, value: Any) -> Any:
    """Return nested mappings with a value at a dotted key."""
    return reduce(lambda inner, name: {name: inner}, reversed(key.split(".")), value)


def error_message(over: dict[str, Any], base: dict[str, Any] = BASE) -> str:
    """Return the error message for the file `over.yaml`, an overlay of `base.yaml`."""
    with pytest.raises(UserError) as error:
        validation.check({"base.yaml": base, "over.yaml": over})
    return str(error.value)


def assert_reported(mistake: Mistake) -> None:
    """Check that the error message for a mistake is one line with its file and its key."""
    message = error_message(nested(mistake.key, mistake.value))
    assert message.startswith(mistake.prefix)
    assert mistake.message in message
    assert len(message.splitlines()) == 1
