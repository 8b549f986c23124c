"""What joins two vectors: the two directions of a layer, or a layer's input and its output."""

from collections.abc import Callable
from dataclasses import dataclass

from oracles.arrays import Array, Weights, beside, dot, sigmoid
from oracles.slopes import Slopes


@dataclass(frozen=True)
class Join:
    """A join and its derivative.

    Attributes:
        join: Takes the weights by name and two vectors, and returns the joined vector.
    """

    join: Callable[[Weights, Array, Array], Array]

    def back(self, weights: Weights, a: Array, b: Array, d: Array) -> tuple[Array, Array, Weights]:
        """The gradients of both vectors and of the weights, given that of the joined one."""

        def joined(a: Array, b: Array, *rest: Array) -> tuple[Array]:
            return (self.join(dict(zip(weights, rest, strict=True)), a, b),)

        d_a, d_b, *rest = Slopes(joined, [a, b, *weights.values()]).back([d])
        return d_a, d_b, dict(zip(weights, rest, strict=True))


def gated(weights: Weights, f: Array, b: Array) -> Array:
    """s∘f + (1-s)∘b with s = σ(W_s [f; b] + b_s)."""
    s = sigmoid(dot(weights["gate.weight"], beside(f, b)) + weights["gate.bias"])
    return s * f + (1 - s) * b


MERGES = {
    "concat": Join(lambda weights, f, b: beside(f, b)),
    "sum": Join(lambda weights, f, b: f + b),
    "mean": Join(lambda weights, f, b: (f + b) / 2),
    "gated": Join(gated),
}
