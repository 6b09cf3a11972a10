"""The energy of a measurement is read from the counters of the machine, if they can be read."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dirgrad.records import energy

MAXIMUM = 1_000_000
"""Largest value of a counter, in microjoules. The next value is 0."""


def set_zone(powercap: Path, zone: str, name: str, microjoules: int) -> None:
    folder = powercap / zone
    folder.mkdir(exist_ok=True)
    texts = {"name": name, "max_energy_range_uj": MAXIMUM, "energy_uj": microjoules}
    for file, text in texts.items():
        (folder / file).write_text(f"{text}\n", encoding="ascii")


def test_the_energies_of_all_packages_are_added_and_their_parts_are_not_counted_twice(
    tmp_path: Path,
) -> None:
    def set_zones(first: int, second: int, others: int) -> None:
        set_zone(tmp_path, "intel-rapl:0", "package-0", first)
        set_zone(tmp_path, "intel-rapl:1", "package-1", second)
        set_zone(tmp_path, "intel-rapl:0:0", "core", others)
        set_zone(tmp_path, "intel-rapl:2", "psys", others)

    set_zones(100, 200, 300)
    meter = energy.meter("cpu: AMD EPYC", tmp_path)
    before = meter.read()
    set_zones(50_100, 30_200, 900_000)
    assert meter.source == "rapl"
    assert energy.joules_since(meter, before) == pytest.approx(0.08)


def test_a_counter_may_start_again_at_zero(tmp_path: Path) -> None:
    set_zone(tmp_path, "intel-rapl:0", "package-0", MAXIMUM - 9)
    meter = energy.meter("cpu: AMD EPYC", tmp_path)
    before = meter.read()
    set_zone(tmp_path, "intel-rapl:0", "package-0", 10)
    # 9 microjoules to the maximum, one to 0, and 10 more.
    assert energy.joules_since(meter, before) == pytest.approx(20e-6)


@pytest.mark.parametrize("file", ["energy_uj", "max_energy_range_uj"])
def test_a_counter_that_may_not_be_read_is_not_readable_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    set_zone(tmp_path, "intel-rapl:0", "package-0", 100)
    forbidden = tmp_path / "intel-rapl:0" / file
    read_text = Path.read_text

    # The administrator may read every file, so the refusal of the system is imitated.
    def refuse(path: Path, **options: str) -> str:
        if path == forbidden:
            raise PermissionError(13, "Permission denied", str(path))
        return read_text(path, **options)

    monkeypatch.setattr(Path, "read_text", refuse)
    meter = energy.meter("cpu: AMD EPYC", tmp_path)
    assert meter.source == "not readable here"
    assert energy.joules_since(meter, meter.read()) is None


def test_a_machine_without_counters_is_not_readable_here(tmp_path: Path) -> None:
    meter = energy.meter("cpu: AMD EPYC", tmp_path / "absent")
    assert meter.source == "not readable here"
    assert energy.joules_since(meter, meter.read()) is None


def test_a_counter_that_disappears_during_the_measurement_gives_no_energy(tmp_path: Path) -> None:
    set_zone(tmp_path, "intel-rapl:0", "package-0", 100)
    meter = energy.meter("cpu: AMD EPYC", tmp_path)
    before = meter.read()
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    assert energy.joules_since(meter, before) is None


class FakeNvmlError(Exception):
    pass


def fake_nvml(millijoules: dict[object, int]) -> SimpleNamespace:
    """Return a module with GPUs by index and by identifier, and the counter of each."""

    def find(name: object) -> object:
        if name not in millijoules:
            raise FakeNvmlError
        return name

    return SimpleNamespace(
        NVMLError=FakeNvmlError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByIndex=find,
        nvmlDeviceGetHandleByUUID=find,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: millijoules[handle],
    )


@pytest.mark.parametrize(("visible", "gpu"), [(None, 0), ("1,0", 1), ("GPU-5", b"GPU-5")])
def test_the_energy_of_a_gpu_is_that_of_the_first_visible_one(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, gpu: object
) -> None:
    millijoules: dict[object, int] = {0: 100, 1: 100, b"GPU-5": 100}
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(millijoules))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    meter = energy.meter("gpu: NVIDIA H100")
    before = meter.read()
    millijoules[gpu] += 1500
    assert meter.source == "nvml"
    assert energy.joules_since(meter, before) == pytest.approx(1.5)


def test_a_gpu_without_the_library_or_its_driver_is_not_readable_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_zone(tmp_path, "intel-rapl:0", "package-0", 100)
    # None makes the import fail.
    for module in (None, fake_nvml({})):
        monkeypatch.setitem(sys.modules, "pynvml", module)
        assert energy.meter("cuda: NVIDIA H100", tmp_path).source == "not readable here"
