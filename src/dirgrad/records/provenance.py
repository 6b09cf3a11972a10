"""Provenance of a record: code, versions, machine and settings."""

import hashlib
import json
import os
import platform
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


def commit() -> str:
    """Return the commit of the source tree, 12 hexadecimal digits.

    `-dirty` is appended if tracked files have changed since the commit. Outside a repository,
    or without git, the result is `unknown`.
    """
    directory = str(Path(__file__).parent)
    options = ["--always", "--dirty", "--abbrev=12", "--exclude=*"]
    command = ["git", "-C", directory, "describe", *options]
    try:
        process = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN
    return process.stdout.strip()


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


def collect(settings: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that every file of records contains.

    Args:
        settings: Settings of the job.
        environment: Facts about the framework: its version and its device.
    """
    return {
        "dirgrad": dirgrad.__version__,
        "commit": commit(),
        "settings_hash": digest(settings),
        "settings": json.dumps(settings, sort_keys=True),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        **environment,
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
