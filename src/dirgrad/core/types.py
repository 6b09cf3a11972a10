"""The vocabulary: what the rooms of this package say to each other. Imports nothing of the package."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A jax.Array or a torch.Tensor; numpy.ndarray outside a run."""
Key: TypeAlias = Any
"""A functional random key: the same key gives the same draw."""
Params: TypeAlias = dict[str, Array]
Batch: TypeAlias = tuple[Array, ...]
Loss: TypeAlias = Callable[[Params], Array]
DirectionSampler: TypeAlias = Callable[[Any], Params]
"""j -> the j-th direction of this step."""


PlotRange: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
"""((x from, to), (y from, to))."""


class Estimate(NamedTuple):
    """What an estimator found at one point: the gradient estimate is `slope * vector`, kept factored.

    loss: (), the loss at the point (for differences: at the points evaluated). slope: () or a float.
    vector: like the parameters. params: the point itself, if the estimator has walked away from where it was given, and back.
    """

    loss: Array
    scale: Array
    vector: Params
    params: Params | None = None


class Trial(NamedTuple):
    """What tells one trial of a cell from the next. key: its random key. rate: (), its learning rate."""

    key: Key
    learning_rate: Array


class State(NamedTuple):
    """What a step carries on: the parameters, what the optimizer remembers of the past, and what an online estimator does."""

    params: Params
    optimizer_state: Any
    estimator_state: Any = ()


Step: TypeAlias = Callable[[State, Trial, Array, Batch], tuple[State, Array]]
"""(state, trial, index of the step, minibatch) -> (next state, minibatch loss). Pure."""
TrainChunk: TypeAlias = Callable[[State, Trial, int, np.ndarray], tuple[State, np.ndarray]]
"""(state, trial, index of the first step, rows) -> (state, losses); every array has the axis of the lanes first."""


