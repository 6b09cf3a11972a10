"""A file is complete or does not exist, also with several writers; a run locks its results."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dirgrad.core.errors import UserError
from dirgrad.records import atomic, run_lock


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_two_writers_of_one_file_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "final.csv"

    def save(part: Path) -> None:
        part.write_text("first")
        atomic.write_atomically(path, lambda other: other.write_text("second"))
        assert path.read_text() == "second"
        assert part.read_text() == "first"

    atomic.write_atomically(path, save)
    assert path.read_text() == "first"
    assert names(tmp_path) == ["final.csv"]


@pytest.mark.parametrize("error", [OSError("No space left"), KeyboardInterrupt()])
def test_a_failed_write_removes_its_temporary_file(error: BaseException, tmp_path: Path) -> None:
    def save(part: Path) -> None:
        part.write_text("hal")
        raise error

    with pytest.raises(type(error)):
        atomic.write_atomically(tmp_path / "final.csv", save)
    assert names(tmp_path) == []


def test_the_content_is_on_the_disk_before_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "final.csv"
    existed: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: existed.append(path.exists()))
    atomic.write_atomically(path, lambda part: part.write_text("all"))
    assert existed == [False, True]


def test_the_temporary_files_of_killed_writers_are_removed(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in (".part-1-ab-final.csv", "deep/.part-2-cd-loss.svg", "deep/loss.svg"):
        (tmp_path / name).write_text("")
    atomic.remove_parts(tmp_path)
    assert names(tmp_path) == ["deep"]
    assert names(tmp_path / "deep") == ["loss.svg"]


HOLD = "import sys; from pathlib import Path; from dirgrad.records import run_lock as r; {}"


def test_a_second_run_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    program = HOLD.format("r.acquire(Path(sys.argv[1])); print(flush=True); sys.stdin.read()")
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(
            UserError, match=f"another run is at work here .process {holder.pid} on"
        ):
            run_lock.acquire(tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    run_lock.acquire(tmp_path)
