"""Where a number comes from: code, versions, machine, settings."""

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


def commit() -> str:
    """The commit of the source tree, `-dirty` behind it if tracked files have changed since; `unknown` outside a repository."""
    try:
        command = [
            "git",
            "-C",
            str(Path(__file__).parent),
            "describe",
            "--always",
            "--dirty",
            "--abbrev=12",
            "--exclude=*",
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def digest(settings: Mapping[str, Any]) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of settings, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def cpu_model() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def collect(settings: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """The facts that every record carries. environment: what the backend says of itself."""
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
        "load_average_1min": f"{os.getloadavg()[0]:.2f}"
        if hasattr(os, "getloadavg")
        else "unknown",
        "command": " ".join(sys.argv[1:]),
    }
