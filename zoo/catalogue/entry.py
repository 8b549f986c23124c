"""What there is to say about a named model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import torch

from zoo.catalogue.counting import Counted, count
from zoo.model import ModelSpec
from zoo.seq2seq import DecoderSpec, EncoderDecoder
from zoo.sequence_model import SequenceModel


@final
@dataclass(frozen=True, kw_only=True)
class NamedModel:
    """A model of the catalogue.

    Attributes:
        summary: What it is, in a line.
        task: Registered name of the task it is trained for.
        network: What it is made of, with the sizes of the paper's data; vocabularies that a paper does not
            give have 20,000 words and 100 characters.
        paper: Authors, year and address.
        decoder: What writes the target, of an encoder-decoder.
        options: What else the task is given, by the names of its arguments.
        published: Parameters, as the paper, its code, or a paper that compares it gives them; None where none
            of these could be looked up, or where a deviation makes another number of them.
        rounded_to: The unit in which they are given; 1 where they are exact.
        counted: What the paper counts.
        deviations: Where it differs from the paper, beyond one bias where torch has two, how weights start,
            and how it is trained.
    """

    summary: str
    task: str
    network: ModelSpec
    paper: str
    decoder: DecoderSpec | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    published: int | None = None
    rounded_to: int = 1
    counted: Counted = "whole model"
    deviations: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        """What the task is given beside the network."""
        return dict(self.options) if self.decoder is None else {**self.options, "decoder": self.decoder}

    @property
    def stated(self) -> str:
        """The published number of parameters as a paper writes it, such as 24M or 114,662; or nothing."""
        if self.published is None:
            return ""
        for letter, size in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
            if self.published >= size and self.rounded_to > 1:
                digits = max(0, round(math.log10(size / self.rounded_to)))
                return f"{self.published / size:.{digits}f}{letter}"
        return f"{self.published:,}"

    @property
    def authors(self) -> str:
        """Who wrote the paper, and when."""
        return self.paper.partition(", http")[0]

    @property
    def parameters(self) -> int:
        """Number of parameters, counted without allocating them."""
        return self.count("whole model")

    def count(self, what: Counted) -> int:
        """Number of parameters, counted as papers do, and without allocating them."""
        with torch.device("meta"):
            return count(self.build(), what)

    def build(self) -> SequenceModel:
        """The model, without its task.

        Raises:
            ValueError: a size is missing.
        """
        return self.network.build() if self.decoder is None else EncoderDecoder(self.network, self.decoder)
