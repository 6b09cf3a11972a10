"""Data sets: the digits against scikit-learn's, MNIST's files good and bad, and its download without a network."""

import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pooch
import pytest

from dirgrad.components.datasets import _download, mnist
from dirgrad.components.datasets.copy import Copy
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.datasets.mnist import Mnist
from dirgrad.components.datasets.photograph import Photograph
from dirgrad.core.errors import UserError
from dirgrad.core.types import Splits
from support.paths import ROOT

NAMES = tuple(mnist.FILES)
KEPT, HELD_OUT, TEST = 5, 3, 4
TRAIN = KEPT + HELD_OUT
NEARBY = ROOT.parent / "shared" / "data" / "mnist"


@pytest.fixture(autouse=True)
def _no_directory_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(_download.VARIABLE, raising=False)


def pixels(splits: Splits) -> tuple[np.ndarray, np.ndarray]:
    images, labels = (np.concatenate([part[i] for part in splits]) for i in range(2))
    return images, labels


# What is made


def test_the_copy_problem_shows_waits_and_asks() -> None:
    made = Copy(symbols=3, shown=2, delay=4)
    images, labels = made.load(None).train
    assert images.shape == (made.train_examples, made.height, made.width) == (4000, 8, 4)
    assert np.array_equal(images[:, :2, :3].argmax(axis=2), labels)
    assert np.array_equal(
        images.sum(axis=(0, 2)) > 0, [True, True, False, False, False, False, True, True]
    )
    assert (images[:, 6:, 3] == 1).all()
    assert set(labels.ravel()) == {0, 1, 2}


def test_the_photograph_is_scikit_learns_made_smaller() -> None:
    from sklearn.datasets import load_sample_image

    made = Photograph(side=8, octaves=1)
    parts = made.load(None)
    features, colours = pixels(parts)
    assert [len(part[0]) for part in parts] == [32, 16, 16]
    row, column = (
        np.arctan2(features[:, 0, i], features[:, 0, 2 + i]) / np.pi * 8 for i in range(2)
    )
    found = colours[np.lexsort((column.round(), row.round()))].reshape(8, 8, 3)
    original = load_sample_image("china.jpg").astype(float) / 255
    assert np.abs(found.mean(axis=(0, 1)) - original.mean(axis=(0, 1))).max() < 0.005
    assert np.abs(found[0, 0] - original[:53, :80].mean(axis=(0, 1))).max() < 0.02


# The digits


def test_the_digits_are_scikit_learns_in_the_order_of_the_seed() -> None:
    from sklearn.datasets import load_digits

    original, order = load_digits(), np.random.default_rng(0).permutation(1797)
    images, labels = pixels(Digits().load(None))
    assert np.array_equal(images, original.images[order] / 16)
    assert np.array_equal(labels, original.target[order])


def test_the_digits_are_split_into_1200_300_and_297() -> None:
    digits = Digits()
    shapes = [(images.shape, labels.shape) for images, labels in digits.load(None)]
    assert shapes == [((n, digits.height, digits.width), (n,)) for n in (1200, 300, 297)]
    assert digits.train_examples == 1200


def test_the_digits_are_between_0_and_1_with_ten_labels() -> None:
    images, labels = pixels(Digits().load(None))
    assert (images.min(), images.max()) == (0.0, 1.0)
    assert set(labels) == set(range(Digits().classes))
    assert labels.dtype.kind == "i"


def test_the_split_depends_on_its_seed_alone() -> None:
    one, again, other = (pixels(Digits(split_seed=seed).load(None))[0] for seed in (3, 3, 4))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert sorted(map(bytes, one)) == sorted(map(bytes, other))


def test_without_scikit_learn_the_digits_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dirgrad.components.datasets.digits.find_spec", lambda name: None)
    with pytest.raises(UserError, match="run `pip install scikit-learn`"):
        Digits().load(None)


# MNIST from a directory


def _made() -> dict[str, bytes]:
    """Files as MNIST's of a few images, black but for two corners: one is white, one tells the image's number."""
    found = {}
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        images = np.zeros((count, 28, 28), np.uint8)
        images[:, 0, 0], images[:, -1, -1] = 255, np.arange(count)
        header = np.array([2051, count, 28, 28], ">i4").tobytes()
        found[f"{part}-images-idx3-ubyte"] = header + images.tobytes()
        found[f"{part}-labels-idx1-ubyte"] = (
            np.array([2049, count], ">i4").tobytes() + np.arange(count, dtype=np.uint8).tobytes()
        )
    return found


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    return _made()


