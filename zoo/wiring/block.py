"""The wiring of residual blocks: a recurrence, then a gated multilayer perceptron."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.registry import check_finite
from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring
from zoo.wiring.norm import EPSILON, NormName, norm_of

MLPName = Literal["geglu", "swiglu"]


@final
@dataclass(frozen=True, kw_only=True)
class BlockSpec(WiringSpec):
    """Options of the wiring of residual blocks."""

    mixes: ClassVar[bool] = True

    norm: NormName = "rms"
    """By what is normalised: mean and deviation, "layer", or the root mean square alone, "rms"."""

    norm_epsilon: float = EPSILON
    """Added to the variance or the mean square before its root is taken."""

    mlp: MLPName = "geglu"
    """What gates the perceptron: a GELU, "geglu", or a SiLU, "swiglu"."""

    expansion: float = 3.0
    """How many times wider than the stream the perceptron is inside; 0 leaves it out."""

    project: bool = False
    """Whether the layer's output goes through a matrix also where it is as wide as the stream."""

    final_norm: bool = True
    """Whether what comes out of the stack is normalised: sums grow with depth, and nothing else would."""

    unequal: Unequal = "project"
    """Where the first layer is wider or narrower than the inputs: "project" these by a matrix without bias,
    "pad" them with zeros, or "refuse"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_finite("expansion", self.expansion)
        if self.expansion < 0:
            raise ValueError(f"expansion is {self.expansion}; expected a positive number, or 0 for none")
        check_finite("norm_epsilon", self.norm_epsilon)
        if self.norm_epsilon <= 0:
            raise ValueError(f"norm_epsilon is {self.norm_epsilon}; expected a positive number")


@final
@register_wiring("block", BlockSpec)
class Block(Wiring):
    """Around a stream go the layers of Griffin, minGRU and xLSTM: a recurrence adds to it, then a gated MLP.

    Equations::

        y = layer(norm(x))
        h = x + W_o y                           without W_o, h = x + y, where it is not needed or asked for
        n = norm(h)
        z = h + W_d (φ(W_g n) ∘ W_u n)          of the last layer norm(z), see `BlockSpec.final_norm`

    φ is GELU, by its tanh, or SiLU. The matrices have no biases.
    Unequal widths: the stream is as wide as the first layer's output, and stays so: layers above of another
    width are brought to it by W_o. Inputs of another width belong to no stream yet: the first layer reads
    them as they are, since of a series of width 1 a norm would leave nothing but its sign, and h = P x + y;
    see `BlockSpec.unequal`.
    References: De et al., 2024, https://arxiv.org/abs/2402.19427 (Griffin, with GeGLU three times as wide);
    Feng et al., 2024, https://arxiv.org/abs/2410.01201 (minGRU); Beck et al., 2024,
    https://arxiv.org/abs/2405.04517 (xLSTM). Deviation: convolutions and a second branch are not in it.
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="De et al., 2024, https://arxiv.org/abs/2402.19427",
        no_decay=(
            "norm.weight",
            "norm.bias",
            "mlp.norm.weight",
            "mlp.norm.bias",
            "final.weight",
            "final.bias",
        ),
        own_start=("norm.weight", "mlp.norm.weight", "final.weight"),
    )

    def __init__(self, spec: BlockSpec, input_size: int, output_size: int, position: Position) -> None:
        super().__init__(spec, input_size, output_size, position)
        stream = self.output_size
        self.match = Match(spec.unequal, input_size, stream)
        self.norm = norm_of(spec.norm, input_size, spec.norm_epsilon) if input_size == stream else None
        needed = spec.project or output_size != stream
        self.out = nn.Linear(output_size, stream, bias=False) if needed else None
        inner = round(spec.expansion * stream)
        self.mlp = GatedMLP(spec, stream, inner) if inner else None
        self.final = (
            norm_of(spec.norm, stream, spec.norm_epsilon) if position.is_last and spec.final_norm else None
        )

    @property
    def output_size(self) -> int:
        return self.layer_size if self.position.index == 0 else self.input_size

    def enter(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... I"]:
        return x if self.norm is None else self.norm(x)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        z: Tensor = self.match(x) + (y if self.out is None else self.out(y))
        z = z if self.mlp is None else z + self.mlp(z)
        return z if self.final is None else self.final(z)


@final
class GatedMLP(nn.Module):
    """Normalises, and lets one half of a wider layer gate the other; see `Block`."""

    def __init__(self, spec: BlockSpec, width: int, inner: int) -> None:
        super().__init__()
        self.activation = spec.mlp
        self.norm = norm_of(spec.norm, width, spec.norm_epsilon)
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, h: Float[Tensor, "... O"]) -> Float[Tensor, "... O"]:
        """What is added to `h`."""
        n = self.norm(h)
        g = self.gate(n)
        g = F.gelu(g, approximate="tanh") if self.activation == "geglu" else F.silu(g)
        added: Tensor = self.down(g * self.up(n))
        return added
