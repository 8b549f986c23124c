"""Measurements with which nothing is wrong; what validation says is just within every threshold."""

from zoo.verdict.measurements import Gate, Measurements, Network

FADING = [0.5**lag for lag in range(40)]
HEALTHY = Measurements(
    layers={"layer 1": 2e-3, "layer 2": 1e-3, "head": 1e-2},
    early={"layer 1": 1e-3, "layer 2": 1e-3},
    gradients={"layer_1/forward": [1.0] * 40},
    errors={"layer_1/forward": [0.9**lag for lag in range(40)]},
    weights={"layer_1/forward": [0.9**lag for lag in range(40)]},
    gates={"layer_1/forward": {"f": Gate(0.1, 0.7), "i": Gate(0.2, 0.5)}},
    dead={"layer_1/forward": 0.0},
    updates={"layer_1": 1e-3},
    norms=[1.0, 1.2, 0.9, 1.1, 3.0, 0.8],
    validated={
        "accuracy": [0.4, 0.7051],
        "majority": [0.7, 0.7],
        "said_most": [1.0, 0.99],
        "empty_answers": [1.0, 0.5],
        "alike_answers": [1.0, 0.25],
        "cut_answers": [1.0, 0.25],
        "attention_spread": [1.0, 0.9],
        "attention_on_one_place": [1.0, 0.9],
        "mse": [5.0, 0.999],
        "mse_last_value": [1.0, 1.0],
        "mse_seasonal_naive": [2.0, 1.0],
        "leaky_loss": [0.05, 0.1],
    },
    network=Network(
        cell="lstm", forgetting="LSTMSpec", wiring="plain", pooling="last", num_layers=2, lr=0.01
    ),
)
