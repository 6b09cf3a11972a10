"""A framework that is missing or broken is one sentence."""

import pytest

from dirgrad import backends
from dirgrad.core.errors import UserError


@pytest.mark.parametrize("error", [ImportError, OSError])
def test_a_framework_that_cannot_be_imported_is_one_sentence(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise error("libcudart.so.12: cannot open\nshared object file")

    monkeypatch.setattr(backends, "import_module", broken)
    with pytest.raises(UserError) as raised:
        backends.load("torch")
    assert str(raised.value) == (
        "backend 'torch' cannot be imported (libcudart.so.12: cannot open shared object file): "
        "run `pip install torch`, or remove it from `backends`"
    )
