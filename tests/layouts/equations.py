"""What other libraries compute from their weights, written out in numpy from their documentation."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def over_time(step, x, *state):
    """The first entry of the state after each step, from x (B, T, I) and states (B, H)."""
    outputs = []
    for t in range(x.shape[1]):
        state = step(x[:, t], *state)
        outputs.append(state[0])
    return np.stack(outputs, axis=1)


def zeros(x, width):
    return np.zeros((len(x), width))


def keras_simple_rnn(x, kernel, recurrent, bias, activation=np.tanh):
    """h = tanh(x W + h U + b)."""
    return over_time(
        lambda x, h: (activation(x @ kernel + h @ recurrent + bias),), x, zeros(x, len(recurrent))
    )


def keras_lstm(x, kernel, recurrent, bias):
    """Columns i, f, c, o."""

    def step(x, h, c):
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    return over_time(step, x, *[zeros(x, len(recurrent))] * 2)


def keras_gru(x, kernel, recurrent, bias, reset_after):
    """Columns z, r, h; the gate z keeps the state. Biases in two rows are of the input and of the state."""
    H = len(recurrent)
    of_x, of_h = bias if reset_after else (bias, np.zeros(3 * H))

    def step(x, h):
        x_z, x_r, x_h = np.split(x @ kernel + of_x, 3, axis=-1)
        z = sigmoid(x_z + h @ recurrent[:, :H] + of_h[:H])
        r = sigmoid(x_r + h @ recurrent[:, H : 2 * H] + of_h[H : 2 * H])
        last = recurrent[:, 2 * H :]
        candidate = np.tanh(x_h + (r * (h @ last + of_h[2 * H :]) if reset_after else (r * h) @ last))
        return (z * h + (1 - z) * candidate,)

    return over_time(step, x, zeros(x, H))


def dense(layers, name, value):
    return value @ layers[name]["kernel"] + layers[name].get("bias", 0.0)


def flax_simple(x, p):
    """h' = tanh(W_i x + b_i + W_h h)."""
    return over_time(
        lambda x, h: (np.tanh(dense(p, "i", x) + dense(p, "h", h)),), x, zeros(x, len(p["h"]["kernel"]))
    )


def flax_lstm(x, p):
    def step(x, h, c):
        i, f, g, o = (dense(p, f"i{gate}", x) + dense(p, f"h{gate}", h) for gate in "ifgo")
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    return over_time(step, x, *[zeros(x, len(p["hi"]["kernel"]))] * 2)


def flax_gru(x, p):
    """n = tanh(W_in x + b_in + r * (W_hn h + b_hn)); h' = (1 - z) * n + z * h."""

    def step(x, h):
        r, z = (sigmoid(dense(p, f"i{gate}", x) + dense(p, f"h{gate}", h)) for gate in "rz")
        n = np.tanh(dense(p, "in", x) + r * dense(p, "hn", h))
        return ((1 - z) * n + z * h,)

    return over_time(step, x, zeros(x, len(p["hn"]["kernel"])))


def flax_mgu(x, p):
    """n = tanh(W_in x + b_in + f * (W_hn h + b_hn)); without reset gate there are no b_hn and no f in n."""

    def step(x, h):
        f = sigmoid(dense(p, "if", x) + dense(p, "hf", h))
        n = np.tanh(dense(p, "in", x) + (f if "bias" in p["hn"] else 1.0) * dense(p, "hn", h))
        return ((1 - f) * n + f * h,)

    return over_time(step, x, zeros(x, len(p["hn"]["kernel"])))