class Ops(Protocol):
    """A framework's mathematics: a module in backends/ satisfies it. Arrays bring the operators + - * / @ ** [] themselves.

    Images are NCHW, kernels OIHW, in both frameworks.
    """

    def jvp(
        self, f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...], /
    ) -> tuple[Any, Any]: ...
    def vjp(
        self, f: Callable[..., Any], *primals: Any
    ) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """(f(*primals), cotangent of the result -> cotangents of the primals)."""

    def checkpoint(self, f: Callable[..., Array], /, *arguments: Array) -> Array:
        """f(*arguments), of which reverse accumulation remembers the arguments alone and runs f once more on its way back."""

    def linear_jvp(
        self,
        f: Callable[..., Array],
        x: Array,
        weight: Array,
        step: Array,
        p: Array | float,
        q: Array,
        /,
    ) -> Array:
        """f(x, weight) at step = 0, with f linear in x; along the step it has the tangent p q, broadcast. Forward mode alone."""

    def depend_on(self, seen: Array, key: Key, /) -> Key:
        """The key, of which a compiler cannot make use before `seen` is known."""

    def vmap(self, f: Callable[..., Any], axes: Any = 0, /) -> Callable[..., Any]:
        """f mapped over an axis of its arguments; None: over none of an argument's."""

    def value_and_grad(self, f: Loss, /) -> Callable[[Params], tuple[Array, Params]]: ...
    def scan(
        self, f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, /
    ) -> tuple[Any, Any]:
        """Fold `f` over the first axis of every leaf of `xs`, as jax.lax.scan does: (last carry, stacked outputs)."""

    def arange(self, n: int, /) -> Array:
        """0 .. n - 1, to scan over and to fold into keys."""

    def asarray(self, x: np.ndarray, /) -> Array: ...
    def constant(self, x: np.ndarray, like: Array, /) -> Array:
        """A constant array with the dtype and device of `like`."""

    def axpy(self, a: Array, x: Array, y: Array, /) -> Array:
        """a x + y for a scalar a, fused where the framework can."""

    def addmm(self, a: Array, b: Array, y: Array, /) -> Array:
        """a @ b + y for matrices, fused where the framework can."""

    def solve(self, a: Array, b: Array, /) -> Array:
        """The least x of least ||a x - b||, for a symmetric a. a: (k, k); b: (k,) -> (k,)."""

    def native_normal(self, key: Key, n: int, like: Array, /) -> Array:
        """The same as `normal` by the framework's own generator."""

    def zeros_like(self, x: Array, /) -> Array: ...
    def zeros(self, shape: tuple[int, ...], like: Array, /) -> Array: ...
    def exp(self, x: Array, /) -> Array: ...
    def sqrt(self, x: Array, /) -> Array: ...
    def sum(self, x: Array, /) -> Array:
        """The sum of all entries: ()."""

    def mean(self, x: Array, /) -> Array:
        """The mean of all entries: ()."""

    def clip(self, x: Array, bound: float, /) -> Array:
        """Each entry moved to the nearest point of [-bound, bound]."""

    def tanh(self, x: Array, /) -> Array: ...
    def sigmoid(self, x: Array, /) -> Array: ...
    def flip(self, x: Array, /) -> Array:
        """The first axis backwards."""

    def concatenate(self, xs: list[Array], /) -> Array:
        """Along the first axis."""

    def batched_diagonal(self, x: Array, /) -> Array:
        """(n, g, n) -> (g, n): the entries whose first and last index agree."""

    def top_k_mask(self, x: Array, k: int, /) -> Array:
        """1 at the k largest entries of (n,), else 0, with the dtype of x; of equal entries the first. 0 <= k <= n."""

    def relu(self, x: Array, /) -> Array: ...
    def swap_axes(self, x: Array, first: int, second: int, /) -> Array: ...
    def conv2d(self, x: Array, kernel: Array, padding: int, /) -> Array:
        """Cross-correlation at stride 1. x: (n, c, h, w); kernel: (o, c, kh, kw) -> (n, o, h', w')."""

    def max_pool2d(self, x: Array, /) -> Array:
        """The maximum of each 2 x 2 window at stride 2; an odd last row or column is dropped."""

    def cross_entropy(self, logits: Array, labels: Array, /) -> Array:
        """Mean over the batch of -log softmax(logits)[label], in nats. logits: (n, classes); labels: (n,) -> ()."""

    def accuracy(self, logits: Array, labels: Array, /) -> Array:
        """The share of examples whose largest logit is the label's: ()."""

    def fold_in(self, key: Key, i: Any, /) -> Key:
        """A new key from a key and an integer."""

    def normal(self, key: Key, n: int, like: Array, /) -> Array:
        """n independent draws of N(0, 1), with the dtype and device of `like`."""

    def signs(self, key: Key, n: int, like: Array, /) -> Array:
        """n independent signs, -1 or 1 with probability 1/2 each, with the dtype and device of `like`."""

    def randint(self, key: Key, n: int, /) -> Array:
        """An integer uniform on 0 .. n - 1: ()."""

    def one_hot(self, index: Array, n: int, like: Array, /) -> Array:
        """1 at position `index` of (n,), else 0, with the dtype and device of `like`."""


class Compiled(NamedTuple):
    """A function made ready for its arguments. call: returns when its result is ready. counts: what can be counted of it, by name:
    `flops`, `product_flops` (those of products of matrices and convolutions alone), `xla_temp_bytes`, `graph_temp_bytes`."""

    call: Callable[..., Any]
    compile_seconds: float
    counts: dict[str, int]


