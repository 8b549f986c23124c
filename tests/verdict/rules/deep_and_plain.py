"""Many layers, none of which a signal can go past, and with connections past them it learns faster."""

from dataclasses import replace

from verdict.healthy import HEALTHY
from zoo.verdict.facts import Learning

CASE = (
    {
        "learning": Learning(steps=160, start=2.3, end=2.0, baseline=2.3, trials={"wiring: residual": 0.4}),
        "network": replace(HEALTHY.network, num_layers=20),
    },
    "20 layers learn slowly as they are connected: in 160 steps the loss falls to 2",
    "wiring: residual",
)
