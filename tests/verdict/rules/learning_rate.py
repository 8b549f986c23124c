"""Another learning rate learns far more in as many steps."""

from zoo.verdict.facts import Learning

RATES = {1e-8: 2.3, 1e-4: 2.2, 1e-3: 1.5, 1e-2: 0.9, 1e-1: 2.5}
CASE = (
    {
        "learning": Learning(
            steps=160, start=2.3, end=2.3, baseline=2.3, rates=RATES, rate=1e-8, rate_steps=50
        )
    },
    "too small: in 50 steps the loss comes to 0.9 with 0.01, and with 1e-08 to 2.3",
    "optimizer: {name: Adam, lr: 0.01}",
)
