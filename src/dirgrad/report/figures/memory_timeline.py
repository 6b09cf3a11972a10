"""Resident memory of a training process is plotted over time.

A second process takes the samples. The gray line marks the first step.
"""

from matplotlib.figure import Figure

from dirgrad.report.figures import style

MEBIBYTE = 2**20


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw one panel per framework, with a line per estimator.

    Args:
        tables: The table `timeline`.
        name: The memory measurement to show.
    """
    timeline = tables["timeline"].query("memory == @name")
    backends = timeline["backend"].unique()
    styles = style.line_styles(timeline["estimator"].unique())
    figure, panels = style.new_figure(1, len(backends), height=3.0)
    for axes, backend in zip(panels[0], backends, strict=True):
        rows = timeline.query("backend == @backend")
        for estimator, line in styles.items():
            part = rows[rows["estimator"] == estimator]
            axes.plot(
                part["seconds"],
                part["resident_bytes"] / MEBIBYTE,
                label=style.label(estimator),
                color=line["color"],
                linestyle=line["linestyle"],
            )
        axes.axvline(0, color="0.6", linewidth=0.8)
        axes.set(xlabel="time since the first step [s]", ylabel="resident set [MiB]")
        axes.set(ylim=(0, None), title=style.BACKENDS[backend])
    style.add_legend(figure, panels, ncols=5)
    depth = style.count_range(timeline["depth"])
    batch = style.count_range(timeline["batch_size"])
    style.add_title(
        figure,
        f"{style.label(name)}: n = 1 process each, no interval; {depth} layers, batch {batch}; "
        "left of the gray line: imports and compilation",
    )
    return figure
