"""Chart of the interactive page, as specifications in Vega-Lite without data."""

from functools import cache
from itertools import product
from typing import Any

import altair as alt
import vl_convert

from dirgrad.report.figures.style import COLORS

X_SCALES = ("linear", "log", "nominal")
Y_SCALES = ("linear", "log", "symlog")
# The numbers of dashes and of shapes have no factor in common with the number of colors, so the
# ninth estimator differs from the first one.
DASHES = ([1, 0], [6, 3], [6, 2, 1, 2], [1, 2], [5, 1, 1, 1, 1, 1], [9, 3], [1, 4])
SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "triangle-down",
    "cross",
    "triangle-right",
    "triangle-left",
    "wedge",
)
SELECTED = "selected"
"""Parameter with the key of the point that the reader has selected."""
X_TITLE, Y_TITLE = "title of x", "title of y"
"""Titles of the axes until the page replaces them."""
TOOLTIP = ("method", "framework", "problem", "rate", "position", "value", "n")
"""Fields of a point that its tooltip shows, as text."""
AXIS: dict[str, Any] = {
    "labelFontSize": 12,
    "labelOverlap": "greedy",
    "labelSeparation": 10,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "gridOpacity": 0.5,
}
LEGEND: dict[str, Any] = {"labelFontSize": 12, "labelLimit": 320, "symbolSize": 90}
HEIGHT = 400
PADDING = 12
"""Pixels between the outermost points and the frame."""


def libraries() -> str:
    """Return the JavaScript of Vega, Vega-Lite and Vega-Embed, in the version of the schema."""
    major_and_minor = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    snippet = "window.vegaEmbed = vegaEmbed;"
    text: str = vl_convert.javascript_bundle(snippet, vl_version=major_and_minor)
    return text


@cache
def specifications() -> dict[str, dict[str, Any]]:
    """Return one specification per pair of scales, such as `log linear`.

    A signal cannot change the type of a scale, so every pair has its own specification.
    """
    return {f"{x} {y}": chart(x, y).to_dict() for x, y in product(X_SCALES, Y_SCALES)}


def chart(x_scale: str, y_scale: str) -> alt.LayerChart:
    """Return the chart for a pair of scales.

    The page adds the points as the data set `points`, and the estimators of the job, in order, as
    the domains of the scales of color, dashes and shape. A point has the numbers `x`, `y`, `low`
    and `high`, the names `estimator`, `line` and `key`, and the texts in `TOOLTIP`. Joined points
    have the flag `joined`; others have bars. Points of a second framework have the flag `second`.
    Points without the flag `marked` have no symbol, but can be clicked.
    """
    points = alt.Chart(alt.NamedData(name="points"))
    joined = points.transform_filter("datum.joined")
    band = joined.mark_area(opacity=0.15).encode(**_interval(y_scale), detail="line:N")
    line = joined.mark_line().encode(
        detail="line:N",
        order="x:Q",
        strokeDash=alt.StrokeDash("estimator:N", legend=_legend()).scale(range=[*DASHES]),
        strokeWidth=alt.condition("datum.second", alt.value(0.8), alt.value(1.8)),
    )
    bars = points.transform_filter("!datum.joined && isValid(datum.low)").mark_rule(strokeWidth=1.2)
    ring = points.transform_filter(f"datum.key === {SELECTED}").mark_point(size=260, strokeWidth=2)
    layers = [
        band,
        line,
        bars.encode(**_interval(y_scale)),
        _symbols(points, "!datum.second", filled=True),
        _symbols(points, "datum.second", filled=False),
        ring.encode(color=alt.value("#000")),
    ]
    return (
        alt.layer(*layers)
        .encode(x=_x(x_scale), y=_y("y", y_scale), color=_color())
        .add_params(alt.param(SELECTED, value=""))
        .properties(width="container", height=HEIGHT, title=alt.Title("", subtitle=[]))
        .configure(font="system-ui, sans-serif", background="#fff")
        .configure_title(anchor="start", fontSize=15, subtitleFontSize=12, offset=12)
        .configure_axis(**AXIS)
        .configure_legend(**LEGEND)
        .configure_view(stroke=None)
    )


def _x(scale: str) -> alt.X:
    if scale == "nominal":
        return alt.X("x:N", sort=None, title=X_TITLE).axis(
            labelAngle=-35, labelLimit=220, labelOverlap=False
        )
    return alt.X("x:Q", title=X_TITLE, scale=_scale(scale))


def _y(field: str, scale: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title=Y_TITLE, scale=_scale(scale))


def _scale(kind: str) -> alt.Scale:
    zero = {"zero": False} if kind == "linear" else {}
    return alt.Scale(type=kind, nice=False, padding=PADDING, **zero)


def _interval(scale: str) -> dict[str, Any]:
    return {"y": _y("low", scale), "y2": "high:Q"}


def _color() -> alt.Color:
    return alt.Color("estimator:N", legend=_legend()).scale(range=list(COLORS))


def _legend() -> alt.Legend:
    # Points that are only there to be clicked are transparent. Their legend is not, and its symbols
    # have no outline, which would be dashed like the lines.
    return alt.Legend(title=None, symbolOpacity=1, symbolStrokeWidth=0)


def _symbols(points: alt.Chart, test: str, filled: bool) -> alt.Chart:
    shape = alt.Shape("estimator:N", legend=_legend()).scale(range=[*SHAPES])
    return (
        points.transform_filter(test)
        .mark_point(filled=filled, strokeWidth=1.4, cursor="pointer", size=55)
        .encode(
            shape=shape,
            opacity=alt.condition("datum.marked", alt.value(1), alt.value(0)),
            tooltip=[alt.Tooltip(f"{name}:N") for name in TOOLTIP],
        )
    )
