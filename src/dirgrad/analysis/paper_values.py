"""Numbers of the paper of Baydin et al. 2022, each with how it is known."""

from typing import NamedTuple


class PaperValue(NamedTuple):
    """A value of the paper.

    Attributes:
        problem: Name of the experiment, or of the problem of a measurement.
        rate: Learning rate; None if the value does not depend on it or the paper does not state it.
        quantity: Name of the quantity.
        value: The value.
        confidence: Source of the value. `figure`: read from a figure of the paper. `secondary`:
            from the notes of a reader. `derived`: computed from the definition in the paper.
        dimension: Number of parameters.
    """

    problem: str
    rate: float | None
    quantity: str
    value: float
    confidence: str
    dimension: int


LOGISTIC, MLP = 7_850, 1_863_690
PAPER = (
    PaperValue("beale", None, "gradient_0", -3.434, "secondary", 2),
    PaperValue("beale", None, "gradient_1", -0.808, "secondary", 2),
    PaperValue("beale", 0.01, "backprop_final_loss", 5.5e-5, "figure", 2),
    PaperValue("beale", 0.01, "seconds_forward_over_backprop", 0.19 / 0.22, "figure", 2),
    PaperValue("rosenbrock", 5e-4, "backprop_final_loss", 5e-6, "figure", 2),
    PaperValue("rosenbrock", 5e-4, "seconds_forward_over_backprop", 3.15 / 4.1, "figure", 2),
    PaperValue("logistic_regression", 1e-4, "T_f_over_T_b", 0.553, "figure", LOGISTIC),
    PaperValue("logistic_regression", 1e-4, "backprop_final_valid_loss", 0.55, "figure", LOGISTIC),
    PaperValue("logistic_regression", 1e-4, "forward_final_valid_loss", 0.55, "figure", LOGISTIC),
    PaperValue("mlp", 2e-5, "T_f_over_T_b", 0.567, "figure", MLP),
    PaperValue("mlp", 2e-5, "backprop_final_valid_loss", 2.21, "figure", MLP),
    PaperValue("mlp", 2e-5, "forward_final_valid_loss", 2.21, "figure", MLP),
    PaperValue("mlp", 2e-4, "T_f_over_T_b", 0.229, "figure", MLP),
    PaperValue("mlp", 2e-4, "backprop_final_valid_loss", 0.88, "figure", MLP),
    PaperValue("mlp", 2e-4, "forward_final_valid_loss", 0.52, "figure", MLP),
    PaperValue("mlp", None, "R_f", 2.46, "secondary", MLP),
    PaperValue("mlp", None, "R_b", 4.17, "secondary", MLP),
)
