"""Read how much energy the device has used, from the counters of the machine.

A processor has counters in the kernel's powercap interface (RAPL), which often only the
administrator may read. An NVIDIA GPU has a counter in NVML, which the optional package
`nvidia-ml-py` reads. Both count the whole device with everything that runs on it.
"""

import importlib
import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

POWERCAP = Path("/sys/class/powercap")
"""Directory of the energy counters of the processors."""
NOT_READABLE = "not readable here"
"""Source of a machine whose counters cannot be read."""

Counters = tuple[int, ...]
"""Values of all counters at one moment, in microjoules."""


class Meter(NamedTuple):
    """The energy counters of a device.

    Attributes:
        source: `rapl` for a processor, `nvml` for a GPU, or `not readable here`.
        read: Reads the counters. The result is () if they cannot be read.
        ranges: Value at which each counter starts again at 0, in microjoules.
    """

    source: str
    read: Callable[[], Counters]
    ranges: Counters


def meter(device: str, powercap: Path = POWERCAP) -> Meter:
    """Return the meter of a device.

    Args:
        device: Name of the device as in the provenance of a record, such as `cpu: AMD EPYC`.
        powercap: Directory of the energy counters of the processors.
    """
    counters = _rapl(powercap) if device.startswith("cpu") else _nvml()
    if counters is None or not counters.read():
        return Meter(NOT_READABLE, lambda: (), ())
    return counters


def joules_since(meter: Meter, before: Counters) -> float | None:
    """Return the energy since a reading in joules, or None if the counters cannot be read.

    A counter may start again at 0 once between the two readings.
    """
    after = meter.read()
    if not before or not after:
        return None
    counters = zip(before, after, meter.ranges, strict=True)
    return sum((end - start) % period for start, end, period in counters) / 1e6


def _rapl(powercap: Path) -> Meter | None:
    """Return the meter of all processor packages, None if a counter is missing."""
    # A zone such as intel-rapl:0:0 is a part of its package. The zone `psys` contains packages.
    zones = [
        zone for zone in sorted(powercap.glob("*")) if re.fullmatch(r"intel-rapl:\d+", zone.name)
    ]
    try:
        packages = [zone for zone in zones if _text(zone / "name").startswith("package")]
        ranges = tuple(int(_text(zone / "max_energy_range_uj")) + 1 for zone in packages)
    except (OSError, ValueError):
        return None
    return Meter("rapl", partial(_read_files, [zone / "energy_uj" for zone in packages]), ranges)


def _read_files(paths: Sequence[Path]) -> Counters:
    try:
        return tuple(int(_text(path)) for path in paths)
    except (OSError, ValueError):
        return ()


def _text(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()


def _nvml() -> Meter | None:
    """Return the meter of the first visible GPU, None without the package or the driver."""
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
        handle = _first_visible(nvml)
    except (nvml.NVMLError, ValueError):
        return None

    def read() -> Counters:
        try:
            # The unit is a millijoule.
            return (1000 * int(nvml.nvmlDeviceGetTotalEnergyConsumption(handle)),)
        except nvml.NVMLError:
            return ()

    return Meter("nvml", read, (2**63,))


def _first_visible(nvml: Any) -> Any:
    """Return the handle of the first GPU that CUDA shows to this process."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip()
    if first.startswith(("GPU-", "MIG-")):
        return nvml.nvmlDeviceGetHandleByUUID(first.encode())
    return nvml.nvmlDeviceGetHandleByIndex(int(first))