@pytest.fixture(scope="module")
def plain(whole: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("mnist")
    for name, content in whole.items():
        (directory / name).write_bytes(content)
    return directory


@pytest.fixture
def sums(whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """The checksums and the split of the files made here in place of MNIST's."""
    monkeypatch.setattr(Mnist, "train_examples", KEPT)
    for name, content in whole.items():
        monkeypatch.setitem(mnist.FILES, name, hashlib.md5(content).hexdigest())


@pytest.mark.usefixtures("sums")
def test_mnist_is_split_into_the_first_images_the_rest_and_the_test_files(plain: Path) -> None:
    splits = Mnist(scaling="raw").load(str(plain))
    numbers = [range(KEPT), range(KEPT, TRAIN), range(TEST)]
    assert [labels.tolist() for _, labels in splits] == [list(part) for part in numbers]
    assert [images[:, -1, -1].tolist() for images, _ in splits] == [list(part) for part in numbers]
    assert all((images[:, 0, 0] == 255).all() for images, _ in splits)


@pytest.mark.usefixtures("sums")
def test_mnist_is_read_from_compressed_files(whole: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in whole.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    assert len(Mnist().load(str(tmp_path)).test[0]) == TEST


@pytest.mark.usefixtures("sums")
def test_mnist_is_read_from_the_directory_in_the_environment(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(_download.VARIABLE, str(plain))
    assert len(Mnist().load(None).test[0]) == TEST


def test_the_configured_directory_comes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(_download.VARIABLE, "there")
    assert _download.directory_of("here") == Path("here")
    assert _download.directory_of(None) == Path("there")


def test_a_tilde_is_the_home_directory() -> None:
    assert _download.directory_of("~/mnist") == Path.home() / "mnist"


@pytest.mark.parametrize(
    ("scaling", "black", "white"),
    [
        ("raw", 0.0, 255.0),
        ("unit", 0.0, 1.0),
        ("symmetric", -1.0, 1.0),
        ("standardized", -0.1307 / 0.3081, 0.8693 / 0.3081),
    ],
)
def test_black_and_white_are_scaled(scaling: Any, black: float, white: float) -> None:
    found = Mnist(scaling=scaling)._scaled(np.repeat(np.array([0, 255], np.uint8), 28 * 28))
    assert found.shape == (2, 28, 28)
    assert np.allclose(found[0], black)
    assert np.allclose(found[1], white)


LABELS = "t10k-labels-idx1-ubyte"


def _absent(path: Path, content: bytes) -> str:
    return f"{path.name}.gz: no such file"


def _short(path: Path, content: bytes) -> str:
    path.write_bytes(content[:-1])
    return f"{path.name}: the file is not the original (11 uncompressed bytes"


def _cut(path: Path, content: bytes) -> str:
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content)[:-9])
    return f"{path.name}.gz: the file is truncated or corrupt"


def _no_gzip(path: Path, content: bytes) -> str:
    path.with_name(f"{path.name}.gz").write_bytes(b"<html>Not found</html>")
    return f"{path.name}.gz: the file is truncated or corrupt"


def _garbled(path: Path, content: bytes) -> str:
    compressed = bytearray(gzip.compress(bytes(range(256)) * 9))
    compressed[10:20] = b"\xff" * 10
    path.with_name(f"{path.name}.gz").write_bytes(compressed)
    return f"{path.name}.gz: the file is truncated or corrupt"


def _other(path: Path, content: bytes) -> str:
    path.write_bytes(content[:-1] + b"\x07")
    return f"{path.name}: the file is not the original (12 uncompressed bytes"


def _folder(path: Path, content: bytes) -> str:
    path.mkdir()
    return f"{path.name}.gz: no such file"


@pytest.mark.parametrize("spoil", [_absent, _short, _cut, _no_gzip, _garbled, _other, _folder])
def test_a_bad_file_is_named_with_what_to_do(
    spoil: Callable[[Path, bytes], str], whole: dict[str, bytes], tmp_path: Path
) -> None:
    content = whole[LABELS]
    said = spoil(tmp_path / LABELS, content)
    with pytest.raises(UserError) as error:
        _download.verified(LABELS, hashlib.md5(content).hexdigest(), str(tmp_path))
    text = str(error.value)
    assert text.startswith(str(tmp_path))
    assert said in text
    assert text.endswith(_download.ADVICE)
    assert len(text.splitlines()) == 1


@pytest.mark.usefixtures("sums")
def test_of_many_files_the_bad_one_is_named(
    plain: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    for name in NAMES[:-1]:
        (tmp_path / name).symlink_to(plain / name)
    with pytest.raises(UserError, match=f"{NAMES[-1]}.gz: no such file"):
        Mnist().load(str(tmp_path))


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        Mnist().load(str(tmp_path / "nowhere"))


# MNIST from the mirrors, of which a dictionary plays the part


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """What the mirrors serve by their address; the cache is `tmp_path`. No address: they cannot be reached."""
    served: dict[str, bytes] = {}

    def retrieve(
        url: str,
        known_hash: object,
        fname: str,
        path: Path,
        processor: Callable[..., str],
        **_: object,
    ) -> str:
        if url not in served:
            raise OSError("no route to host")
        path.mkdir(parents=True, exist_ok=True)
        (path / fname).write_bytes(served[url])
        return processor(str(path / fname), "download", None)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    return served


CONTENT = b"twelve bytes"
MD5 = hashlib.md5(CONTENT).hexdigest()
FIRST, SECOND = (f"{mirror}{LABELS}.gz" for mirror in _download.MIRRORS)


@pytest.mark.parametrize(
    "bad",
    [None, gzip.compress(b"another file"), b"<html>", gzip.compress(CONTENT)[:-9]],
    ids=["down", "another", "no gzip", "truncated"],
)
def test_the_second_mirror_serves_where_the_first_fails(
    mirrors: dict[str, bytes], bad: bytes | None
) -> None:
    mirrors |= ({FIRST: bad} if bad else {}) | {SECOND: gzip.compress(CONTENT)}
    assert _download.verified(LABELS, MD5, None) == CONTENT


def test_a_download_is_kept_and_not_made_twice(mirrors: dict[str, bytes]) -> None:
    mirrors[FIRST] = gzip.compress(CONTENT)
    _download.verified(LABELS, MD5, None)
    mirrors.clear()
    assert _download.verified(LABELS, MD5, None) == CONTENT


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        ({}, "OSError"),
        ({url: gzip.compress(b"another file") for url in (FIRST, SECOND)}, "wrong checksum"),
    ],
    ids=["unreachable", "wrong checksum"],
)
def test_where_no_mirror_has_the_file_each_is_told_of(
    mirrors: dict[str, bytes], served: dict[str, bytes], reason: str
) -> None:
    mirrors |= served
    with pytest.raises(UserError) as error:
        _download.verified(LABELS, MD5, None)
    text = str(error.value)
    assert text.startswith(f"{LABELS}: could not be downloaded (")
    assert [text.count(f"{mirror}: {reason}") for mirror in _download.MIRRORS] == [1, 1]
    assert text.endswith(_download.ADVICE)
    assert len(text.splitlines()) == 1


def test_a_wrong_download_is_not_kept(mirrors: dict[str, bytes], tmp_path: Path) -> None:
    mirrors |= {url: gzip.compress(b"another file") for url in (FIRST, SECOND)}
    with pytest.raises(UserError):
        _download.verified(LABELS, MD5, None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "bad", [b"<html>Not found</html>", gzip.compress(CONTENT)[:-9]], ids=["no gzip", "truncated"]
)
def test_a_download_that_cannot_be_unpacked_is_told_and_not_kept(
    mirrors: dict[str, bytes], bad: bytes
) -> None:
    mirrors |= {FIRST: bad, SECOND: bad}
    with pytest.raises(UserError, match=f"^{LABELS}: could not be downloaded "):
        _download.verified(LABELS, MD5, None)
    mirrors[FIRST] = gzip.compress(CONTENT)
    assert _download.verified(LABELS, MD5, None) == CONTENT


def test_a_kept_file_that_has_gone_bad_is_named(mirrors: dict[str, bytes], tmp_path: Path) -> None:
    mirrors[FIRST] = gzip.compress(CONTENT)
    _download.verified(LABELS, MD5, None)
    (kept,) = tmp_path.rglob(LABELS)
    kept.write_bytes(CONTENT[:5])
    with pytest.raises(
        UserError, match=rf"{LABELS}: the file is not the original \(5 uncompressed bytes"
    ):
        _download.verified(LABELS, MD5, None)


# MNIST itself

REAL = os.environ.get(_download.VARIABLE) or (str(NEARBY) if NEARBY.is_dir() else None)


@pytest.mark.skipif(
    REAL is None, reason=f"MNIST is not here: name its directory by {_download.VARIABLE}."
)
def test_mnist_is_mnist() -> None:
    splits = Mnist(scaling="standardized").load(REAL)
    images = splits.train[0]
    assert [len(labels) for _, labels in splits] == [50_000, 10_000, 10_000]
    assert [labels[:4].tolist() for _, labels in (splits.train, splits.test)] == [
        [5, 0, 4, 1],
        [7, 2, 1, 0],
    ]
    assert abs(images.mean(dtype=np.float64)) < 0.01
    assert abs(images.std(dtype=np.float64) - 1) < 0.01


def test_raw_digits_are_sixteen_times_the_scaled_ones() -> None:
    raw, unit = (Digits(scaling=scaling).load(None).train[0] for scaling in ("raw", "unit"))
    np.testing.assert_array_equal(raw, 16 * unit)
    assert raw.max() == 16
