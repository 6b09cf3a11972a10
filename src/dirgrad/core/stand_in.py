"""A stand-in for a library that planning imports and does not use.

Components import NumPy to compute. Planning reads their options only, and therefore works where
NumPy is not installed.
"""

import sys
from collections.abc import Iterator, MutableSequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn


class _Names(type):
    """Type of the names of an absent library."""

    def __getattr__(cls, name: str) -> "_Names":
        return _name_in(f"{cls.__module__}.{cls.__name__}", name)

    def __getitem__(cls, _: Any) -> "_Names":
        return cls

    def __call__(cls, *_: Any, **__: Any) -> NoReturn:
        library = cls.__module__.partition(".")[0]
        raise ImportError(f"{library} is not installed: run `pip install {library}`")


def _name_in(place: str, name: str) -> _Names:
    """Return a name of a module or of a class. No special method stands in for a real one."""
    if name.startswith("__"):
        raise AttributeError(name)
    return _Names(name, (), {"__module__": place})


class _Module(ModuleType):
    __path__: MutableSequence[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> _Names:
        return _name_in(self.__name__, name)


class _Finder(MetaPathFinder, Loader):
    """Finds a library and all its modules, and executes nothing."""

    def __init__(self, library: str) -> None:
        self.library = library

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        inside = name.partition(".")[0] == self.library
        return ModuleSpec(name, self, is_package=True) if inside else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


@contextmanager
def if_missing(library: str) -> Iterator[None]:
    """Let imports of a library succeed in the body, if it cannot be imported.

    Its names can stand in annotations. To call one raises ImportError.
    """
    try:
        import_module(library)
    except ImportError:
        pass
    else:
        yield
        return
    finder = _Finder(library)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == library]:
            del sys.modules[name]
