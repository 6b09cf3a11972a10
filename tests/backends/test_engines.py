"""The engines compile functions without a change of results, and load only their framework."""

import subprocess
import sys
from typing import Any

import numpy as np

from dirgrad import backends
from dirgrad.core.types import Backend
from support.cases import placed
from support.fresh_python import printed_lines


def test_a_compiled_function_has_equal_results_in_every_call(backend: Backend) -> None:
    def sum_and_double(x: dict[str, Any], y: Any) -> Any:
        return {"sum": x["a"] + y, "double": 2 * x["a"]}

    a, y = backend.ops.asarray(np.arange(3.0)), backend.ops.asarray(np.ones(3))
    compiled = backend.engine.compile(sum_and_double, ({"a": a}, y))
    # The second call would show that the first one has changed its arguments.
    for _ in range(2):
        results = compiled.call({"a": a}, y)
        np.testing.assert_array_equal(backend.engine.to_numpy(results["sum"]), [1.0, 2.0, 3.0])
        np.testing.assert_array_equal(backend.engine.to_numpy(results["double"]), [0.0, 2.0, 4.0])
    assert ("xla_temp_bytes" in compiled.counts) == (backend.name == "jax")


def test_only_the_requested_framework_is_imported() -> None:
    for name in backends.NAMES:
        load = f"from dirgrad import backends; backends.load('{name}')"
        code = f"import sys; {load}; print(*[m for m in ('jax', 'torch') if m in sys.modules])"
        process = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert process.stdout.split() == [name]


def test_unoptimized_programs_have_the_same_results_and_keep_the_flags_of_the_user() -> None:
    lines = printed_lines(
        "import os",
        "import numpy as np",
        "from dirgrad import backends",
        "os.environ['XLA_FLAGS'] = '--xla_cpu_enable_fast_math=false'",
        "for _ in range(2):",
        "    backend = backends.load('jax', 1, 'float64', optimize=False)",
        "x = backend.ops.asarray(np.arange(4.0))",
        "compiled = backend.engine.compile(lambda x: backend.ops.tanh(x).sum(), (x,))",
        "print(os.environ['XLA_FLAGS'])",
        "print(float(compiled.call(x)) - np.tanh(np.arange(4.0)).sum())",
    )
    unoptimized = "--xla_backend_optimization_level=0"
    assert lines[0].startswith(f"--xla_cpu_enable_fast_math=false {unoptimized}")
    assert lines[0].count(unoptimized) == 1
    assert abs(float(lines[1])) < 1e-12


def test_parameters_keep_their_values_in_each_framework(backend: Backend) -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3)}
    params = placed(backend, arrays)
    np.testing.assert_array_equal(backend.engine.to_numpy(params["a"]), arrays["a"])
