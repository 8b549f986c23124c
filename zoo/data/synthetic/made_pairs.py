"""Pairs that are made, not found: a text and what it is to become, spelled in fixed symbols."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

import torch

from zoo.data.base import Record
from zoo.data.batches.datasets import Batch, TensorSequences
from zoo.data.batches.pair_sequences import PairSequences
from zoo.data.synthetic.made import MadeData
from zoo.data.words.framed import EOS, SPECIALS

TextPair = tuple[str, str]
Pieces = dict[str, int]
"""Symbol -> its number."""


class MadePairs(MadeData):
    """Pairs of texts drawn by chance, symbol by symbol.

    Batches: `x` (B, S) and `lengths` (B,), the source; `y` (B, U), the target and an `<eos>` behind it, -100
    beyond. The symbols of each side are numbered from 4 on, behind `<pad>`, `<unk>`, `<bos>` and `<eos>`.
    """

    source_symbols: str
    """The symbols of the sources, in the order of their numbers."""

    target_symbols: str
    """The symbols of the targets."""

    between: str = ""
    """What stands between the symbols of a text that people read."""

    @property
    @abstractmethod
    def maker(self) -> Callable[[torch.Generator], TextPair]:
        """Makes a source and its target; processes that load batches get a copy of it."""

    @property
    def sizes(self) -> dict[str, int]:
        return {
            "vocab_size": len(SPECIALS) + len(self.source_symbols),
            "output_size": len(SPECIALS) + len(self.target_symbols),
        }

    @property
    def legend(self) -> dict[str, Any]:
        """`decode` makes a text of a target's numbers, `decode_source` of a source's."""
        return {
            "decode": partial(spelled, self.target_symbols, self.between),
            "decode_source": partial(spelled, self.source_symbols, self.between),
        }

    @property
    def draw(self) -> Callable[[int, torch.Generator], Batch]:
        return partial(draw_pairs, self.maker, numbered(self.source_symbols), numbered(self.target_symbols))

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each source and the target it was made with."""
        data = self.dataset("test")
        assert isinstance(data, TensorSequences)
        fields, legend = data.fields, self.legend
        for number, record in enumerate(records):
            source = fields["x"][number, : int(fields["lengths"][number])].tolist()
            reference = legend["decode"](fields["y"][number].tolist())
            yield {**record, "reference": reference, "source": legend["decode_source"](source)}

    def given(self, items: Sequence[Any]) -> PairSequences:
        """Texts of a user's own in the numbers of the sources' symbols.

        Raises:
            ValueError: one is no text, is empty, or has a symbol that no source has.
        """
        numbers = numbered(self.source_symbols)
        sources = []
        for place, item in enumerate(items):
            if not isinstance(item, str) or not item:
                raise ValueError(f"item {place} is {item!r}; expected a text that is not empty")
            symbols = item.split(self.between) if self.between else list(item)
            if strange := [symbol for symbol in symbols if symbol not in numbers]:
                raise ValueError(
                    f"item {place} has the symbol {strange[0]!r}; expected some of {self.source_symbols!r}"
                )
            sources.append(torch.tensor([numbers[symbol] for symbol in symbols]))
        return PairSequences(sources)


def numbered(symbols: str) -> Pieces:
    """The number of each symbol."""
    return {symbol: number for number, symbol in enumerate(symbols, len(SPECIALS))}


def spelled(symbols: str, between: str, numbers: Iterable[int]) -> str:
    """The text of these numbers up to the first `<eos>`."""
    before = takewhile(lambda number: number != EOS, numbers)
    return between.join(symbols[number - len(SPECIALS)] for number in before if number >= len(SPECIALS))


def draw_pairs(
    make: Callable[[torch.Generator], TextPair],
    sources: Pieces,
    targets: Pieces,
    count: int,
    random: torch.Generator,
) -> Batch:
    """Makes `x` (count, S), `lengths` (count,) and `y` (count, U)."""
    pairs = [make(random) for _ in range(count)]
    data = PairSequences(
        [torch.tensor([sources[symbol] for symbol in source]) for source, _ in pairs],
        [torch.tensor([*(targets[symbol] for symbol in target), EOS]) for _, target in pairs],
    )
    return {"lengths": data.sources.lengths, **data.__getitems__(range(count))}
