"""Closed forms of a linear recurrent unit's state and of its influences, in complex numbers."""

import numpy as np

Arrays = dict[str, np.ndarray]


def state_and_influence(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """Return the last state and its derivatives with respect to the parameters.

    The state is z_T = sum over t of lambda^(T - t) gamma B x_t.

    Args:
        params: Parameters of n units.
        x: Inputs: (T, batch, inputs).

    Returns:
        The state, (batch, n) complex, and its derivative with respect to each parameter, (batch,
        *shape of the parameter) complex.
    """
    log_lambda = -np.exp(params["nu_log"]) + 1j * np.exp(params["theta_log"])
    gamma = np.exp(params["gamma_log"])
    real, imaginary = np.split(params["weight_in"], 2, axis=1)
    exponents = np.arange(len(x))[::-1, None]
    powers = np.exp(exponents * log_lambda)
    driven = gamma * (x @ (real + 1j * imaginary))
    state = np.einsum("tn,tbn->bn", powers, driven)
    by_log_lambda = np.einsum("tn,tbn->bn", exponents * powers, driven)
    by_weight = np.einsum("tn,tbi->bin", powers * gamma, x)
    influence = {
        "nu_log": -np.exp(params["nu_log"]) * by_log_lambda,
        "theta_log": 1j * np.exp(params["theta_log"]) * by_log_lambda,
        "gamma_log": state,
        "weight_in": np.concatenate([by_weight, 1j * by_weight], axis=2),
    }
    return state, influence
