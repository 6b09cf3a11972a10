"""Components that a README prints, and their use as components of the package."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from dirgrad.components import registry

FILE = re.compile(r"The file is\s+`([^`]+)`:\n\n```python\n(.*?)```", re.DOTALL)
LINE = re.compile(r"The line is `([^`]+)`")


class ReadmeComponent(NamedTuple):
    """A component in a README.

    Attributes:
        path: Path of its file from the root of the repository.
        code: Content of its file.
        line: Its line of configuration, parsed.
    """

    path: Path
    code: str
    line: dict[str, Any]


def read_component(readme: Path) -> ReadmeComponent:
    """Return the only component that a README prints."""
    text = readme.read_text(encoding="utf-8")
    ((path, code),) = FILE.findall(text)
    (line,) = LINE.findall(text)
    return ReadmeComponent(Path(path), code, yaml.safe_load(line))


@contextmanager
def added_to_package(component: ReadmeComponent, directory: Path) -> Iterator[None]:
    """Write the component to a directory, and let the package find it there for a while."""
    package = import_module(registry.package_name(component.path.parent.name))
    (directory / component.path.name).write_text(component.code, encoding="utf-8")
    package.__path__.append(str(directory))
    _forget_names()
    try:
        yield
    finally:
        package.__path__.remove(str(directory))
        sys.modules.pop(f"{package.__name__}.{component.path.stem}", None)
        _forget_names()


def _forget_names() -> None:
    registry.built_in.cache_clear()
    registry._load.cache_clear()
