"""An LSTM whose rows of weights are scaled by a small LSTM of h_{t-1} and x_t: Ha et al., 2017.

The small one has `weight_hyper_x`, `weight_hyper_h`, `weight_hyper`, `bias_hyper`, in the order i, f, g, o.
From its ĥ_t come z of h, x and b by `weight_z` and `offset_z`, and from these by `weight_scale` the scales of
U h and W x, and what is added. N is (z - mean) / sqrt(variance + 1e-5) times `gain`, of each gate and of c.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, sigmoid

STARTS_OTHERWISE = ("offset_z", "gain", "bias_hyper")


def normalise(z: Array) -> Array:
    apart = z - z.mean(-1, keepdims=True)
    return apart / np.sqrt((apart**2).mean(-1, keepdims=True) + 1e-5)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c, h_hyper, c_hyper = state
    sums = dot(weights["weight_hyper_x"], x) + dot(weights["weight_hyper_h"], h)
    sums = sums + dot(weights["weight_hyper"], h_hyper) + weights.get("bias_hyper", 0.0)
    i, f, g, o = np.split(sums, 4, axis=-1)
    c_hyper = sigmoid(f) * c_hyper + sigmoid(i) * np.tanh(g)
    h_hyper = sigmoid(o) * np.tanh(c_hyper)
    maps = np.split(weights["weight_z"], 12, axis=-2)
    offsets = [*np.split(weights["offset_z"], 8, axis=-1), 0.0, 0.0, 0.0, 0.0]
    scalings = np.split(weights["weight_scale"], 12, axis=-2)
    scales = [dot(s, dot(m, h_hyper) + e) for s, m, e in zip(scalings, maps, offsets, strict=True)]
    gains = np.split(weights["gain"], 5, axis=-1) if spec.layer_norm else [1.0] * 5
    found = {}
    for k, gate in enumerate("ifgo"):
        total = scales[k] * dot(weights[f"U_{gate}"], h) + scales[4 + k] * dot(weights[f"W_{gate}"], x)
        total = total + scales[8 + k]
        total = gains[k] * normalise(total) if spec.layer_norm else total
        found[gate] = total + weights.get(f"b_{gate}", 0.0)
    c_new = sigmoid(found["f"]) * c + sigmoid(found["i"]) * np.tanh(found["g"])
    seen = gains[4] * normalise(c_new) + weights.get("bias_norm", 0.0) if spec.layer_norm else c_new
    h_new = sigmoid(found["o"]) * np.tanh(seen)
    return h_new, (h_new, c_new, h_hyper, c_hyper)
