"""What joins vectors: the two directions of a layer, or a layer's input and its output."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oracles.arrays import Array, Weights, beside, dot, sigmoid
from oracles.slopes import Slopes


@dataclass(frozen=True)
class Join:
    """A join and its derivative.

    Attributes:
        join: Takes the weights by name and the vectors, and returns the joined vector.
    """

    join: Callable[..., Array]

    def back(self, weights: Weights, vectors: Sequence[Array], d: Array) -> tuple[list[Array], Weights]:
        """The gradients of the vectors and of the weights, given that of the joined one."""
        count = len(vectors)

        def joined(*parts: Array) -> tuple[Array]:
            return (self.join(dict(zip(weights, parts[count:], strict=True)), *parts[:count]),)

        found = Slopes(joined, [*vectors, *weights.values()]).back([d])
        return found[:count], dict(zip(weights, found[count:], strict=True))


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
