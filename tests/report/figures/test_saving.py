"""A saved figure contains its title, its origin and its description."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from PIL import Image

from dirgrad.records import origin
from dirgrad.report.figures import panels, saving

SVG = "{http://www.w3.org/2000/svg}"
METADATA = saving.Metadata('{"run_id": "0123"}', "Loss & time", "Points where T < 1 & rising.")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return the path of a saved figure, without its suffix."""
    figure, _ = panels.new_figure(1, 1)
    saving.save(figure, tmp_path / "loss_mlp", METADATA)
    return tmp_path / "loss_mlp"


def test_the_svg_has_the_title_and_then_the_description(saved: Path) -> None:
    root = ElementTree.fromstring(saved.with_suffix(".svg").read_text(encoding="utf-8"))
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "loss_mlp: Loss & time"
    assert root[1].tag == f"{SVG}desc"
    assert root[1].text == METADATA.alt


@pytest.mark.parametrize("suffix", saving.FORMATS)
def test_the_origin_can_be_read_from_every_format(suffix: str, tmp_path: Path) -> None:
    source = origin.Origin("0123456789ab", "abc", "def", "0", ("beale/jax 01",))
    figure, _ = panels.new_figure(1, 1)
    metadata = METADATA._replace(origin=origin.to_line(source))
    saving.save(figure, tmp_path / "loss_mlp", metadata, [suffix])
    (path,) = tmp_path.iterdir()
    assert origin.read(path)["run_id"] == "0123456789ab"


def test_the_png_has_a_palette_and_keeps_its_texts_and_its_size(saved: Path) -> None:
    with Image.open(saved.with_suffix(".png")) as image:
        assert image.mode == "P"
        assert image.text["Description"] == METADATA.origin
        assert image.text["Title"] == "loss_mlp: Loss & time"
        assert image.info["dpi"] == pytest.approx((160, 160), rel=1e-3)
        assert image.size == (1440, 464)


def test_a_figure_is_drawn_once_per_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw = Figure.draw

    def counted(figure: Figure, renderer: RendererBase) -> None:
        drawn.append(renderer)
        draw(figure, renderer)

    monkeypatch.setattr(Figure, "draw", counted)
    figure, _ = panels.new_figure(1, 1)
    saving.save(figure, tmp_path / "loss_mlp", METADATA)
    assert len(drawn) == len(saving.FORMATS)
