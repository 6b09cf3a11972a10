"""Print the options by which pip takes the build of PyTorch for this machine.

`make install` runs this file with Python's own library, before anything is installed:

    python3 envs/torch_index.py [cpu | cuda]

Without an argument, the build for CPUs is taken where no NVIDIA driver is installed. On Linux, PyPI
has the CUDA build only, which is 2.7 GB with its libraries. On other systems, it has the right one.
"""

import shutil
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from threading import Thread

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
DRIVER = Path("/proc/driver/nvidia/version")
PATIENCE = 5.0
"""Seconds after which an index counts as unreachable."""


def has_driver() -> bool:
    """Return whether an NVIDIA driver is installed."""
    return DRIVER.exists() or shutil.which("nvidia-smi") is not None


def is_reachable(url: str, patience: float = PATIENCE) -> bool:
    """Return whether a page answers within `patience` seconds."""
    answers: list[int] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(url, timeout=patience) as page:
                answers.append(page.status)
        except OSError:
            return

    # The time limit of urllib does not cover the look-up of the name.
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(patience)
    return bool(answers)


def build(choice: str, platform: str, driver: Callable[[], bool]) -> str:
    """Return the build to install: `cpu`, or `default` for the one of pip's own index.

    Args:
        choice: The build that the user wants, or an empty text.
        platform: The operating system, as in `sys.platform`.
        driver: Whether an NVIDIA driver is installed.

    Raises:
        ValueError: The choice is not a build.
    """
    if choice not in ("", "cpu", "cuda"):
        raise ValueError(f"TORCH={choice}: unknown build of PyTorch: give cpu or cuda")
    if platform != "linux":
        return "default"
    return "cpu" if choice == "cpu" or (not choice and not driver()) else "default"


def main(choice: str) -> int:
    """Print pip's options, and return the exit status."""
    try:
        chosen = build(choice, sys.platform, has_driver)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if chosen == "default":
        return 0
    if is_reachable(f"{CPU_INDEX}/torch/"):
        # pip prefers 2.13.0+cpu to 2.13.0.
        print(f"--extra-index-url {CPU_INDEX}")
    else:
        print(
            f"{CPU_INDEX} cannot be reached: pip takes PyTorch from its own index", file=sys.stderr
        )
    return 0


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))
