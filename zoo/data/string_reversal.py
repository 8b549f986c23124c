"""String reversal: say a string of symbols backwards."""

import math
import string
from collections.abc import Callable
from functools import partial
from typing import final

import torch

from zoo.data import DATA
from zoo.data.base import check_counts
from zoo.data.synthetic.made_pairs import MadePairs, TextPair


@final
@DATA.register("string_reversal")
class StringReversal(MadePairs):
    """A string of symbols is to be said backwards: the least that asks for an encoder-decoder.

    What comes first in the source is needed last: without attention all of it has to pass through one state.
    Batches: `x` (B, S), `lengths` (B,); `y` (B, U), the symbols in reverse and `<eos>`, -100 beyond; see
    `MadePairs`.
    Reference: the reversal task of Grefenstette et al., 2015, https://arxiv.org/abs/1506.02516, section 4.1.

    Args:
        symbols: How many different symbols there are, letters from a on.
        shortest: Symbols of the shortest string.
        longest: Symbols of the longest string; lengths between are equally likely.
        batch_size: Strings of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Strings of the validation set.
        test_size: Strings of the test set.
        seed: Decides every string.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    between = " "

    def __init__(
        self,
        symbols: int = 10,
        shortest: int = 5,
        longest: int = 20,
        batch_size: int = 64,
        steps_per_epoch: int = 200,
        val_size: int = 500,
        test_size: int = 1000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        check_counts(symbols=symbols, shortest=shortest, longest=longest)
        if not 2 <= symbols <= len(string.ascii_letters):
            raise ValueError(f"symbols is {symbols}; expected 2 to {len(string.ascii_letters)}, the letters")
        if longest < shortest:
            raise ValueError(f"longest is {longest} and shortest is {shortest}; expected it to be no less")
        self.source_symbols = self.target_symbols = string.ascii_letters[:symbols]
        self.shortest, self.longest = shortest, longest

    @property
    def baseline(self) -> float:
        """Nats per token of an answer that knows the length but not the symbols."""
        mean = (self.shortest + self.longest) / 2
        return mean * math.log(len(self.source_symbols)) / (mean + 1)

    @property
    def maker(self) -> Callable[[torch.Generator], TextPair]:
        return partial(reversed_pair, self.source_symbols, self.shortest, self.longest)


def reversed_pair(symbols: str, shortest: int, longest: int, random: torch.Generator) -> TextPair:
    """A string and its reverse."""
    length = int(torch.randint(shortest, longest + 1, (), generator=random))
    drawn = torch.randint(len(symbols), (length,), generator=random).tolist()
    text = "".join(symbols[number] for number in drawn)
    return text, text[::-1]
