"""Read the manifest of a run, and refuse one that lacks what pages and comparisons read."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from dirgrad.core.errors import UserError, cut
from dirgrad.records import damage


class Job(BaseModel):
    """Entry of a job: its identifier, and how much others used the machine."""

    run_id: str
    other_cpu_fraction: float | None = None
    noisy: bool = False


class Manifest(BaseModel):
    """Keys of a manifest that pages and comparisons read; it may have others."""

    tier: str
    run_id: str
    config_hash: str
    dirgrad: list[str]
    commit: list[str]
    python: list[str]
    numpy: list[str]
    jax: list[str] = []
    torch: list[str] = []
    device: list[str]
    platform: list[str]
    cpu: list[str]
    cpu_count: list[str]
    threads: int
    exclusive: bool
    trials_by_status: dict[str, int]
    training_seconds: float
    config: dict[str, Any]
    jobs: dict[str, Job]


def read(path: Path) -> dict[str, Any]:
    """Return the manifest in a file, with all its keys.

    Raises:
        UserError: The file is not JSON, or a key is missing or has a value of another type.
    """
    with damage.named(path):
        text = path.read_text(encoding="utf-8")
    try:
        with damage.named(path):
            manifest: dict[str, Any] = json.loads(text)
    except UserError as error:
        line = getattr(error.__cause__, "lineno", None)
        if line is None:
            raise
        message = f"{path}: line {line}: invalid JSON: give the manifest.json of a run"
        raise UserError(message) from error.__cause__
    try:
        Manifest.model_validate(manifest, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        missing = first["type"] == "missing"
        value = cut(json.dumps(first["input"]))
        reason = "the key is missing" if missing else f"unexpected value {value}"
        raise UserError(
            f"{path}: {key}: {reason}: write the manifest again with `dirgrad manifest`, or give "
            "the manifest of another run"
        ) from None
    return manifest
