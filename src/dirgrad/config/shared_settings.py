"""Options that all jobs of a configuration share, and all tables."""

from typing import Annotated, Literal

from annotated_types import Gt, Lt
from pydantic import BaseModel

from dirgrad.components.registry import STRICT
from dirgrad.config.numbers import CountOrZero, PositiveCount


class Run(BaseModel):
    """Settings shared by all jobs of a tier."""

    model_config = STRICT

    precision: Literal["float32", "float64"] = "float32"
    """Precision of parameters, data and directions."""
    threads: PositiveCount = 2
    """Number of processor threads per job."""
    exclusive: bool = True
    """Whether training jobs run one at a time, which makes their times comparable.

    It is recorded with every trial.
    """
    optimize: bool = True
    """Whether compilers optimize programs.

    JAX compiles in a third of the time without, but then times mean nothing.
    """
    torch_compile: bool = False
    """Whether PyTorch compiles traced steps with inductor, the compiler of `torch.compile`.

    It needs a C++ compiler and a CPU. Compilation takes seconds per program, but compiled programs
    are kept in the folder that the environment variable TORCHINDUCTOR_CACHE_DIR names (by default
    `torchinductor_USER` in the folder for temporary files). The provenance of a job says how many
    programs came from there. A program that cannot be compiled runs traced. JAX and measurements of
    memory ignore the option.
    """
    data_directory: str | None = None
    """Directory with the files of data sets that are not bundled, such as MNIST.

    Null means the directory in the environment variable DIRGRAD_DATA; if that is unset too, the
    files are downloaded.
    """


class Statistics(BaseModel):
    """Summary over seeds: inter-quartile mean with a percentile bootstrap interval."""

    model_config = STRICT

    confidence: Annotated[float, Gt(0.0), Lt(1.0)] = 0.95
    """Coverage of the intervals, as a fraction."""
    resamples: PositiveCount = 2000
    """Number of bootstrap resamples."""
    seed: CountOrZero = 0
    """Seed of the bootstrap."""
