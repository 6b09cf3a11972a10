"""The instrument `cost` compiles programs side by side where the framework asks for it."""

from dataclasses import replace
from threading import Barrier, get_ident
from typing import Any

from dirgrad import backends
from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost
from support.measured import QUADRATIC, small_measurement

ESTIMATORS = ["backprop", "forward_gradient"]


class ThreadedEngine:
    """An engine that compiles one program of each estimator at the same time.

    Attributes:
        compiling: The thread of each compilation.
        calling: The threads that called compiled programs.
    """

    def __init__(self, backend: Backend) -> None:
        self.engine = backend.engine
        self.compiling: list[int] = []
        self.calling: set[int] = set()
        # A thread that compiles alone waits in vain, and the barrier breaks.
        self._barrier = Barrier(len(ESTIMATORS), timeout=20)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def compile_threads(self) -> int:
        return len(ESTIMATORS)

    def compile(self, *arguments: Any, **options: Any) -> Any:
        is_side_by_side = get_ident() not in (self._main, *self.compiling)
        self.compiling.append(get_ident())
        if is_side_by_side:
            self._barrier.wait()
        compiled = self.engine.compile(*arguments, **options)

        def call(*arguments: Any) -> Any:
            self.calling.add(get_ident())
            return compiled.call(*arguments)

        return compiled._replace(call=call)

    _main = get_ident()


def test_programs_are_compiled_side_by_side_and_called_alone() -> None:
    backend = backends.load("jax", 1, "float64")
    engine = ThreadedEngine(backend)
    job = small_measurement(
        backend,
        "cost",
        {"quadratic": QUADRATIC},
        rounds=1,
        round_seconds=1e-4,
        estimators=ESTIMATORS,
    )
    records = cost.run(job, Context(replace(backend, engine=engine)))["cost"].to_pandas()
    parts = [*zip(records["estimator"], records["part"], records["status"], strict=True)]
    timed = [(name, part) for name in ESTIMATORS for part in ("gradient", "step")]
    assert parts[2:] == [(*names, "ok") for names in timed]
    assert len(set(engine.compiling) - {get_ident()}) == len(ESTIMATORS)
    assert engine.calling == {get_ident()}
