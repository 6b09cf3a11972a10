"""A transformer predicts from earlier positions, at every position that the data set asks for."""

import numpy as np

from dirgrad.components.datasets.text import Text
from dirgrad.components.problems.transformer import Transformer
from dirgrad.core.types import Backend
from support.cases import BATCH, Case, placed, placed_batch

CONTEXT = 6
CASE = Case(Transformer(dataset=Text(context=CONTEXT), width=6, heads=3, depth=2), terms=0)


def logits(backend: Backend, examples: np.ndarray) -> np.ndarray:
    """Return the logits of every example: (examples, positions, classes)."""
    params, (batch,) = placed(backend, CASE.params()), placed_batch(backend, (examples,))
    outputs = CASE.problem.outputs(backend.ops, params, (batch,))
    return backend.engine.to_numpy(outputs).reshape(len(examples), CONTEXT, -1)


def test_a_logit_depends_on_its_own_and_on_earlier_positions(backend: Backend) -> None:
    examples, _ = CASE.batch()
    changed = examples.copy()
    changed[:, 3] += 1
    before, after = logits(backend, examples), logits(backend, changed)
    assert before.shape == (BATCH, CONTEXT, 62)
    differs = np.abs(after - before).max((0, 2)) > 1e-6
    assert differs.tolist() == [False] * 3 + [True] * 3


def test_equal_characters_at_other_positions_have_other_logits(backend: Backend) -> None:
    examples = np.tile(CASE.batch()[0][:1, :1], (1, CONTEXT, 1))
    first, *others = logits(backend, examples)[0]
    assert all(np.abs(other - first).max() > 1e-3 for other in others)


def test_an_odd_width_has_one_sine_more_than_cosines(backend: Backend) -> None:
    odd = Case(Transformer(dataset=Text(context=2), width=5, heads=1, depth=1), terms=0)
    outputs = odd.problem.outputs(
        backend.ops, placed(backend, odd.params()), placed_batch(backend, odd.batch())
    )
    assert tuple(outputs.shape) == (2 * BATCH, 62)
