"""Of estimates against the exact gradient: bias, noise, and how both grow."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dirgrad.analysis.evidence.reading import (
    Quantity,
    Tables,
    Where,
    column,
    exponent,
    facet_groups,
    half_width,
    ratio_of_rows,
    select_rows,
)
from dirgrad.analysis.verdicts import Evidence

PLAIN = "forward_gradient"
DIFFERENCE = ("backend", "problem", "estimator", "eps", "dtype")


def _projection(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The mean estimate along the gradient, over the gradient's length: 1 where there is no bias. All measurements of a framework
    together, each by the number of its directions."""
    columns = (
        "estimator_kind",
        "num_directions",
        "projection",
        "projection_low",
        "projection_high",
        "draws",
    )
    found = select_rows(tables, "quality", chosen, *columns)
    found = found[(found["estimator_kind"] == PLAIN) & found["projection_high"].notna()]
    for place, group in facet_groups(found, ["backend"]):
        widths = np.array(
            [half_width(row, "projection", logarithmic=False) for _, row in group.iterrows()]
        )
        weights = (group["draws"] * group["num_directions"]).to_numpy(float) / (
            group["draws"] * group["num_directions"]
        ).sum()
        value, half = (
            (weights * group["projection"]).sum(),
            np.sqrt(((weights * widths) ** 2).sum()),
        )
        yield Evidence(
            place, float(value), float(value - half), float(value + half), int(group["draws"].sum())
        )


def _growth(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The power of the dimension with which the relative squared error, 1/snr, grows, from ten parameters on: below, d + 1 and
    d - 1 are not d."""
    columns = (
        "estimator_kind",
        "direction",
        "num_directions",
        "dimension",
        "snr",
        "snr_low",
        "snr_high",
        "draws",
    )
    found = select_rows(tables, "quality", chosen, *columns)
    one = found[
        (found["estimator_kind"] == PLAIN)
        & (found["num_directions"] == 1)
        & (found["dimension"] >= 10)
    ]
    for place, group in facet_groups(one, ["backend", "direction"]):
        yield from exponent(place, group, "dimension", "snr", "draws", reciprocal=True)


def _directions(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The power of the number of directions with which the signal-to-noise ratio grows, at one problem."""
    columns = (
        "quality",
        "problem",
        "estimator_kind",
        "direction",
        "num_directions",
        "snr",
        "snr_low",
        "snr_high",
        "draws",
    )
    found = select_rows(tables, "quality", chosen, *columns)
    for place, group in facet_groups(
        found[found["estimator_kind"] == PLAIN], ["backend", "direction", "problem"]
    ):
        most = group.groupby("quality")["num_directions"].nunique().idxmax()
        yield from exponent(
            place, group[group["quality"] == most], "num_directions", "snr", "draws"
        )


def _over_gaussian(tables: Tables, chosen: Where) -> Iterator[Evidence]:
    """The signal-to-noise ratio of a law of directions over that of the Gaussian, on the same problem."""
    columns = (
        "quality",
        "problem",
        "estimator_kind",
        "direction",
        "num_directions",
        "dimension",
        "snr",
        "snr_low",
        "snr_high",
        "draws",
    )
    found = select_rows(tables, "quality", {}, *columns)
    one = found[
        (found["num_directions"] == 1) & (found["estimator_kind"] == PLAIN) & (found["snr_low"] > 0)
    ]
    gaussian = {
        (row["quality"], row["problem"], row["backend"]): row
        for _, row in one[one["direction"] == "gaussian"].iterrows()
    }
    wanted = one[one["direction"].isin(chosen.get("direction", ()))]
    for place, group in facet_groups(wanted, ["backend", "direction", "dimension"]):
        row = group.iloc[0]
        key = (row["quality"], row["problem"], row["backend"])
        if key in gaussian:
            yield ratio_of_rows(place, row, gaussian[key], "snr", "draws")


def _order(name: str) -> Quantity:
    """The power of its step with which a finite difference is off, while it is Taylor's rest that it is off by: at the steps that
    are more than ten times that of the least error."""

    def of(tables: Tables, chosen: Where) -> Iterator[Evidence]:
        found = select_rows(
            tables,
            "quality",
            chosen,
            "eps",
            "dtype",
            "difference_error",
            name,
            f"{name}_low",
            f"{name}_high",
            "draws",
        )
        found = found[found["difference_error"] > 0]
        for place, group in facet_groups(found, ["backend", "problem", "estimator"]):
            best = group.sort_values("difference_error")["eps"].iloc[0]
            yield from exponent(
                place, _sizes(group[group["eps"] > 10 * best], name), "eps", name, "draws"
            )

    return Quantity(of, ("quality",), ("estimator", "dtype", "problem"))


def _sizes(group: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows with a quantity without its sign."""
    names = [name, f"{name}_low", f"{name}_high"]
    value, low, high = group[names].to_numpy(float).T
    negative = value < 0
    sizes = np.abs(value), np.where(negative, -high, low), np.where(negative, -low, high)
    return group.assign(**dict(zip(names, sizes, strict=True)))


QUANTITIES = {
    "projection": Quantity(_projection, ("quality",)),
    "power_of_noise_in_dimension": Quantity(_growth, ("quality",), ("direction", "quality")),
    "power_of_signal_in_directions": Quantity(_directions, ("quality",), ("direction", "quality")),
    "signal_over_gaussian": Quantity(
        _over_gaussian, ("quality",), ("direction",), logarithmic=True
    ),
    "difference_bias": column("quality", "difference_bias", DIFFERENCE, "draws", logarithmic=False),
    "power_of_difference_error_in_eps": _order("difference_error"),
    "power_of_difference_bias_in_eps": _order("difference_bias"),
}
