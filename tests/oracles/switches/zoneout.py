"""d∘s_{t-1} + (1-d)∘s̃_t in training, z s_{t-1} + (1-z) s̃_t in evaluation: Krueger et al., 2017."""

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle
from oracles.switches import Drawn


def step(inner: Oracle, weights: Weights, x: Array, state: State, drawn: Drawn) -> tuple[Array, State]:
    output, made = inner.step(weights, x, state)
    rates = (drawn.spec.h, drawn.spec.c)[: len(state)]
    new, noise = [], drawn.noise
    for old, fresh, rate in zip(state, made, rates, strict=True):
        d = rate
        if drawn.training and rate:
            d, noise = noise[..., : old.shape[-1]], noise[..., old.shape[-1] :]
        new.append(d * old + (1 - d) * fresh)
    (shown,) = [k for k, part in enumerate(made) if part is output]
    return new[shown], tuple(new)
