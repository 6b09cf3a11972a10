"""How a problem's outputs become a loss, and what else is reported of them."""

from dirgrad.core.types import Array, Batch, Criterion, Ops, Params, Problem


def _cross_entropy(ops: Ops, logits: Array, batch: Batch) -> Array:
    return ops.cross_entropy(logits, batch[1].reshape(-1))


def _classified(ops: Ops, logits: Array, batch: Batch) -> dict[str, Array]:
    return {
        "loss": _cross_entropy(ops, logits, batch),
        "accuracy": ops.accuracy(logits, batch[1].reshape(-1)),
    }


def _squared_error(ops: Ops, outputs: Array, batch: Batch) -> Array:
    return ops.mean((outputs - batch[1]) ** 2)


VALUE = Criterion(
    loss=lambda ops, value, batch: value, metrics=lambda ops, value, batch: {"loss": value}
)
"""The output is the loss: a test function."""
CROSS_ENTROPY = Criterion(loss=_cross_entropy, metrics=_classified)
"""The outputs are logits (n, classes), the batch is (images, labels): the mean loss in nats, and the share of right answers."""
SQUARED_ERROR = Criterion(
    loss=_squared_error,
    metrics=lambda ops, found, batch: {"loss": _squared_error(ops, found, batch)},
)
"""The outputs and the labels are values (n, outputs): the mean square of their difference."""


def _over_classes(ops: Ops, logits: Array, batch: Batch) -> Array:
    return ops.cross_entropy(logits, batch[1]) / logits.shape[1]


CROSS_ENTROPY_OVER_CLASSES = Criterion(loss=_over_classes, metrics=_classified)
"""The loss is a mean over the classes too; the metrics are those of CROSS_ENTROPY."""


def loss(problem: Problem, ops: Ops, params: Params, batch: Batch) -> Array:
    """The minibatch loss: ()."""
    return problem.criterion.loss(ops, problem.outputs(ops, params, batch), batch)


def metrics(problem: Problem, ops: Ops, params: Params, batch: Batch) -> dict[str, Array]:
    """What is reported at a record point: 'loss' and, of a classifier, 'accuracy'; each ()."""
    return problem.criterion.metrics(ops, problem.outputs(ops, params, batch), batch)
