"""A test that registers components leaves none behind."""

import pytest

from dirgrad.components import registry


@pytest.fixture(autouse=True)
def _no_components_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_outside", {})
