"""Columns of the tables that the interactive page can draw, with their axes."""

from typing import NamedTuple

METHOD = "estimator"
BYTES = "step_bytes"
ENDS = (
    "loss",
    "train_accuracy",
    "valid_loss",
    "valid_accuracy",
    "test_accuracy",
    "support_recovered",
    "step_seconds",
)
TO_TARGET = ("steps_to_target", "seconds_to_target", "evaluations_to_target")


class Column(NamedTuple):
    """How a column is shown.

    Attributes:
        label: The words on its axis, with the unit.
        log: Whether its axis is logarithmic at first, as in the figures.
    """

    label: str
    log: bool = False


COLUMNS = {
    "step": Column("steps"),
    "train_seconds": Column("training time [s per trial]", log=True),
    "evaluations": Column("evaluations of the loss", log=True),
    BYTES: Column("temporary memory of an SGD step [bytes]", log=True),
    "learning_rate": Column("learning rate", log=True),
    METHOD: Column("method"),
    "dimension": Column("number of parameters", log=True),
    "depth": Column("number of layers", log=True),
    "length": Column("length of the sequences", log=True),
    "batch_size": Column("batch size", log=True),
    "num_directions": Column("directions per estimate", log=True),
    "eps": Column("step of the finite difference", log=True),
    "after_steps": Column("steps of training before the estimate"),
    "loss": Column("training loss", log=True),
    "valid_loss": Column("validation loss", log=True),
    "train_accuracy": Column("training accuracy"),
    "valid_accuracy": Column("validation accuracy"),
    "test_accuracy": Column("test accuracy"),
    "support_recovered": Column("recovered share of the support"),
    "steps_to_target": Column("steps to the target loss", log=True),
    "seconds_to_target": Column("seconds to the target loss", log=True),
    "evaluations_to_target": Column("evaluations to the target loss", log=True),
    "step_over_forward": Column("time of a step / forward pass", log=True),
    "gradient_over_forward": Column("time of an estimate / forward pass", log=True),
    "step_seconds": Column("time of a step [s]", log=True),
    "gradient_seconds": Column("time of an estimate [s]", log=True),
    "forward_seconds": Column("time of a forward pass [s]", log=True),
    "resident_peak_bytes": Column("peak of the resident set [bytes]", log=True),
    "device_peak_bytes": Column("peak of the device memory [bytes]", log=True),
    "temp_bytes": Column("temporary memory that the framework counts [bytes]", log=True),
    "saved_bytes": Column("memory saved for the backward pass [bytes]", log=True),
    "snr": Column("signal-to-noise ratio", log=True),
    "relative_squared_error": Column("relative squared error", log=True),
    "squared_bias": Column("relative squared bias"),
    "cosine": Column("cosine with the gradient"),
    "projection": Column("projection on the gradient"),
    "curvature_noise": Column("noise weighted by curvature", log=True),
    "stable_rate": Column("largest stable learning rate", log=True),
    "decay": Column("decay of the logarithm of the loss, per step", log=True),
}
"""All columns that the page can draw."""


class Source(NamedTuple):
    """Points that one table yields.

    Attributes:
        kind: Kind of the jobs that the points belong to.
        x: Columns of the x axis.
        y: Columns of the y axis; the interval of one is in the columns `NAME_low` and `NAME_high`.
        n: Column of the sample size.
        sample: What the sample consists of.
    """

    kind: str
    x: tuple[str, ...]
    y: tuple[str, ...]
    n: str = "n"
    sample: str = "seeds"


SIZES = ("dimension", "depth", "length", "batch_size")
SOURCES = {
    "curves": Source(
        "training",
        ("step", "train_seconds", "evaluations"),
        ("loss", "valid_loss", "valid_accuracy", "test_accuracy"),
    ),
    "ends": Source(
        "training",
        ("step", "train_seconds", "evaluations", BYTES, METHOD),
        (*ENDS, *TO_TARGET),
        n="n_ok",
    ),
    "rates": Source("training", ("learning_rate",), ENDS, n="n_ok"),
    "cost": Source(
        "cost",
        (*SIZES, "num_directions", BYTES, METHOD),
        (
            "step_over_forward",
            "gradient_over_forward",
            "step_seconds",
            "gradient_seconds",
            "forward_seconds",
        ),
        sample="rounds",
    ),
    "memory": Source(
        "memory",
        (*SIZES, METHOD),
        ("resident_peak_bytes", "device_peak_bytes", "temp_bytes", "saved_bytes"),
        sample="processes",
    ),
    "quality": Source(
        "quality",
        (*SIZES, "num_directions", "eps", "after_steps", METHOD),
        (
            "snr",
            "relative_squared_error",
            "squared_bias",
            "cosine",
            "projection",
            "curvature_noise",
        ),
        n="draws",
        sample="draws",
    ),
    "stability": Source(
        "stability",
        (*SIZES, "num_directions", METHOD),
        ("stable_rate", "decay"),
        n="n_seeds",
    ),
}
"""Sources of points by name. The page draws from the first one that has both columns of a view."""
