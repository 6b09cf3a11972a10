"""The primitives of types.Ops in PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch import concatenate as concatenate
from torch import exp as exp
from torch import mean as mean
from torch import relu as relu
from torch import sigmoid as sigmoid
from torch import sqrt as sqrt
from torch import sum as sum
from torch import tanh as tanh
from torch import zeros_like as zeros_like
from torch.func import grad_and_value
from torch.func import jvp as jvp
from torch.nn import functional
from torch.nn.functional import cross_entropy as cross_entropy
from torch.utils import _pytree as pytree

from dirgrad.backends.torch import random
from dirgrad.backends.torch.checkpoint import Checkpoint
from dirgrad.backends.torch.linear_jvp import LinearJvp

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def value_and_grad(f: Callable[[Any], Tensor], /) -> Callable[[Any], tuple[Tensor, Any]]:
    def swapped(params: Any) -> tuple[Tensor, Any]:
        grad, value = grad_and_value(f)(params)
        return value, grad

    return swapped


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    result, pull = torch.func.vjp(f, *primals)[:2]

    def pulled(cotangent: Any) -> tuple[Any, ...]:
        found = pull(cotangent)
        return found if len(primals) > 1 else (found[0] if isinstance(found, tuple) else found,)

    return result, pulled


def vmap(f: Callable[..., Any], axes: Any = 0, /) -> Callable[..., Any]:
    return torch.func.vmap(f, axes)


def checkpoint(f: Callable[..., Tensor], /, *arguments: Tensor) -> Tensor:
    found: Tensor = Checkpoint.apply(vjp, f, *arguments)
    return found


def linear_jvp(
    f: Callable[..., Tensor],
    x: Tensor,
    weight: Tensor,
    step: Tensor,
    p: Tensor | float,
    q: Tensor,
    /,
) -> Tensor:
    found: Tensor = LinearJvp.apply(f, x, weight, step, p, q)
    return found


def depend_on(seen: Tensor, key: Tensor, /) -> Tensor:
    return key


def flip(x: Tensor, /) -> Tensor:
    return torch.flip(x, (0,))


def batched_diagonal(x: Tensor, /) -> Tensor:
    return torch.diagonal(x, dim1=0, dim2=2)


def scan(f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, /) -> tuple[Any, Any]:
    carry, outputs = init, []
    leaves, structure = pytree.tree_flatten(xs)
    for now in zip(*(leaf.unbind() for leaf in leaves), strict=True):
        carry, output = f(carry, pytree.tree_unflatten(now, structure))
        outputs.append(output)
    return carry, pytree.tree_map(lambda *each: torch.stack(each), *outputs)


def arange(n: int, /) -> Tensor:
    return torch.arange(n)


def asarray(x: np.ndarray, /) -> Tensor:
    return torch.tensor(x, device=DEVICE)


def constant(x: np.ndarray, like: Tensor, /) -> Tensor:
    return torch.tensor(x, dtype=like.dtype, device=like.device)


def axpy(a: Any, x: Tensor, y: Tensor, /) -> Tensor:
    return torch.add(y, x, alpha=a) if isinstance(a, (int, float)) else torch.addcmul(y, x, a)


def addmm(a: Tensor, b: Tensor, y: Tensor, /) -> Tensor:
    return torch.addmm(y, a, b)


def solve(a: Tensor, b: Tensor, /) -> Tensor:
    return torch.linalg.pinv(a, hermitian=True) @ b


def clip(x: Tensor, bound: float, /) -> Tensor:
    return torch.clamp(x, -bound, bound)


def zeros(shape: tuple[int, ...], like: Tensor, /) -> Tensor:
    return torch.zeros(shape, dtype=like.dtype, device=like.device)


def top_k_mask(x: Tensor, k: int, /) -> Tensor:
    # Not topk, which says nothing of equal entries.
    return torch.zeros_like(x).scatter(
        0, torch.sort(x, descending=True, stable=True).indices[:k], 1.0
    )


def swap_axes(x: Tensor, first: int, second: int, /) -> Tensor:
    return torch.swapaxes(x, first, second)


def conv2d(x: Tensor, kernel: Tensor, padding: int, /) -> Tensor:
    return functional.conv2d(x, kernel, padding=padding)


def max_pool2d(x: Tensor, /) -> Tensor:
    return functional.max_pool2d(x, 2)


def accuracy(logits: Tensor, labels: Tensor, /) -> Tensor:
    return torch.mean((torch.argmax(logits, dim=1) == labels).to(logits.dtype))


def fold_in(key: Tensor, i: Any, /) -> Tensor:
    return random.mix(key + (i + 1) * random.STRIDE)


def normal(key: Tensor, n: int, like: Tensor, /) -> Tensor:
    return random.draw("normal", key, n, like.dtype, like.device)


def native_normal(key: Tensor, n: int, like: Tensor, /) -> Tensor:
    return random.draw("normal", key, n, like.dtype, like.device)


def signs(key: Tensor, n: int, like: Tensor, /) -> Tensor:
    return random.draw("signs", key, n, like.dtype, like.device)


def randint(key: Tensor, n: int, /) -> Tensor:
    return torch.remainder(random.mix(key) & (2**63 - 1), n)


def one_hot(index: Tensor, n: int, like: Tensor, /) -> Tensor:
    return (torch.arange(n, device=like.device) == index.to(like.device)).to(like.dtype)
