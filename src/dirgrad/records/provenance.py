"""Provenance of a record: code, versions, machine and settings."""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import dirgrad

UNKNOWN = "unknown"
"""Value of a fact that cannot be determined."""


ENVIRONMENT = (
    *("JAX_", "XLA_", "TORCH", "PYTORCH_", "ATEN_", "CUDA_", "CUBLAS_", "CUDNN_"),
    *("NVIDIA_TF32_", "NVIDIA_VISIBLE_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "NPROC"),
    *("TF_CPP_", "TF_CUDNN_", "TF_DETERMINISTIC_", "TF_ENABLE_", "TF_GPU_", "TF_XLA_"),
)
"""Beginnings of the environment variables that frameworks read.

Other programs share the beginnings `TF_` and `NVIDIA_`, some of them for passwords.
"""
OF_THIS_MACHINE = ("_DIR", "_FILE", "_HOME", "_PATH")
"""Endings of variables that name a place on this machine, on which no result depends."""
STATED_COMMIT = "DIRGRAD_COMMIT"
"""Variable with the commit of a package outside a repository, such as in a container image."""
OF_ANOTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")
"""Variables by which git would look at another repository, for example within a hook."""


def commit() -> str:
    """Return the commit of the source tree, 12 hexadecimal digits.

    `-dirty` is appended if tracked files have changed since the commit, or if the package or the
    folder `config` has files that git neither tracks nor ignores. The result is `unknown` without
    git, outside a repository, and inside a repository that does not track this package. Where it
    would be `unknown`, the environment variable DIRGRAD_COMMIT may state a commit, which then ends
    in `-stated`.
    """
    package = Path(__file__).resolve().parents[1]
    try:
        _git(package, "ls-files", "--error-unmatch", "--", str(Path(__file__).resolve()))
        revision = _git(package, "describe", "--always", "--abbrev=12", "--exclude=*")
        changed = _git(package, "status", "--porcelain", "--untracked-files=no")
        added = _git(package, "status", "--porcelain", "--", ".", ":(top)config")
    except (OSError, subprocess.CalledProcessError):
        return _stated_commit()
    return f"{revision}-dirty" if changed or added else revision


def _stated_commit() -> str:
    """Return the commit that the environment states, marked as such, since nothing checks it."""
    stated = os.environ.get(STATED_COMMIT, "")
    if not re.fullmatch("[0-9a-f]{12,40}(-dirty)?", stated):
        return UNKNOWN
    return f"{stated}-stated"


def _git(directory: Path, *arguments: str) -> str:
    """Return what git prints about the repository of a directory, which it only reads."""
    environment = {
        name: value for name, value in os.environ.items() if name not in OF_ANOTHER_REPOSITORY
    }
    # In a container the checkout may belong to another user. Nothing that its settings name runs.
    options = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false", "--no-optional-locks"]
    command = ["git", "-C", str(directory), *options, *arguments]
    process = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return process.stdout.strip()


def environment_variables() -> dict[str, str]:
    """Return the variables that a framework reads and that name no place on this machine."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(ENVIRONMENT) and not name.endswith(OF_THIS_MACHINE)
    }


def digest(settings: Mapping[str, Any]) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 hash of settings.

    The order of the keys does not matter.
    """
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def cpu_model() -> str:
    """Return the name of the processor, or of its architecture if the name is not available."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    for line in text.splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def device_name(environment: Mapping[str, str]) -> str:
    """Return the kind and the name of the device, such as `cpu: AMD EPYC` or `gpu: NVIDIA H200`.

    Frameworks do not name a processor, so the system names it.

    Args:
        environment: Facts about the framework, with the key `device`.
    """
    kind = environment["device"].partition(":")[0]
    return f"cpu: {cpu_model()}" if kind == "cpu" else environment["device"]


def collect(
    settings: Mapping[str, Any],
    environment: Mapping[str, str],
    begin: datetime | None = None,
) -> dict[str, str]:
    """Return the facts that every file of records contains.

    Args:
        settings: Settings of the job.
        environment: Facts about the framework: its version and its device.
        begin: Time at which the job began, with its time zone. The facts then have the wall time
            of the job in seconds; without it, the job counts as begun at this moment.
    """
    end = datetime.now(UTC)
    wall_time = {"seconds": f"{(end - begin).total_seconds():.1f}"} if begin else {}
    return {
        "dirgrad": dirgrad.__version__,
        "commit": commit(),
        "settings_hash": digest(settings),
        "settings": json.dumps(settings, sort_keys=True),
        "started": (begin or end).astimezone(UTC).isoformat(timespec="seconds"),
        **wall_time,
        "python": platform.python_version(),
        "numpy": np.__version__,
        **environment,
        "environment": json.dumps(environment_variables()),
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cpu_count": str(os.cpu_count()),
        "load_average_1min": _load_average(),
        "command": " ".join(sys.argv[1:]),
    }


def _load_average() -> str:
    """Return the load average over one minute; not every system has one."""
    if not hasattr(os, "getloadavg"):
        return UNKNOWN
    return f"{os.getloadavg()[0]:.2f}"
