"""What to try where something is wrong, as lines of a recipe that fit the network.

Only what a row of `recipes/results/clinic.csv` shows to have helped is advised.
"""

from zoo.verdict.measurements import Measurements

PAST = ("residual", "prenorm", "postnorm", "rezero", "stochasticdepth", "gatedresidual", "gnmt", "dense")
"""Wirings with which a signal goes past a layer as it is."""


def past_the_layers(m: Measurements) -> tuple[str, ...]:
    """Connections around the layers, where there are none yet, or none that are open."""
    if m.network.wiring in PAST:
        return ()
    return ("wiring: residual",)


def longer_memory(m: Measurements) -> tuple[str, ...]:
    """What carries a gradient farther back in this network."""
    pooled = ("pooling: max",) if m.network.pooling == "last" else ()
    return (*pooled, "cell: gru") if m.network.cell == "elman" else pooled


def forgetting(m: Measurements, bias: float) -> tuple[str, ...]:
    """A larger bias of the forget gate, where the cell has one that is smaller."""
    if not m.network.forgetting or m.network.forget_bias >= bias:
        return ()
    return (f"cell: {{class_path: {m.network.forgetting}, init_args: {{forget_bias: {bias}}}}}",)


def optimizer(m: Measurements, rate: float) -> tuple[str, ...]:
    """The recipe's optimiser with another learning rate."""
    return (f"optimizer: {{name: {m.network.optimizer}, lr: {rate:g}}}",)
