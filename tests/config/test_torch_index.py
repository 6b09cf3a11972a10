"""`make install` takes the CPU build of PyTorch unless a driver or the user says otherwise."""

import importlib.util
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from support.paths import ROOT

SPECIFICATION = importlib.util.spec_from_file_location(
    "torch_index", ROOT / "envs" / "torch_index.py"
)
torch_index = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(torch_index)


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if "missing" in self.path else 200)
        self.end_headers()


@pytest.fixture
def server() -> Iterator[str]:
    """Return the address of a web server on this machine."""
    with HTTPServer(("127.0.0.1", 0), Page) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("choice", "platform", "driver", "expected"),
    [
        ("", "linux", False, "cpu"),
        ("", "linux", True, "default"),
        ("cpu", "linux", True, "cpu"),
        ("cuda", "linux", False, "default"),
        ("", "darwin", False, "default"),
        ("cpu", "darwin", False, "default"),
    ],
)
def test_the_build_follows_the_choice_and_then_the_driver(
    choice: str, platform: str, driver: bool, expected: str
) -> None:
    assert torch_index.build(choice, platform, lambda: driver) == expected


def test_an_index_is_reachable_if_its_page_answers(server: str) -> None:
    assert torch_index.is_reachable(f"{server}/torch/")
    assert not torch_index.is_reachable(f"{server}/missing/")


def test_an_index_that_never_answers_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert not torch_index.is_reachable(url, patience=0.2)


@pytest.mark.parametrize("reachable", [True, False])
def test_an_unreachable_index_gives_one_line_and_no_option(
    reachable: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch_index.sys, "platform", "linux")
    monkeypatch.setattr(torch_index, "is_reachable", lambda url: reachable)
    assert torch_index.main("cpu") == 0
    printed = capsys.readouterr()
    options = f"--extra-index-url {torch_index.CPU_INDEX}\n"
    assert printed.out == (options if reachable else "")
    assert printed.err.count("\n") == (0 if reachable else 1)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_refuses_an_unknown_build_before_it_installs_anything(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "envs"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = ["make", "TORCH=gpu", "install"]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert process.returncode == 2
    assert "TORCH=gpu: unknown build of PyTorch: give cpu or cuda\n" in process.stderr
    assert not (tmp_path / ".venv").exists()
