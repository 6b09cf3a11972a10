"""The copy problem shows symbols, waits, and then asks for the symbols."""

import numpy as np

from dirgrad.components.datasets.copy import Copy


def test_symbols_come_first_then_a_delay_and_then_the_questions() -> None:
    dataset = Copy(symbols=3, shown=2, delay=4)
    sequences, labels = dataset.load(None).train
    assert sequences.shape == (dataset.train_examples, *dataset.example_shape)
    assert sequences.shape == (4000, 8, 4)
    assert set(labels.ravel()) == {0, 1, 2}

    shown_symbols = sequences[:, :2, :3].argmax(axis=2)
    assert np.array_equal(shown_symbols, labels)
    step_has_input = sequences.sum(axis=(0, 2)) > 0
    assert np.array_equal(step_has_input, [True, True, False, False, False, False, True, True])
    question_input = sequences[:, 6:, 3]
    assert (question_input == 1).all()
