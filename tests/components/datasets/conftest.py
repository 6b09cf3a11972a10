"""Fixtures give the data sets small files and an environment without a data directory."""

import pytest

from dirgrad.components import data_files
from support.mnist_files import small_mnist_files


@pytest.fixture(autouse=True)
def _no_data_directory_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(data_files.DATA_VARIABLE, raising=False)


@pytest.fixture(scope="session")
def mnist_files() -> dict[str, bytes]:
    """Return the contents of four small files in the format of MNIST, by file name."""
    return small_mnist_files()
