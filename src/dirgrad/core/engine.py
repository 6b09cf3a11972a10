"""The protocol by which a framework compiles and runs steps."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from dirgrad.core.arrays import Array, Batch, Key, Params
from dirgrad.core.ops import Ops


class Trial(NamedTuple):
    """The values in which the trials of a cell differ.

    Attributes:
        key: Random key of the trial.
        learning_rate: Initial learning rate: ().
    """

    key: Key
    learning_rate: Array


class State(NamedTuple):
    """The values that one step passes on to the next.

    Attributes:
        params: Parameters.
        optimizer_state: State of the optimizer.
        estimator_state: State of the estimator between two minibatches; () for an estimator without
            a state.
    """

    params: Params
    optimizer_state: Any
    estimator_state: Any = ()


Step: TypeAlias = Callable[[State, Trial, Array, Batch], tuple[State, Array]]
"""Pure map (state, trial, index of the step, minibatch) -> (next state, minibatch loss ())."""
TrainChunk: TypeAlias = Callable[[State, Trial, int, np.ndarray], tuple[State, np.ndarray]]
"""Map (state, trial, index of the first step, rows) -> (state, losses), over several steps.

The first axis of every array is the lanes. rows: (lanes, steps, batch); losses: (lanes, steps). The
number of steps may differ between calls, up to the number that the loop was compiled for.
"""


class Compiled(NamedTuple):
    """A function that is compiled for arguments of fixed shapes.

    Attributes:
        call: The compiled function. It returns when its result is ready.
        compile_seconds: Time that the compilation took, in seconds.
        counts: Static counts by name. They may include `flops`, `product_flops` (the share of
            matrix products and convolutions), `xla_temp_bytes` and `graph_temp_bytes`.
    """

    call: Callable[..., Any]
    compile_seconds: float
    counts: dict[str, int]


class Engine(Protocol):
    """Compilation and execution of steps in a framework.

    The module `engine` of each backend satisfies this protocol. Its compiled functions raise
    `DeviceMemoryError` if the device has too little memory, and so does compilation.

    Example:
        >>> backend = backends.load("torch")
        >>> x = backend.ops.asarray(np.array([1.0, 2.0]))
        >>> compiled = backend.engine.compile(lambda x: 2 * x, (x,))
        >>> backend.engine.to_numpy(compiled.call(x))
        array([2., 4.])
    """

    def configure(
        self, threads: int, precision: str, optimize: bool, torch_compile: bool, /
    ) -> None:
        """Set the threads, the precision and the compiler of this process.

        Call it before any other use of the framework.

        Args:
            threads: Number of CPU threads, or 0 for the framework's default.
            precision: "float32" or "float64".
            optimize: Whether the compiler optimizes programs. PyTorch traces them in any case.
            torch_compile: Whether PyTorch compiles traced programs; JAX ignores it.

        Raises:
            UserError: The device is not supported with these settings.
        """

    def keys(self, seeds: np.ndarray, /) -> Key:
        """Return one random key per seed: (lanes,) -> (lanes,)."""

    def compile_training(
        self,
        step: Step,
        data: Batch,
        state: State,
        trial: Trial,
        rows: np.ndarray,
        chunk: int,
        /,
    ) -> TrainChunk:
        """Compile the training loop over at most `chunk` steps of all lanes.

        The program is compiled once and takes chunks of every length. The compiled loop returns
        when its results are ready.

        Args:
            step: The step of one trial.
            data: Training set as arrays (examples, ...) of the framework.
            state: Example of the state. Every leaf is (lanes, ...).
            trial: The trials. Every leaf is (lanes,).
            rows: Training examples of all steps: (lanes, steps, batch). Step n uses `rows[:, n]`.
            chunk: Largest number of steps per call.
        """

    def compile(
        self,
        f: Callable[..., Any],
        example: tuple[Any, ...],
        /,
        consumed: int = 0,
        branch_probabilities: Sequence[float] = (),
    ) -> Compiled:
        """Compile a pure function for arguments with the shapes of `example`.

        Args:
            f: The function. Its arguments and results are nested arrays of any shape.
            example: One value per argument.
            consumed: Number of leading arguments whose memory a call may reuse for its results.
                The caller must not read them after the call. The results in their place are valid
                until the next call.
            branch_probabilities: Probabilities of the branches among which the function chooses at
                random, in the order of `Ops.switch`. The counts of flops are means over the
                branches with these weights, or with equal ones if it is empty (see
                `core/branches.py`).
        """

    def compile_threads(self) -> int:
        """Return the number of threads in which programs compile fastest side by side."""

    def compile_for_memory(
        self,
        f: Callable[..., Any],
        example: tuple[Any, ...],
        /,
        consumed: int = 0,
        branch_probabilities: Sequence[float] = (),
    ) -> Compiled:
        """Compile like `compile`, but so that every buffer is counted; the code may be slower."""

    def eager(
        self,
        f: Callable[..., Any],
        example: tuple[Any, ...],
        /,
        branch_probabilities: Sequence[float] = (),
    ) -> Compiled:
        """Return f uncompiled, to run operator by operator.

        It has the counts of `compile`, for arguments with the shapes of `example`.
        """

    def saved_bytes(
        self,
        build: Callable[[Ops], Callable[..., Any]],
        example: tuple[Any, ...],
        /,
    ) -> dict[str, int]:
        """Measure the memory that reverse mode saves for its backward pass.

        Args:
            build: Map from the operations to the function to measure.
            example: Arguments of the function, of any shapes. Their bytes are not counted.

        Returns:
            `saved_bytes`, the peak number of bytes on the tape while the function runs; {} if the
            framework has no tape.
        """

    def device_peak_bytes(self) -> dict[str, int]:
        """Return `device_peak_bytes`, the peak of the device's allocator in this process.

        The result is {} if the framework does not report this number.
        """

    def vmap_trials(
        self,
        f: Callable[..., Any],
        shared: tuple[int, ...],
        lanes: int,
        /,
    ) -> Callable[..., Any]:
        """Vectorize f over the lanes.

        Args:
            f: Function of one trial.
            shared: Positions of the arguments that all lanes share.
            lanes: Number of lanes. Every leaf of the other arguments is (lanes, ...).
        """

    def copy(self, x: Any, /) -> Any:
        """Copy every leaf of x, of any shape, to new memory."""

    def to_numpy(self, x: Array, /) -> np.ndarray:
        """Return x as a NumPy array with the same shape and dtype."""

    def environment(self) -> dict[str, str]:
        """Return the framework's version and the device, for the provenance of a record."""
