"""Planning imports components where NumPy is not installed."""

import sys
from importlib import import_module

import pytest

from dirgrad.core import stand_in


def test_the_names_of_a_missing_library_stand_in_annotations_and_cannot_be_called() -> None:
    with stand_in.if_missing("absent_library"):
        library = import_module("absent_library")
        typing = import_module("absent_library.typing")
    assert library.ndarray | None
    assert typing.NDArray[library.float32] | library.random.Generator
    with pytest.raises(ImportError, match="absent_library is not installed: run `pip install"):
        library.random.default_rng(0)
    assert not [name for name in sys.modules if name.startswith("absent_library")]
    with pytest.raises(ImportError):
        import_module("absent_library")


def test_an_installed_library_is_itself() -> None:
    with stand_in.if_missing("numpy"):
        numpy = import_module("numpy")
    assert numpy.zeros(2).tolist() == [0.0, 0.0]
    assert sys.modules["numpy"] is numpy
