"""What there is to say about a named model."""

from dataclasses import dataclass
from typing import final

import torch

from zoo.model import ModelSpec


@final
@dataclass(frozen=True, kw_only=True)
class NamedModel:
    """A model of the catalogue.

    Attributes:
        summary: What it is, in a line.
        task: Registered name of the task it is trained for.
        network: What it is made of, with the sizes of the paper's data.
        paper: Authors, year and address.
        deviations: Where it differs from the paper, beyond one bias where torch has two.
    """

    summary: str
    task: str
    network: ModelSpec
    paper: str
    deviations: str = ""

    @property
    def parameters(self) -> int:
        """Number of parameters, counted without allocating them."""
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in self.network.build().parameters())
