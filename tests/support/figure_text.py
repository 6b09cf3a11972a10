"""Texts that a figure shows to its readers."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def headings(figure: Figure) -> str:
    """Return the title of the figure, its shared axis labels and the titles of its panels."""
    titles = [axes.get_title() for axes in figure.axes]
    shared = [figure.get_suptitle(), figure.get_supxlabel(), figure.get_supylabel()]
    return "\n".join([*shared, *titles])


def legend_labels(figure: Figure) -> list[str]:
    """Return the labels of the legends of the figure and of its panels."""
    of_panels = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    legends = [*figure.legends, *of_panels]
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def panel_texts(axes: Axes) -> list[str]:
    """Return the texts that are written into a panel or next to it."""
    return [text.get_text() for text in axes.texts]
