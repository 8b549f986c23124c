"""What is timed and where: the shape of a batch, the type and place of its numbers, and what one run does."""

import re
from dataclasses import dataclass
from typing import Any, Literal, final, get_args

import torch

from zoo.registry import Spec, check_choice, check_positive

Mode = Literal["training", "forward", "streaming"]
DTYPES = ("float32", "float64", "bfloat16", "float16")
MODES = get_args(Mode)


@final
@dataclass(frozen=True)
class Shape:
    """The shape of a batch of sequences and the width of a cell.

    Attributes:
        steps: T.
        batch_size: B.
        input_size: I.
        width: H, which a composition that names its own widths does not use.
    """

    steps: int
    batch_size: int
    input_size: int
    width: int

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "input_size", "width"):
            check_positive(name, getattr(self, name))

    @classmethod
    def parse(cls, text: str) -> "Shape":
        """The shape that "TxBxH" (I = H) or "TxBxIxH" spells.

        Raises:
            ValueError: the text is neither.
        """
        if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*){2,3}", text):
            raise ValueError(f"a shape is {text!r}; expected TxBxH or TxBxIxH, such as 256x32x64")
        steps, batch_size, input_size, *width = map(int, text.split("x"))
        return cls(steps, batch_size, input_size, width[0] if width else input_size)

    def __str__(self) -> str:
        sizes = [self.steps, self.batch_size, self.input_size, self.width]
        return "x".join(str(size) for size in (sizes[:3] if sizes[2] == sizes[3] else sizes))

    @property
    def tokens(self) -> int:
        """Steps of all sequences together, B T."""
        return self.steps * self.batch_size


@final
@dataclass(frozen=True, kw_only=True)
class Setting(Spec):
    """Where and in which mode everything is timed."""

    mode: Mode = "training"
    """A training step (forward and backward), the forward run alone, or one moment of a stream."""

    dtype: str = "float32"
    """The type of inputs and parameters."""

    device: str = "cpu"
    """Where torch computes: cpu, cuda, or cuda:N."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("dtype", self.dtype, DTYPES)
        known = ["cpu"]
        if torch.cuda.is_available():
            known += ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
        check_choice("device", self.device, known)

    @property
    def place(self) -> dict[str, Any]:
        """`dtype` and `device`, as torch's factory functions take them."""
        return {"dtype": vars(torch)[self.dtype], "device": torch.device(self.device)}

    def settle(self) -> None:
        """Waits until the device has done all that it was told."""
        if self.device != "cpu":
            torch.cuda.synchronize(self.device)
