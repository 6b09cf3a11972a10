"""Losses and metrics, computed from the outputs of a problem."""

from typing import TypeAlias

from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, Problem

Metrics: TypeAlias = dict[str, Array]
"""Metrics by name, each ()."""


def _value_metrics(ops: Ops, value: Array, batch: Batch) -> Metrics:
    return {"loss": value}


def _cross_entropy(ops: Ops, logits: Array, batch: Batch) -> Array:
    labels = batch[1].reshape(-1)
    return ops.cross_entropy(logits, labels)


def _classification_metrics(ops: Ops, logits: Array, batch: Batch) -> Metrics:
    loss = _cross_entropy(ops, logits, batch)
    labels = batch[1].reshape(-1)
    accuracy = ops.accuracy(logits, labels)
    return {"loss": loss, "accuracy": accuracy}


def _squared_error(ops: Ops, outputs: Array, batch: Batch) -> Array:
    error = outputs - batch[1]
    return ops.mean(error**2)


def _squared_error_metrics(ops: Ops, outputs: Array, batch: Batch) -> Metrics:
    return {"loss": _squared_error(ops, outputs, batch)}


def _mean_over_classes(ops: Ops, logits: Array, batch: Batch) -> Array:
    num_classes = logits.shape[1]
    return ops.cross_entropy(logits, batch[1]) / num_classes


VALUE = Criterion(loss=lambda ops, value, batch: value, metrics=_value_metrics)
"""Criterion of a test function, whose output () is the loss."""
CROSS_ENTROPY = Criterion(loss=_cross_entropy, metrics=_classification_metrics)
"""Criterion of a classifier with logits (n, classes) and the batch (examples, labels).

The loss is the mean cross-entropy in nats. The metrics include the accuracy, a fraction.
"""
CROSS_ENTROPY_OVER_CLASSES = Criterion(loss=_mean_over_classes, metrics=_classification_metrics)
"""Criterion like CROSS_ENTROPY, whose loss is the mean over the classes too.

The metrics do not differ from CROSS_ENTROPY.
"""
SQUARED_ERROR = Criterion(loss=_squared_error, metrics=_squared_error_metrics)
"""Criterion of a regression: the mean squared difference of outputs and labels (n, outputs)."""


def loss(problem: Problem, ops: Ops, params: Params, batch: Batch) -> Array:
    """Return the minibatch loss: ()."""
    outputs = problem.outputs(ops, params, batch)
    return problem.criterion.loss(ops, outputs, batch)


def metrics(problem: Problem, ops: Ops, params: Params, batch: Batch) -> Metrics:
    """Return the reported metrics: 'loss' and, for a classifier, 'accuracy'; each ()."""
    outputs = problem.outputs(ops, params, batch)
    return problem.criterion.metrics(ops, outputs, batch)
