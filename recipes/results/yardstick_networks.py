"""What recurrent networks are measured against in `yardsticks.py`: a Transformer and a TCN, in plain torch.

Neither is a part of the zoo. Each reads a whole sequence at once, and a stream step by step.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

State = Sequence[tuple[Tensor, ...]]
"""What a stream keeps of what it has read: the tensors of each layer."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What a network reads and answers."""

    inputs: int
    """Features of a step, or types of tokens."""
    outputs: int
    """Scores of a step."""
    steps: int
    """Of the sequences that it is trained on."""
    tokens: bool = False
    """Whether each step is a token."""


class Network(nn.Module, ABC):
    """Scores of every step, from what has been read up to it."""

    @abstractmethod
    def forward(self, x: Float[Tensor, "B T I"] | Int[Tensor, "B T"]) -> Float[Tensor, "B T O"]:
        """The scores of whole sequences."""

    @abstractmethod
    def initial_state(self, batch_size: int) -> State:
        """What a stream keeps before the first step."""

    @abstractmethod
    def step(
        self, x: Float[Tensor, "B I"] | Int[Tensor, " B"], state: State
    ) -> tuple[Float[Tensor, "B O"], State]:
        """The scores of the next step of a stream, and what it keeps after it."""


class Transformer(Network):
    """Two pre-norm layers of causal self-attention, with sinusoidal positions added to what is read.

    A stream keeps keys and values of all steps, so that a step costs more the more has been read.
    Reference: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762. Deviation: layers are normalised before
    attention and feed-forward part, as in Xiong et al., 2020, https://arxiv.org/abs/2002.04745; no dropout.

    Args:
        sizes: What it reads and answers.
        width: Of each of the heads; D is so many times as wide.
    """

    heads, depth = 2, 2

    def __init__(self, sizes: Sizes, width: int) -> None:
        super().__init__()
        self.width = self.heads * width
        self.embed = (nn.Embedding if sizes.tokens else nn.Linear)(sizes.inputs, self.width)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                self.width, self.heads, 4 * self.width, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(self.depth)
        )
        self.norm = nn.LayerNorm(self.width)
        self.head = nn.Linear(self.width, sizes.outputs)

    def forward(self, x: Tensor) -> Tensor:
        steps = x.shape[1]
        x = self.embed(x) + sinusoids(torch.arange(steps), self.width)
        unseen = nn.Transformer.generate_square_subsequent_mask(steps)
        for layer in self.layers:
            x = layer(x, src_mask=unseen, is_causal=True)
        return self.head(self.norm(x))

    def initial_state(self, batch_size: int) -> State:
        none = torch.zeros(batch_size, 0, self.width)
        return [(none, none)] * self.depth

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        position, kept = state[0][0].shape[1], []
        x = self.embed(x) + sinusoids(torch.tensor([position]), self.width)
        for layer, past in zip(self.layers, state, strict=True):
            x, seen = self._attended(layer, x[:, None], past)
            kept.append(seen)
        return self.head(self.norm(x)), kept

    def _attended(
        self, layer: nn.TransformerEncoderLayer, x: Tensor, past: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """What a layer answers (B, D) to one step x (B, 1, D), and the keys and values so far (B, T, D)."""
        attention = layer.self_attn
        q, *new = F.linear(layer.norm1(x), attention.in_proj_weight, attention.in_proj_bias).chunk(3, -1)
        seen = tuple(torch.cat(pair, 1) for pair in zip(past, new, strict=True))
        by_head = (each.unflatten(-1, (self.heads, -1)).transpose(1, 2) for each in (q, *seen))
        read = F.scaled_dot_product_attention(*by_head).transpose(1, 2).flatten(1)
        x = x[:, 0] + attention.out_proj(read)
        return x + layer.linear2(F.relu(layer.linear1(layer.norm2(x)))), seen


def sinusoids(positions: Int[Tensor, " T"], width: int) -> Float[Tensor, "T D"]:
    """Sines and cosines of positions, in wavelengths from 2π to 10,000 · 2π (Vaswani et al., section 3.5)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width))
    angles = positions[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], -1)


class CausalConvolution(nn.Module):
    """A weight-normalised, dilated convolution over what was read up to each step, and a ReLU."""

    def __init__(self, inputs: int, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.inputs, self.memory = inputs, (kernel - 1) * dilation
        self.convolution = weight_norm(nn.Conv1d(inputs, channels, kernel, dilation=dilation))

    def forward(
        self, x: Float[Tensor, "B I T"], past: Float[Tensor, "B I P"]
    ) -> tuple[Float[Tensor, "B C T"], Float[Tensor, "B I P"]]:
        """The outputs, and the steps that the next ones need."""
        joined = torch.cat([past, x], -1)
        return self.convolution(joined).relu(), joined[..., -self.memory :]

    def nothing(self, batch_size: int) -> Float[Tensor, "B I P"]:
        """What stands before the first step."""
        return torch.zeros(batch_size, self.inputs, self.memory)


class ResidualBlock(nn.Module):
    """Two causal convolutions beside a connection past them, and a ReLU."""

    def __init__(self, inputs: int, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.first = CausalConvolution(inputs, channels, kernel, dilation)
        self.second = CausalConvolution(channels, channels, kernel, dilation)
        self.past_them = nn.Identity() if inputs == channels else nn.Conv1d(inputs, channels, 1)

    def forward(
        self, x: Float[Tensor, "B I T"], past: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The outputs (B, C, T), and the steps that the next ones need."""
        y, first = self.first(x, past[0])
        y, second = self.second(y, past[1])
        return (y + self.past_them(x)).relu(), (first, second)


class TCN(Network):
    """A temporal convolutional network: residual blocks of dilations 1, 2, 4 ... with kernels of 7 steps.

    There are as many blocks as it takes to see all of a training sequence. A stream keeps the steps that its
    convolutions still need, always as many.
    Reference: Bai et al., 2018, https://arxiv.org/abs/1803.01271. Deviations: no dropout, and convolutions
    start as torch's do.

    Args:
        sizes: What it reads and answers.
        width: Channels.
    """

    kernel = 7

    def __init__(self, sizes: Sizes, width: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(sizes.inputs, width) if sizes.tokens else nn.Identity()
        inputs, blocks = width if sizes.tokens else sizes.inputs, blocks_for(sizes.steps, self.kernel)
        self.blocks = nn.ModuleList(
            ResidualBlock(width if block else inputs, width, self.kernel, 2**block) for block in range(blocks)
        )
        self.head = nn.Linear(width, sizes.outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self._read(x, self.initial_state(len(x)))[0]

    def initial_state(self, batch_size: int) -> State:
        return [(block.first.nothing(batch_size), block.second.nothing(batch_size)) for block in self.blocks]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        scores, state = self._read(x[:, None], state)
        return scores[:, 0], state

    def _read(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Scores (B, T, O) of further steps, and what the stream keeps after them."""
        y, kept = self.embed(x).transpose(1, 2), []
        for block, past in zip(self.blocks, state, strict=True):
            y, needed = block(y, past)
            kept.append(needed)
        return self.head(y.transpose(1, 2)), kept


def receptive_field(blocks: int, kernel: int) -> int:
    """Steps that an output of a TCN sees: two convolutions in each block, of dilation 1, 2, 4 ..."""
    return 1 + 2 * (kernel - 1) * (2**blocks - 1)


def blocks_for(steps: int, kernel: int) -> int:
    """How many blocks it takes to see so many steps."""
    blocks = 1
    while receptive_field(blocks, kernel) < steps:
        blocks += 1
    return blocks