class Engine(Protocol):
    """How a framework runs steps: a module in backends/ satisfies it."""

    def configure(self, threads: int, precision: str, /) -> None:
        """Set threads and precision for this process; before anything else of the framework is used."""

    def keys(self, seeds: np.ndarray, /) -> Key:
        """One key per seed: (lanes,)."""

    def compile_training(
        self, step: Step, data: Batch, state: State, trial: Trial, rows: np.ndarray, chunk: int, /
    ) -> TrainChunk:
        """Compile the loop over `chunk` steps for these shapes; what it returns blocks until its results are ready.

        data: arrays of (examples, ...) of the framework, from which step n takes `rows[:, n]`. rows: (lanes, all steps, batch).
        """

    def compile(
        self, f: Callable[..., Any], example: tuple[Any, ...], /, consumed: int = 0
    ) -> Compiled:
        """Compile f for arguments of these shapes. f is pure; the first `consumed` of its arguments are given up to a call, whose
        results may take their memory."""

    def compile_for_memory(
        self, f: Callable[..., Any], example: tuple[Any, ...], /, consumed: int = 0
    ) -> Compiled:
        """The same with no buffer that its count of bytes does not see, at whatever price in time."""

    def eager(self, f: Callable[..., Any], example: tuple[Any, ...], /) -> Compiled:
        """f as it is called, operator by operator."""

    def saved_bytes(
        self, build: Callable[["Ops"], Callable[..., Any]], example: tuple[Any, ...], /
    ) -> dict[str, int]:
        """`saved_bytes`: the most that a tape of reverse accumulation holds at once while build(ops) is called, its arguments not
        counted; {} where the framework keeps no tape."""

    def device_peak_bytes(self) -> dict[str, int]:
        """`device_peak_bytes`: the most that the device's allocator has held in this process; {} where it does not tell."""

    def vmap_trials(
        self, f: Callable[..., Any], shared: tuple[int, ...], lanes: int, /
    ) -> Callable[..., Any]:
        """f mapped over the first axis, of length `lanes`, of every leaf of its arguments but the shared ones."""

    def copy(self, x: Any, /) -> Any:
        """Every leaf in memory of its own."""

    def to_numpy(self, x: Array, /) -> np.ndarray: ...
    def environment(self) -> dict[str, str]:
        """Versions and the device, for the provenance of a record."""


@dataclass(frozen=True)
class Backend:
    """A framework: its mathematics and its way to run steps."""

    name: str
    ops: Ops
    engine: Engine


class Splits(NamedTuple):
    """A data set: each part a pair (images (n, height, width) float, labels (n,) int), or () for a problem without data."""

    train: tuple[np.ndarray, ...]
    valid: tuple[np.ndarray, ...]
    test: tuple[np.ndarray, ...]


class Dataset(Protocol):
    """A labelled set of images. Its name is its file's."""

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def classes(self) -> int: ...
    @property
    def answers(self) -> int:
        """How many rows at the end of an image, read row by row, ask for a label: 1 of a picture."""

    @property
    def train_examples(self) -> int: ...
    @property
    def files(self) -> tuple[str, ...]:
        """The files it is read from; () if it is embedded."""

    def load(self, directory: str | None, /) -> Splits: ...


class Criterion(NamedTuple):
    """How outputs are judged: (ops, outputs, batch) -> loss (), and -> the metrics of a record point by name, each ()."""

    loss: Callable[[Ops, Array, Batch], Array]
    metrics: Callable[[Ops, Array, Batch], dict[str, Array]]


class Problem(Protocol):
    """A function of parameters and a minibatch, and how it is judged; written once for both frameworks."""

    @property
    def criterion(self) -> Criterion: ...
    @property
    def dataset(self) -> Dataset | None: ...
    @property
    def plot_range(self) -> PlotRange | None:
        """What a picture of it shows, for a function of two variables."""

    def init(self, rng: np.random.Generator, /) -> dict[str, np.ndarray]:
        """Initial parameters, float64, so that both frameworks start equal."""

    def outputs(self, ops: Ops, params: Params, batch: Batch, /) -> Array:
        """What the criterion judges: the logits (n, classes) of a classifier, the value () of a test function."""


class Direction(Protocol):
    """A law of random vectors v with E[v v^T] = I."""

    def draw(self, ops: Ops, key: Key, like: Params, /) -> Params: ...


class Estimator(Protocol):
    """An estimator of the gradient from directional derivatives. Pure: all that is random arrives through `source`."""

    @property
    def direction(self) -> Direction | None: ...
    @property
    def num_directions(self) -> int: ...
    @property
    def evaluations(self) -> int:
        """Evaluations of the loss, with or without a derivative, that one estimate takes."""

    def estimate(
        self, ops: Ops, loss: Loss, params: Params, source: DirectionSampler, /
    ) -> Estimate: ...


class Optimizer(Protocol):
    """A pair of pure functions around a memory of the past."""

    def init(self, ops: Ops, params: Params, /) -> Any: ...
    def update(
        self, ops: Ops, params: Params, found: Estimate, memory: Any, rate: Array, /
    ) -> tuple[Params, Any]: ...
