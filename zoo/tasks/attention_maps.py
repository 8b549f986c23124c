"""Maps of where a decoder looked, with the symbols of source and answer beside them."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from zoo.tasks.answers import Map

SPACE, NOTHING = "␣", "∅"


def attention_map(weights: Float[Tensor, "U S"], source: list[str], answer: list[str], called: str) -> Map:
    """One map: a row for each symbol of the answer.

    Args:
        weights: Those of the decode.
        source: Its S symbols.
        answer: The U symbols that were written.
        called: Which example it is.
    """
    return Map(
        panel=f"{called}; entropy {entropy_share(weights).mean():.0%} of its most",
        view="weights",
        across="source",
        up="answer",
        columns=source,
        rows=answer,
        values=weights,
    )


def entropy_share(weights: Float[Tensor, "*rows S"]) -> Float[Tensor, "*rows"]:
    """The entropy of weights that sum to 1, as a share of the most that it can be: 1 where all are alike.

    Of a single weight it is 0, for there is nowhere else to look.
    """
    steps = weights.shape[-1]
    return entropy(weights) / math.log(steps) if steps > 1 else torch.zeros_like(weights[..., 0])


def entropy(weights: Float[Tensor, "*rows S"]) -> Float[Tensor, "*rows"]:
    """The entropy of weights, in nats; what is 0 adds none."""
    return -torch.xlogy(weights, weights).sum(-1)


def symbols(
    sequence: Float[Tensor, "T I"] | Int[Tensor, " T"],
    decode: Callable[[Iterable[int]], str] | None,
    named: Mapping[int, str] | None = None,
) -> list[str]:
    """A word for each step: what it is decoded as, its number, or of features the number of the step.

    Args:
        sequence: Tokens or features.
        decode: Makes a text of tokens, if anything does.
        named: Words for some tokens.
    """
    if sequence.dim() > 1:
        return [str(step) for step in range(1, 1 + len(sequence))]
    return [(named or {}).get(token) or _symbol(token, decode) for token in sequence.tolist()]


def _symbol(token: int, decode: Callable[[Iterable[int]], Any] | None) -> str:
    if decode is None:
        return str(token)
    text = str(decode([token]))
    return text.replace(" ", SPACE).replace("\n", "⏎") or NOTHING
