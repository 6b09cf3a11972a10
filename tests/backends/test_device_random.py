"""Draws on a GPU equal the draws on the CPU; the tests run their arithmetic on the CPU.

The fused kernels are compiled with the machine's C++ compiler, as PyTorch compiles them for a GPU.
"""

import ctypes
import logging
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from scipy import stats
from torch import Tensor

from dirgrad.backends.torch import device_random, random

LAWS = tuple(device_random.VALUES)
KEY_KERNELS = ("mix", "fold_in")
KEYS = torch.tensor([0, 1, -1, 2**62 + 12345, -(2**63)])


@pytest.mark.parametrize("shape", ["one key", "lanes"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("law", LAWS)
def test_draws_of_the_sizes_that_the_cpu_hashes_are_equal(
    law: str, dtype: torch.dtype, shape: str
) -> None:
    for n in (1, random.HASHED_ENTRIES):
        for key in KEYS if shape == "one key" else [KEYS]:
            draws = device_random.draw_with(device_random.arithmetic(law), key, n, dtype)
            expected = random.draw(law, key, n, dtype, torch.device("cpu"))
            assert (draws.shape, draws.dtype) == (expected.shape, expected.dtype)
            # The logarithm and the cosine of NumPy and of PyTorch may round differently.
            tolerance = torch.finfo(dtype).eps * 16 if law == "normal" else 0.0
            torch.testing.assert_close(draws, expected, rtol=tolerance, atol=tolerance)


def test_new_keys_are_equal() -> None:
    assert torch.equal(device_random.hash_words(KEYS), random.mix(KEYS))
    for key in KEYS:
        assert torch.equal(device_random.hash_words(key), random.mix(key))


def test_keys_folded_with_an_index_are_equal() -> None:
    indices = torch.arange(5)
    assert torch.equal(device_random.hash_pairs(KEYS, indices), random.fold_in(KEYS, indices))
    for key, index in zip(KEYS, indices, strict=True):
        assert torch.equal(device_random.hash_pairs(key, index), random.fold_in(key, index))


@pytest.mark.parametrize(("law", "distribution"), [("uniform", "uniform"), ("normal", "norm")])
def test_large_draws_follow_their_law(law: str, distribution: str) -> None:
    """The test gives a false alarm in 1 of 10,000 implementations."""
    hashed = device_random.arithmetic(law)
    draws = device_random.draw_with(hashed, KEYS, 20_000, torch.float64)
    assert stats.kstest(draws.numpy().ravel(), distribution).pvalue > 1e-4


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Return the fused kernels, compiled for the CPU."""
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler (c++) on this machine")
    directory: Path = tmp_path_factory.mktemp("kernels")
    loops = []
    for law in LAWS:
        code = device_random.kernel_code(law)
        signature = f"void draw_{law}(long n, const long* keys, const long* counter, long* result)"
        loop = "for (long i = 0; i < n; ++i) result[i] = draw<long>(keys[i], counter[i]);"
        loops.append(f"namespace {law} {{ {code} }}")
        loops.append(f'extern "C" {signature} {{ using namespace {law}; {loop} }}')
    source = directory / "kernels.cpp"
    source.write_text("#include <cmath>\nusing namespace std;\n" + "\n".join(loops))
    library = directory / "kernels.so"
    command = [compiler, "-shared", "-fPIC", str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.parametrize("law", LAWS)
def test_a_fused_kernel_computes_the_draws_of_the_arithmetic(
    kernels: ctypes.CDLL, law: str
) -> None:
    keys, counter = (
        x.contiguous() for x in torch.broadcast_tensors(KEYS[:, None], torch.arange(999))
    )
    result = torch.empty_like(keys)
    pointers = [ctypes.c_void_p(x.data_ptr()) for x in (keys, counter, result)]
    getattr(kernels, f"draw_{law}")(ctypes.c_long(keys.numel()), *pointers)
    expected = device_random.arithmetic(law)(keys, counter)
    draws = result.view(torch.float64)
    torch.testing.assert_close(draws, expected, rtol=0, atol=1e-14 if law == "normal" else 0)
    assert draws.unique().numel() > 1


@pytest.mark.parametrize("law", [*LAWS, *KEY_KERNELS])
def test_pytorch_reads_the_code_of_a_fused_kernel(law: str) -> None:
    kernel = torch.cuda.jiterator._create_jit_fn(device_random.kernel_code(law))
    assert kernel.kernel_name == (law if law in KEY_KERNELS else "draw")


def refused(x: Tensor) -> Tensor:
    raise RuntimeError("nvrtc: error: failed\nmore")


@pytest.mark.parametrize(
    ("kernel", "problem"),
    [(refused, "nvrtc: error: failed more"), (lambda x: 3 * x, "it is off by 2")],
)
def test_a_fused_kernel_that_fails_or_errs_is_replaced_with_one_sentence(
    caplog: pytest.LogCaptureFixture, kernel: Callable[[Tensor], Tensor], problem: str
) -> None:
    def double(x: Tensor) -> Tensor:
        return 2 * x

    x = torch.tensor([1.0, -2.0])
    with caplog.at_level(logging.WARNING):
        assert device_random._checked("normal", kernel, double, (x,)) is double
        assert device_random._checked("normal", double, double, (x,)) is double
    (message,) = [record.getMessage() for record in caplog.records]
    assert message == f"random draws `normal` run without their fused kernel: {problem}"