def xlstm_slstm(x, weights, kernel, bias):
    """The sLSTM layer of xlstm between its convolution and its norm, without a stabiliser.

    Its cell adds what `fgate` gives to the input gate's, and what `igate` gives to the forget gate's.

    Args:
        x: (B, T, H).
        weights: Layer -> its blocks (heads, D, D), one for each head: output, input.
        kernel: (heads, D, 4, D): head, input, gate of i, f, z, o, output.
        bias: (heads, 4, D).
    """
    heads, width = len(kernel), len(kernel[0])

    def step(x, h, c, n):
        new = []
        for k in range(heads):
            own = slice(k * width, (k + 1) * width)
            i, f, z, o = (
                x[:, own] @ weights[layer][k].T + h[:, own] @ kernel[k, :, gate] + bias[k, gate]
                for gate, layer in enumerate(("fgate", "igate", "zgate", "ogate"))
            )
            c_k = sigmoid(f) * c[:, own] + np.exp(i) * np.tanh(z)
            n_k = sigmoid(f) * n[:, own] + np.exp(i)
            new.append((sigmoid(o) * c_k / n_k, c_k, n_k))
        return tuple(np.concatenate(parts, axis=-1) for parts in zip(*new, strict=True))

    return over_time(step, x, *[zeros(x, heads * width)] * 3)


def xlstm_large(tokens, weights, heads, blocks):
    """The logits of the language model of xLSTM 7B, Beck et al., 2025, and its code, from its state dict.

    All steps at once, as attention whose scores decay, and without a stabiliser: only ε, which the code adds
    to what has been divided by exp(m), asks for m.

    Args:
        tokens: (B, T).
        weights: Name -> array.
        heads: Of each block.
        blocks: How many there are.
    """
    x = weights["embedding.weight"][tokens]
    for k in range(blocks):
        own = {name.removeprefix(f"backbone.blocks.{k}."): each for name, each in weights.items()}
        x = x + xlstm_large_memory(rms_normed(x, own["norm_mlstm.weight"]), own, heads)
        n = rms_normed(x, own["norm_ffn.weight"])
        g = n @ own["ffn.proj_up_gate.weight"].T
        x = x + (g * sigmoid(g) * (n @ own["ffn.proj_up.weight"].T)) @ own["ffn.proj_down.weight"].T
    return capped(rms_normed(x, weights["backbone.out_norm.weight"]) @ weights["lm_head.weight"].T, 30)


def xlstm_large_memory(x, weights, heads):
    """The mLSTM of a block, between its norm and its sum."""

    def product(name):
        return x @ weights[f"mlstm_layer.{name}.weight"].T

    def by_head(name):
        return np.moveaxis(product(name).reshape(*x.shape[:2], heads, -1), 2, 1)

    def gate(name):
        return np.moveaxis(capped(product(name) + weights[f"mlstm_layer.{name}.bias"], 15), 2, 1)

    q, k, v, i = by_head("q"), by_head("k"), by_head("v"), gate("igate_preact")
    decay = np.cumsum(np.log(sigmoid(gate("fgate_preact"))), axis=-1)
    steps = np.arange(x.shape[1])
    log_scores = decay[..., :, None] - decay[..., None, :] + i[..., None, :]
    log_scores = np.where(steps[:, None] >= steps, log_scores, -np.inf)
    m = np.maximum(log_scores.max(-1), decay)
    scores = np.exp(log_scores) * (q @ np.swapaxes(k, -1, -2)) / np.sqrt(q.shape[-1])
    size = np.maximum(np.abs(scores.sum(-1)), 1) + 1e-6 * np.exp(m)
    h = scores @ v / size[..., None]
    h = (h - h.mean(-1, keepdims=True)) / np.sqrt(h.var(-1, keepdims=True) + 1e-6)
    h = np.moveaxis(h, 1, 2).reshape(x.shape) * weights["mlstm_layer.multihead_norm.weight"]
    return (sigmoid(product("ogate_preact")) * h) @ weights["mlstm_layer.out_proj.weight"].T


def rms_normed(x, gain):
    return gain * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)


def capped(z, cap):
    return cap * np.tanh(z / cap)


def both_ways(function, x, forward, backward):
    """A bidirectional layer: the second reads from the end, and its outputs are put back in order."""
    return np.concatenate([function(x, *forward), function(x[:, ::-1], *backward)[:, ::-1]], axis=-1)
