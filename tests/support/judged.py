"""Tables made by hand for every quantity that a claim may be about: of a value that is known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Tables = dict[str, pd.DataFrame]
Row = dict[str, Any]
JAX = {"backend": "jax"}
TRAINED = JAX | {"experiment": "mlp", "estimator": "forward_gradient"}
TIMED = JAX | {"problem": "mlp", "batch_size": 64}


@dataclass(frozen=True)
class Made:
    """tables: (value, half-width of the interval, n) -> tables in which the quantity has them. counted: it has no interval."""

    tables: Callable[[float, float, int], Tables]
    chosen: dict[str, list[Any]]
    counted: bool = False


def frame(*rows: Row) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def ratio(name: str, value: float, width: float) -> Row:
    """With an interval of this half-width of the logarithm."""
    return {
        name: value,
        f"{name}_low": value * np.exp(-width),
        f"{name}_high": value * np.exp(width),
    }


def plain(name: str, value: float, width: float) -> Row:
    """With an interval of this half-width."""
    return {name: value, f"{name}_low": value - width, f"{name}_high": value + width}


def column(
    table: str,
    name: str,
    facts: Row,
    count: str = "n",
    of: Callable[[str, float, float], Row] = ratio,
) -> Made:
    """A quantity that is a column."""
    return Made(
        lambda value, width, n: {table: frame(facts | of(name, value, width) | {count: n})}, {}
    )


def reached(name: str) -> Made:
    return column("targets", name, TRAINED | {"n_reached": 5})


def paper(quantity: str) -> Made:
    facts = JAX | {"problem": "mlp", "learning_rate": 2e-4, "quantity": quantity, "n_reached": 5}
    return column("baydin", "value", facts)


def pair(table: str, name: str, facts: Row, over: str, under: str) -> Made:
    """A quotient of two rows, the lower one known exactly but for a thousandth."""

    def tables(value: float, width: float, n: int) -> Tables:
        rows = ((over, 2.0 * value, width), (under, 2.0, 1e-3))
        return {
            table: frame(
                *(facts | {"estimator": who, "n": n} | ratio(name, v, w) for who, v, w in rows)
            )
        }

    return Made(tables, {"estimator": [over]})


def counts(
    table: str, name: str, facts: Row, over: str, under: str, others: Iterable[str] = ()
) -> Made:
    """A quotient of two counts; `others` are columns that count nothing here."""

    def tables(value: float, width: float, n: int) -> Tables:
        rows = ((over, 1000.0 * value), (under, 1000.0))
        return {
            table: frame(
                *(
                    facts | dict.fromkeys(others, 0.0) | {"estimator": who, name: v}
                    for who, v in rows
                )
            )
        }

    return Made(tables, {"estimator": [over]}, counted=True)


def power(
    x: str, sizes: tuple[float, ...], y: str, facts: Row, sign: float = 1.0
) -> Callable[[float, float, int], Tables]:
    """y as a power of x, in the table `quality`; a slope over three points has their interval over the spread of x."""

    def tables(value: float, width: float, n: int) -> Tables:
        logs = np.log(sizes)
        spread = np.sqrt(((logs - logs.mean()) ** 2).sum())
        rows = (
            facts | {x: size, "draws": n} | ratio(y, size ** (sign * value), width * spread)
            for size in sizes
        )
        return {"quality": frame(*rows)}

    return tables


QUALITY = JAX | {
    "quality": "one",
    "problem": "quadratic",
    "estimator": "f",
    "estimator_kind": "forward_gradient",
}
GAUSSIAN = QUALITY | {"direction": "gaussian", "num_directions": 1, "dimension": 10}
DIFFERENCE = JAX | {
    "problem": "mlp",
    "estimator": "finite_difference_central",
    "eps": 0.1,
    "dtype": "float64",
}
EPS = (0.1, 0.01, 0.001)


def difference(name: str) -> Made:
    """Off by a power of eps; the fourth and smallest step, which has the least error, is left out."""

    def tables(value: float, width: float, n: int) -> Tables:
        (made,) = power("eps", EPS, name, DIFFERENCE)(value, width, n).values()
        least = DIFFERENCE | {"eps": 1e-5, "draws": n} | ratio(name, 1e-30, width)
        both = pd.concat([made, frame(least)], ignore_index=True)
        return {"quality": both.assign(difference_error=both[name])}

    return Made(tables, {"dtype": ["float64"]})


def over_gaussian(value: float, width: float, n: int) -> Tables:
    rows = (("gaussian", 0.1, 1e-3), ("sphere", 0.1 * value, width))
    return {
        "quality": frame(
            *(
                GAUSSIAN | {"direction": law, "draws": n} | ratio("snr", snr, w)
                for law, snr, w in rows
            )
        )
    }


def factors(value: float, width: float, n: int) -> Tables:
    facts = JAX | {"problem": "mlp", "n": n}
    rows = (("R_f", 3.0 * value, width), ("R_b", 3.0, 1e-3))
    return {
        "baydin": frame(*(facts | {"quantity": name} | ratio("value", v, w) for name, v, w in rows))
    }


def products(value: float, width: float, n: int) -> Tables:
    facts = TIMED | {"status": "ok", "forward_product_flops": 100.0}
    rows = (("forward_gradient", 100.0 + 200.0 * value), ("backprop", 300.0))
    return {
        "cost": frame(
            *(facts | {"estimator": name, "step_product_flops": flops} for name, flops in rows)
        )
    }


def longer(value: float, width: float, n: int) -> Tables:
    facts = JAX | {"estimator": "directional_random", "step_graph_temp_bytes": None}
    rows = [
        facts
        | {
            "length": t,
            "observation_bytes": 8.0 * t,
            "step_xla_temp_bytes": 8.0 * t + 1e6 * t**value,
        }
        for t in (16, 64)
    ]
    return {"cost": frame(*rows)}


def deeper(value: float, width: float, n: int) -> Tables:
    facts = JAX | {
        "estimator": "forward_gradient_rank_one",
        "batch_size": 64,
        "graph_temp_bytes": None,
    }
    rows = [facts | {"depth": n, "xla_temp_bytes": 1e6 * n**value} for n in (2, 11, 41)]
    return {"memory": frame(*rows)}


def per_dimension(value: float, width: float, n: int) -> Tables:
    made = reached("steps_over_backprop").tables(2410.0 * value, width, n)
    return made | {"final": frame(TRAINED | {"dimension": 2410})}


def best_rate(value: float, width: float, n: int) -> Tables:
    tried = [
        TRAINED | {"stage": "tuning", "learning_rate": rate, "best_rate": False}
        for rate in (1.0, 1.0 + width)
    ]
    rows = (("backprop", value), ("forward_gradient", 1.0))
    best = [
        TRAINED | {"estimator": name, "stage": "final", "learning_rate": rate, "best_rate": True}
        for name, rate in rows
    ]
    return {"final": frame(*tried, *best)}


def borne_rate(value: float, width: float, n: int) -> Tables:
    rows = (("backprop", value), ("forward_gradient", 1.0))
    facts = [
        (name, {"stable_rate": rate, "unstable_rate": rate * (1 + width)}) for name, rate in rows
    ]
    return {
        "stability": frame(
            *(JAX | {"problem": "mlp", "estimator": name} | rates for name, rates in facts)
        )
    }


def truncated(value: float, width: float, n: int) -> Tables:
    facts = JAX | {"experiment": "influence_balancing", "n_seeds": 1, "n_ok": 1}
    rows = (("directional_truncated_10", value), ("truncated_bptt_10", 1.0))
    return {
        "final": frame(*(facts | {"estimator": name, "final_loss": loss} for name, loss in rows))
    }


def over_plain(value: float, width: float, n: int) -> Tables:
    rows = (("sparse_few", 0.1 * value, width), ("sparse_plain_few", 0.1, 1e-3))
    facts = TRAINED | {"best_rate": True, "n_ok": n}
    return {
        "final": frame(
            *(facts | {"experiment": name} | ratio("valid_loss", v, w) for name, v, w in rows)
        )
    }


XLA = {"graph_temp_bytes": None, "batch_size": 64, "depth": 41}
SEQUENCE = JAX | {"length": 64, "batch_size": 32, "step_graph_temp_bytes": None}
MADE = {
    "projection": column("quality", "projection", GAUSSIAN, "draws", plain),
    "power_of_noise_in_dimension": Made(
        power("dimension", (10.0, 100.0, 1000.0), "snr", GAUSSIAN, -1.0), {}
    ),
    "power_of_signal_in_directions": Made(
        power("num_directions", (1.0, 8.0, 64.0), "snr", GAUSSIAN), {}
    ),
    "signal_over_gaussian": Made(over_gaussian, {"direction": ["sphere"]}),
    "difference_bias": column("quality", "difference_bias", DIFFERENCE, "draws", plain),
    "power_of_difference_error_in_eps": difference("difference_error"),
    "power_of_difference_bias_in_eps": difference("difference_bias"),
    "derivative_over_forward": column(
        "cost", "derivative_over_forward", TIMED | {"estimator": "forward_gradient"}
    ),
    "step_over_backprop": column(
        "bench", "step_over_backprop", TIMED | {"estimator": "forward_gradient"}
    ),
    "R_f_over_R_b": Made(factors, {}),
    "products_over_backprop": Made(products, {}, counted=True),
    "power_of_bytes_in_length": Made(longer, {}, counted=True),
    "power_of_bytes_in_depth": Made(deeper, {}, counted=True),
    "bytes_over_backprop": counts(
        "memory", "xla_temp_bytes", JAX | XLA, "forward_gradient", "backprop"
    ),
    "bytes_over_forward_gradient": counts(
        "memory", "xla_temp_bytes", JAX | XLA, "checkpointed_backprop", "forward_gradient"
    ),
    "bytes_over_rank_one": counts(
        "memory", "xla_temp_bytes", JAX | XLA, "checkpointed_backprop", "forward_gradient_rank_one"
    ),
    "bytes_over_random_direction": counts(
        "cost",
        "step_xla_temp_bytes",
        SEQUENCE,
        "checkpointed_bptt",
        "directional_random",
        ("observation_bytes",),
    ),
    "step_over_forward_gradient": pair(
        "cost", "step_over_forward", TIMED, "checkpointed_backprop", "forward_gradient"
    ),
    "step_over_rank_one": pair(
        "cost", "step_over_forward", TIMED, "checkpointed_backprop", "forward_gradient_rank_one"
    ),
    "step_over_random_direction": pair(
        "cost", "step_over_forward", TIMED, "checkpointed_bptt", "directional_random"
    ),
    "steps_over_backprop": reached("steps_over_backprop"),
    "seconds_over_backprop": reached("seconds_over_backprop"),
    "steps_over_backprop_per_dimension": Made(per_dimension, {}),
    "backprop_rate_over": Made(best_rate, {"estimator": ["forward_gradient"]}, counted=True),
    "backprop_largest_rate_over": Made(
        borne_rate, {"estimator": ["forward_gradient"]}, counted=True
    ),
    "accuracy_difference_at_equal_loss": column("equal_loss", "difference", TRAINED, of=plain),
    "T_f_over_T_b": paper("T_f_over_T_b"),
    "seconds_forward_over_backprop": paper("seconds_forward_over_backprop"),
    "loss_over_random_direction": pair(
        "targets",
        "valid_loss",
        JAX | {"experiment": "copy"},
        "directional_diagonal",
        "directional_random",
    ),
    "loss_over_truncated": Made(truncated, {}, counted=True),
    "power_of_evaluations_in_dimension": column(
        "scaling",
        "slope",
        JAX | {"problem": "sparse", "optimizer": "sgd", "estimator": "forward_gradient"},
        "n",
        plain,
    ),
    "loss_over_plain": Made(over_plain, {"family": ["sparse"]}),
}
