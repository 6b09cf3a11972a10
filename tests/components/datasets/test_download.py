"""A data file comes from a local directory or else from a mirror, and its checksum is verified."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import pooch
import pytest

from dirgrad.components import data_files
from dirgrad.components.datasets import _download
from dirgrad.core.errors import UserError

FILE_NAME = "t10k-labels-idx1-ubyte"

CONTENT = b"twelve bytes"
MD5 = hashlib.md5(CONTENT).hexdigest()
COMPRESSED = gzip.compress(CONTENT)
TRUNCATED = COMPRESSED[:-9]
COMPRESSED_OTHER_CONTENT = gzip.compress(b"another file")
FIRST_URL, SECOND_URL = (f"{mirror}{FILE_NAME}.gz" for mirror in _download.MIRRORS)


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """Return the files that the mirrors serve, by URL.

    Tests add files. A URL without a file cannot be reached. The cache is in `tmp_path`.
    """
    served: dict[str, bytes] = {}

    def retrieve(
        url: str,
        known_hash: object,
        fname: str,
        path: Path,
        processor: Callable[..., str],
        **options: object,
    ) -> str:
        if url not in served:
            raise OSError("no route to host")
        path.mkdir(parents=True, exist_ok=True)
        (path / fname).write_bytes(served[url])
        return processor(str(path / fname), "download", None)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    return served


# Each function below spoils or omits a file and returns a part of the expected message.


def omit(path: Path, content: bytes) -> str:
    return f"{path.name}.gz: no such file"


def remove_the_last_byte(path: Path, content: bytes) -> str:
    path.write_bytes(content[:-1])
    return f"{path.name}: the file is not the original (11 uncompressed bytes"


def change_the_last_byte(path: Path, content: bytes) -> str:
    path.write_bytes(content[:-1] + b"\x07")
    return f"{path.name}: the file is not the original (12 uncompressed bytes"


def truncate_the_gzip_file(path: Path, content: bytes) -> str:
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content)[:-9])
    return f"{path.name}.gz: the file is truncated or corrupt"


def write_html_with_the_suffix_gz(path: Path, content: bytes) -> str:
    path.with_name(f"{path.name}.gz").write_bytes(b"<html>Not found</html>")
    return f"{path.name}.gz: the file is not the original (22 uncompressed bytes"


def corrupt_the_gzip_file(path: Path, content: bytes) -> str:
    compressed = bytearray(gzip.compress(bytes(range(256)) * 9))
    compressed[10:20] = b"\xff" * 10
    path.with_name(f"{path.name}.gz").write_bytes(compressed)
    return f"{path.name}.gz: the file is truncated or corrupt"


def create_a_folder(path: Path, content: bytes) -> str:
    path.mkdir()
    return f"{path.name}.gz: no such file"


def test_the_configured_directory_takes_precedence_over_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(data_files.DATA_VARIABLE, "environment")
    assert data_files.data_directory("configured") == Path("configured")
    assert data_files.data_directory(None) == Path("environment")


def test_a_tilde_is_the_home_directory() -> None:
    assert data_files.data_directory("~/mnist") == Path.home() / "mnist"


@pytest.mark.parametrize(
    "spoil",
    [
        omit,
        remove_the_last_byte,
        truncate_the_gzip_file,
        write_html_with_the_suffix_gz,
        corrupt_the_gzip_file,
        change_the_last_byte,
        create_a_folder,
    ],
)
def test_the_error_names_a_bad_local_file_and_gives_advice(
    spoil: Callable[[Path, bytes], str], mnist_files: dict[str, bytes], tmp_path: Path
) -> None:
    content = mnist_files[FILE_NAME]
    reason = spoil(tmp_path / FILE_NAME, content)
    with pytest.raises(UserError) as error:
        _download.read_verified(FILE_NAME, hashlib.md5(content).hexdigest(), str(tmp_path))
    message = str(error.value)
    assert message.startswith(str(tmp_path))
    assert reason in message
    assert message.endswith(data_files.ADVICE)
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "first_file",
    [None, COMPRESSED_OTHER_CONTENT, b"<html>", TRUNCATED],
    ids=["unreachable", "other content", "no gzip", "truncated"],
)
def test_the_second_mirror_serves_the_file_if_the_first_fails(
    mirrors: dict[str, bytes], first_file: bytes | None
) -> None:
    if first_file is not None:
        mirrors[FIRST_URL] = first_file
    mirrors[SECOND_URL] = COMPRESSED
    assert _download.read_verified(FILE_NAME, MD5, None) == CONTENT


def test_a_file_is_downloaded_only_once(mirrors: dict[str, bytes]) -> None:
    mirrors[FIRST_URL] = COMPRESSED
    _download.read_verified(FILE_NAME, MD5, None)
    mirrors.clear()
    assert _download.read_verified(FILE_NAME, MD5, None) == CONTENT


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        ({}, "OSError"),
        (dict.fromkeys((FIRST_URL, SECOND_URL), COMPRESSED_OTHER_CONTENT), "wrong checksum"),
    ],
    ids=["unreachable", "wrong checksum"],
)
def test_if_all_mirrors_fail_the_error_gives_the_reason_of_each_mirror(
    mirrors: dict[str, bytes], served: dict[str, bytes], reason: str
) -> None:
    mirrors.update(served)
    with pytest.raises(UserError) as error:
        _download.read_verified(FILE_NAME, MD5, None)
    message = str(error.value)
    assert message.startswith(f"{FILE_NAME}: could not be downloaded (")
    assert [message.count(f"{mirror}: {reason}") for mirror in _download.MIRRORS] == [1, 1]
    assert message.endswith(data_files.ADVICE)
    assert len(message.splitlines()) == 1


def test_a_download_with_a_wrong_checksum_is_deleted(
    mirrors: dict[str, bytes], tmp_path: Path
) -> None:
    mirrors[FIRST_URL] = mirrors[SECOND_URL] = COMPRESSED_OTHER_CONTENT
    with pytest.raises(UserError):
        _download.read_verified(FILE_NAME, MD5, None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "bad_file", [b"<html>Not found</html>", TRUNCATED], ids=["no gzip", "truncated"]
)
def test_a_download_that_cannot_be_unpacked_is_an_error_and_is_not_used_again(
    mirrors: dict[str, bytes], bad_file: bytes
) -> None:
    mirrors[FIRST_URL] = mirrors[SECOND_URL] = bad_file
    with pytest.raises(UserError, match=f"^{FILE_NAME}: could not be downloaded "):
        _download.read_verified(FILE_NAME, MD5, None)
    mirrors[FIRST_URL] = COMPRESSED
    assert _download.read_verified(FILE_NAME, MD5, None) == CONTENT


def test_the_error_names_a_cached_file_that_has_become_corrupt(
    mirrors: dict[str, bytes], tmp_path: Path
) -> None:
    mirrors[FIRST_URL] = COMPRESSED
    _download.read_verified(FILE_NAME, MD5, None)
    (cached,) = tmp_path.rglob(FILE_NAME)
    cached.write_bytes(CONTENT[:5])
    message = rf"{FILE_NAME}: the file is not the original \(5 uncompressed bytes"
    with pytest.raises(UserError, match=message):
        _download.read_verified(FILE_NAME, MD5, None)


@pytest.mark.parametrize("configured", ["~/mnist", None])
def test_a_user_without_a_home_directory_gets_advice(
    configured: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(data_files.DATA_VARIABLE, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr(pooch, "os_cache", lambda project: Path("~/.cache") / project)
    with pytest.raises(UserError, match=r"^~/.*: the user has no home directory: put the four"):
        _download.read_verified(FILE_NAME, MD5, configured)


def test_a_cache_below_a_file_is_reported_like_a_failed_download(
    mirrors: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    mirrors |= dict.fromkeys((FIRST_URL, SECOND_URL), COMPRESSED)
    monkeypatch.delenv(data_files.DATA_VARIABLE, raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "file" / project)
    with pytest.raises(UserError, match=r"could not be downloaded .*NotADirectoryError"):
        _download.read_verified(FILE_NAME, MD5, None)
