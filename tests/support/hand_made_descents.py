"""Trials with training curves written by hand, for the tables that read where a curve crosses."""

from typing import Any, NamedTuple

from support.hand_made_records import Records, Row, frame, no_records

SLOW_DESCENT = [4.0, 3.0, 2.0, 1.0]
FAST_DESCENT = [4.0, 2.0, 1.0, 0.5]
STEPS_PER_POINT = 10


class Descent(NamedTuple):
    """A trial and its curve.

    Attributes:
        trial: Row of the records `trials`.
        points: Rows of the records `curves`, one per record point.
    """

    trial: Row
    points: list[Row]


def descent(
    estimator: str, seed: int, losses: list[float], seconds: float, **columns: Any
) -> Descent:
    """Return a trial on the perceptron of the paper, with the target loss 2.5.

    Args:
        estimator: Name and kind of the estimator.
        seed: Seed of the trial.
        losses: Training and validation loss at the four record points, which are ten steps apart.
            The test accuracy at a loss is 1 / (1 + loss).
        seconds: Training time from one record point to the next.
        **columns: Other values for columns of the trial.
    """
    identity = {
        "experiment": columns.get("experiment", "mlp"),
        "backend": "jax",
        "estimator": estimator,
        "stage": "final",
        "learning_rate": columns.get("learning_rate", 2e-4),
        "seed": seed,
    }
    outcome = {
        "estimator_kind": estimator,
        "status": "ok",
        "steps": 30,
        "horizon_steps": 30,
        "evaluations": 60 if estimator == "forward_gradient" else 30,
        "optimizer": "sgd",
        "final_loss": losses[-1],
        "valid_loss": losses[-1],
        "train_seconds": 3 * seconds,
        "dimension": 1_863_690,
        "target_loss": 2.5,
    }
    points = [identity | _point(number, loss, seconds) for number, loss in enumerate(losses)]
    return Descent(identity | outcome | columns, points)


def _point(number: int, loss: float, seconds: float) -> Row:
    """Return the columns of the record point with this number."""
    return {
        "step": STEPS_PER_POINT * number,
        "train_seconds": seconds * number,
        "loss": loss,
        "valid_loss": loss,
        "test_accuracy": 1 / (1 + loss),
    }


def descent_records(*descents: Descent) -> Records:
    """Return the records of these trials; records of measurements are empty."""
    trials = [trial for trial, _ in descents]
    points = [point for _, curve in descents for point in curve]
    records = no_records()
    records["trials"] = frame("trials", trials)
    records["curves"] = frame("curves", points)
    return records


def paired_records(forward: list[float] = SLOW_DESCENT, **columns: Any) -> Records:
    """Return two seeds of backprop, and two seeds of the forward gradient.

    Args:
        forward: Losses of the forward gradient, which takes twice as long as backprop.
        **columns: Other values for columns of all trials.
    """
    seeds = (0, 1)
    backprop = [descent("backprop", seed, FAST_DESCENT, 1.0, **columns) for seed in seeds]
    forward_gradient = [
        descent("forward_gradient", seed, forward, 2.0, **columns) for seed in seeds
    ]
    return descent_records(*backprop, *forward_gradient)
