"""Noisy runs of symbols: which symbols they are, however long each run is."""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import final

import torch
from torch.nn import functional as F

from zoo.data import DATA
from zoo.data.base import Record, check_counts
from zoo.data.batches.datasets import Batch, TensorSequences
from zoo.data.batches.pair_sequences import PairSequences
from zoo.data.synthetic.made import MadeData


@final
@DATA.register("symbol_runs")
class SymbolRuns(MadeData):
    """Symbols that last for 2 to 6 steps each, silence between, all under noise: the least of speech.

    Each step shows one of `symbols` channels, or none in silence (0 to 3 steps; at least one between two runs
    of the same symbol), and Gaussian noise on all of them. What is to be said are the symbols in their order.
    Batches: `x` (B, T, symbols) and `lengths` (B,); `y` (B, U), the symbols from 1 on, -100 beyond: 0 is
    left to the blank of CTC, so that num_classes is symbols + 1.

    Args:
        symbols: How many different symbols there are.
        shortest: Symbols of the shortest sequence.
        longest: Symbols of the longest sequence; numbers between are equally likely.
        noise: Standard deviation of the noise.
        batch_size: Sequences of one batch.
        steps_per_epoch: Training batches of one epoch, all of them new.
        val_size: Sequences of the validation set.
        test_size: Sequences of the test set.
        seed: Decides every sequence.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        symbols: int = 8,
        shortest: int = 3,
        longest: int = 8,
        noise: float = 0.3,
        batch_size: int = 32,
        steps_per_epoch: int = 200,
        val_size: int = 300,
        test_size: int = 1000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        check_counts(symbols=symbols, shortest=shortest, longest=longest)
        if longest < shortest:
            raise ValueError(f"longest is {longest} and shortest is {shortest}; expected it to be no less")
        if not 0 <= noise < math.inf:
            raise ValueError(f"noise is {noise}; expected 0 or more")
        self.symbols, self.shortest, self.longest, self.noise = symbols, shortest, longest, noise

    @property
    def baseline(self) -> float:
        """Nats per symbol of an answer that knows their number but has not heard them."""
        return math.log(self.symbols)

    @property
    def sizes(self) -> dict[str, int]:
        return {"input_size": self.symbols, "num_classes": self.symbols + 1}

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_runs, self.symbols, (self.shortest, self.longest), self.noise)

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """The symbols that were found, and those that each sequence was made of."""
        data = self.dataset("test")
        assert isinstance(data, TensorSequences)
        for number, record in enumerate(records):
            y = data.fields["y"][number]
            yield {"item": number, **record, "reference": y[y > 0].tolist()}


def draw_runs(
    symbols: int, counts: tuple[int, int], noise: float, count: int, random: torch.Generator
) -> Batch:
    """Makes `x` (count, T, symbols), `lengths` (count,) and `y` (count, U)."""

    def drawn(low: int, high: int, size: int) -> list[int]:
        numbers: list[int] = torch.randint(low, high + 1, (size,), generator=random).tolist()
        return numbers

    sequences, targets = [], []
    for size in drawn(*counts, count):
        said, lasting, silence = drawn(1, symbols, size), drawn(2, 6, size), drawn(0, 3, size + 1)
        steps: list[int] = []
        for k, symbol in enumerate(said):
            again = k > 0 and said[k - 1] == symbol
            steps += [0] * max(silence[k], int(again)) + [symbol] * lasting[k]
        steps += [0] * silence[-1]
        shown = F.one_hot(torch.tensor(steps), symbols + 1)[:, 1:].float()
        sequences.append(shown + noise * torch.randn(shown.shape, generator=random))
        targets.append(torch.tensor(said))
    data = PairSequences(sequences, targets)
    return {"lengths": data.sources.lengths, **data.__getitems__(range(count))}
