"""The primitives of `core.types.Ops` in PyTorch."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch import abs as abs
from torch import concatenate as concatenate
from torch import cos as cos
from torch import exp as exp
from torch import log as log
from torch import maximum as maximum
from torch import mean as mean
from torch import relu as relu
from torch import sigmoid as sigmoid
from torch import sign as sign
from torch import sin as sin
from torch import sqrt as sqrt
from torch import sum as sum
from torch import tanh as tanh
from torch import where as where
from torch import zeros_like as zeros_like
from torch.func import grad_and_value
from torch.func import jvp as jvp
from torch.nn import functional
from torch.utils import _pytree as pytree

from dirgrad.backends.torch import device_random as device_random
from dirgrad.backends.torch import random
from dirgrad.backends.torch.branches import apply_if as apply_if
from dirgrad.backends.torch.branches import drawn
from dirgrad.backends.torch.branches import switch as switch
from dirgrad.backends.torch.checkpoint import Checkpoint
from dirgrad.backends.torch.cross_entropy import cross_entropy as cross_entropy
from dirgrad.backends.torch.linear_jvp import LinearJvp, RestingLinear

# Asked this way, PyTorch does not start CUDA, so a process that is forked later can still use it.
os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def value_and_grad(f: Callable[[Any], Tensor], /) -> Callable[[Any], tuple[Tensor, Any]]:
    def differentiate(params: Any) -> tuple[Tensor, Any]:
        gradient, value = grad_and_value(f)(params)
        return value, gradient

    return differentiate


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    result, torch_pull = torch.func.vjp(f, *primals)[:2]

    # torch does not always return a tuple if there is a single primal.
    def pull(cotangent: Any) -> tuple[Any, ...]:
        gradients = torch_pull(cotangent)
        if len(primals) > 1:
            return gradients
        return (gradients[0] if isinstance(gradients, tuple) else gradients,)

    return result, pull


def vmap(f: Callable[..., Any], axes: Any = 0, /) -> Callable[..., Any]:
    return torch.func.vmap(f, axes)


def checkpoint(f: Callable[..., Tensor], /, *arguments: Tensor) -> Tensor:
    value: Tensor = Checkpoint.apply(vjp, f, *arguments)
    return value


def linear_jvp(
    f: Callable[..., Tensor],
    x: Tensor,
    weight: Tensor,
    step: Tensor,
    p: Tensor | float,
    q: Tensor,
    /,
) -> Tensor:
    value: Tensor = LinearJvp.apply(f, x, weight, step, p, q)
    return value


def resting_linear(f: Callable[..., Tensor], x: Tensor, weight: Tensor, /) -> Tensor:
    value: Tensor = RestingLinear.apply(f, x, weight)
    return value


def depend_on(seen: Tensor, key: Tensor, /) -> Tensor:
    return key


def flip(x: Tensor, /) -> Tensor:
    return torch.flip(x, (0,))


def batched_diagonal(x: Tensor, /) -> Tensor:
    return torch.diagonal(x, dim1=0, dim2=2)


def scan(f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, /) -> tuple[Any, Any]:
    carry = init
    outputs = []
    leaves, structure = pytree.tree_flatten(xs)
    unbound = [leaf.unbind() for leaf in leaves]
    for slices in zip(*unbound, strict=True):
        x = pytree.tree_unflatten(slices, structure)
        carry, output = f(carry, x)
        outputs.append(output)
    return carry, pytree.tree_map(lambda *tensors: torch.stack(tensors), *outputs)


def arange(n: int, /) -> Tensor:
    return torch.arange(n, device=DEVICE)


def asarray(x: np.ndarray, /) -> Tensor:
    return torch.tensor(x, device=DEVICE)


def constant(x: np.ndarray, like: Tensor, /) -> Tensor:
    return torch.tensor(x, dtype=like.dtype, device=like.device)


def axpy(a: Any, x: Tensor, y: Tensor, /) -> Tensor:
    if isinstance(a, (int, float)):
        return torch.add(y, x, alpha=a)
    return torch.addcmul(y, x, a)


def addmm(a: Tensor, b: Tensor, y: Tensor, /) -> Tensor:
    return torch.addmm(y, a, b)


def solve(a: Tensor, b: Tensor, /) -> Tensor:
    return torch.linalg.pinv(a, hermitian=True) @ b


def clip(x: Tensor, bound: float, /) -> Tensor:
    return torch.clamp(x, -bound, bound)


def zeros(shape: tuple[int, ...], like: Tensor, /) -> Tensor:
    return torch.zeros(shape, dtype=like.dtype, device=like.device)


def top_k_mask(x: Tensor, k: int, /) -> Tensor:
    # torch.topk does not specify the order of equal entries, so a stable sort is used.
    zeros = torch.zeros_like(x)
    indices = torch.sort(x, descending=True, stable=True).indices[:k]
    return zeros.scatter(0, indices, 1.0)


def swap_axes(x: Tensor, first: int, second: int, /) -> Tensor:
    return torch.swapaxes(x, first, second)


def conv2d(x: Tensor, kernel: Tensor, padding: int, /) -> Tensor:
    return functional.conv2d(x, kernel, padding=padding)


def max_pool2d(x: Tensor, /) -> Tensor:
    return functional.max_pool2d(x, 2)


def softmax(x: Tensor, /) -> Tensor:
    return torch.softmax(x, -1)


def accuracy(logits: Tensor, labels: Tensor, /) -> Tensor:
    correct = torch.argmax(logits, dim=1) == labels
    return torch.mean(correct.to(logits.dtype))


def fold_in(key: Tensor, i: Any, /) -> Tensor:
    index = torch.as_tensor(i, dtype=torch.int64, device=key.device)
    return random.fold_in(key, index)


def uniform(key: Tensor, n: int, like: Tensor, /) -> Tensor:
    return random.draw("uniform", key, n, like.dtype, like.device)


def normal(key: Tensor, n: int, like: Tensor, /) -> Tensor:
    return random.draw("normal", key, n, like.dtype, like.device)


def native_normal(key: Tensor, n: int, like: Tensor, /) -> Tensor:
    return random.draw("normal", key, n, like.dtype, like.device)


def signs(key: Tensor, n: int, like: Tensor, /) -> Tensor:
    return random.draw("signs", key, n, like.dtype, like.device)


reused_signs = signs


def randint(key: Tensor, n: int, /) -> Tensor:
    non_negative = random.mix(key) & (2**63 - 1)
    return torch.remainder(non_negative, n)


def choose(key: Tensor, limits: Any, n: int, /) -> Tensor:
    is_reached = randint(key, n) >= torch.as_tensor(limits, device=key.device)
    return drawn(torch.sum(is_reached), len(limits) + 1)


def one_hot(index: Tensor, n: int, like: Tensor, /) -> Tensor:
    positions = torch.arange(n, device=like.device)
    is_index = positions == index.to(like.device)
    return is_index.to(like.dtype)
