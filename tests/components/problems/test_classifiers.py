"""Classifiers report the accuracy and the mean cross-entropy of their logits."""

import numpy as np
import pytest

from dirgrad.core import criterion
from dirgrad.core.criterion import CROSS_ENTROPY, CROSS_ENTROPY_OVER_CLASSES
from dirgrad.core.types import Backend
from support.cases import CASES, placed

CRITERIA = (CROSS_ENTROPY, CROSS_ENTROPY_OVER_CLASSES)
CLASSIFIERS = [name for name, case in CASES.items() if case.problem.criterion in CRITERIA]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_metrics_are_the_fraction_of_correct_answers_and_the_cross_entropy(
    backend: Backend, name: str
) -> None:
    case = CASES[name]
    images, labels = case.batch()
    batch = (backend.ops.asarray(images), backend.ops.asarray(labels))
    params = placed(backend, case.params())
    metrics = criterion.metrics(case.problem, backend.ops, params, batch)

    logits = backend.engine.to_numpy(case.problem.outputs(backend.ops, params, batch))
    flat_labels = labels.reshape(-1)
    accuracy = np.mean(logits.argmax(axis=1) == flat_labels)
    assert float(metrics["accuracy"]) == pytest.approx(accuracy)

    shifted = logits - logits.max(axis=1, keepdims=True)
    logits_of_labels = shifted[np.arange(len(logits)), flat_labels]
    cross_entropy = np.log(np.exp(shifted).sum(axis=1)) - logits_of_labels
    assert float(metrics["loss"]) == pytest.approx(cross_entropy.mean(), rel=1e-12)
