from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class FrameworkGaussian:
    """Independent N(0, 1) entries from the framework's own generator.

    Code outside this package usually draws from that generator, so it is the baseline for
    comparisons of speed. In JAX the generator is threefry; in PyTorch this direction equals
    `gaussian`.
    """

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        normal = ops.native_normal(key, tree.num_entries(like), tree.first_leaf(like))
        return tree.unravel(normal, like)

    # The law is Gaussian; only its generator differs.
    excess = Gaussian.excess
    curvature_noise = Gaussian.curvature_noise
    cosine = Gaussian.cosine
    variance = Gaussian.variance
    kurtosis = Gaussian.kurtosis
    stable_rate = Gaussian.stable_rate
    contraction = Gaussian.contraction
