"""A framework with wrong compiled tangents is rejected before anything is measured."""

import pytest

from dirgrad.core.errors import UserError
from dirgrad.core.types import Backend
from dirgrad.runs.instruments import oracle


def test_a_framework_that_loses_tangents_is_rejected(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle.require_tangents(backend)
    monkeypatch.setattr(backend.ops, "jvp", lambda f, x, v: (f(*x), 0.0 * f(*x)))
    message = f"^{backend.name}: forward-mode differentiation gives wrong results once compiled"
    with pytest.raises(UserError, match=message):
        oracle.require_tangents(backend)
