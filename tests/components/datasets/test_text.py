"""The text is cut into windows, and each character of a window has the next one as its target."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dirgrad.components.datasets import text
from dirgrad.components.datasets.text import CHARACTERS, Text
from dirgrad.components.problems.rnn import Rnn
from dirgrad.core import criterion
from dirgrad.core.errors import UserError
from dirgrad.core.types import Backend
from support.cases import Case, placed, placed_batch

ORIGINAL = gzip.decompress(text.FILE.read_bytes())


def decode(codes: np.ndarray) -> str:
    return "".join(CHARACTERS[code] for code in codes.ravel())


@pytest.mark.parametrize("context", [1, 50])
def test_windows_join_to_the_text_and_targets_are_one_character_ahead(context: int) -> None:
    dataset = Text(context=context)
    splits = dataset.load(None)
    starts = (0, 270_000, 285_000)
    for (examples, labels), start in zip(splits, starts, strict=True):
        assert examples.shape == (len(labels), context, 62)
        assert labels.shape == (len(labels), context)
        assert examples.dtype == np.float32
        assert (examples.sum(2) == 1).all()
        expected = ORIGINAL[start : start + labels.size + 1].decode("ascii")
        assert decode(examples.argmax(2)) == expected[:-1]
        assert decode(labels) == expected[1:]
    assert [len(labels) for _, labels in splits] == [
        (n - 1) // context for n in (270_000, 15_000, 15_000)
    ]
    assert len(splits.train[0]) == dataset.train_examples


def test_the_text_has_exactly_the_characters_with_a_code() -> None:
    assert "".join(sorted(set(ORIGINAL.decode("ascii")))) == CHARACTERS
    assert ORIGINAL.startswith(b"First Citizen:\nBefore we proceed any further")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "the text cannot be read"),
    "truncated": (lambda path: path.write_bytes(text.FILE.read_bytes()[:-9]), "cannot be read"),
    "another": (lambda path: path.write_bytes(gzip.compress(b"other")), "is not the original"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_reported_in_one_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage, sentence = DAMAGES[name]
    path = tmp_path / "text.gz"
    damage(path)
    monkeypatch.setattr(text, "FILE", path)
    with pytest.raises(UserError, match=f"{path}: .*{sentence}.*install dirgrad again") as error:
        Text().load(None)
    assert len(str(error.value).splitlines()) == 1


def test_a_recurrent_network_answers_after_every_character(backend: Backend) -> None:
    """The loss of the outputs is the sum of the losses of all steps."""
    case = Case(Rnn(dataset=Text(context=3), hidden=4), terms=0)
    ops, problem = backend.ops, case.problem
    params, batch = placed(backend, case.params()), placed_batch(backend, case.batch())
    state = problem.initial_state(ops, params, batch)
    observations = problem.observations(ops, batch)
    _, losses = ops.scan(lambda s, x: problem.advance(ops, params, s, x), state, observations)
    assert losses.shape == (3,)
    expected = float(criterion.loss(problem, ops, params, batch))
    assert float(ops.sum(losses)) == pytest.approx(expected, rel=1e-12)
