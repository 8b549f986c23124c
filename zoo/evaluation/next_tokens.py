"""Texts that are gone on with: which symbols cost most, how rare they are, and the worst passages."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.data.base import SequenceData
from zoo.evaluation.finder import Finder, Seen
from zoo.evaluation.wording import named, one_line, share
from zoo.runs.evaluation import Evaluation, Sheet
from zoo.tasks.answers import NextTokens
from zoo.tasks.contract import IGNORED

MOST, WORST, LETTERS = 20, 10, 60
"""Symbols and passages that are shown, and about how many letters a passage has."""
DECADES = 5
"""Bands of frequency: 1 in 10 and more, 1 in 10 to 1 in 100, and so on."""


@final
@dataclass(eq=False)
class Texts(Finder):
    """Of language models."""

    chunks: list[NextTokens] = field(default_factory=list)

    def see(self, seen: Seen) -> None:
        said = seen.task.next_tokens(seen.predicted, seen.batch)
        if said is not None:
            self.chunks.append(NextTokens(*(part.cpu() for part in said)))

    def found(self, data: SequenceData) -> Evaluation:
        if not self.chunks:
            return Evaluation()
        streams = end_to_end(self.chunks)
        counted = streams.true != IGNORED
        flat = NextTokens(*(part[counted] for part in streams))
        names = list(data.legend.get("tokens") or range(1 + int(max(flat.true.max(), flat.said.max()))))
        return Evaluation([by_frequency(flat), dearest(flat, names), passages(streams, names, data.legend)])


def end_to_end(chunks: list[NextTokens]) -> NextTokens:
    """Chunks as whole streams, (B, all T); of fewer streams than at first what is missing does not count."""
    rows = max(len(chunk.true) for chunk in chunks)

    def joined(parts: list[Tensor], fill: int) -> Tensor:
        return torch.cat([F.pad(part, (0, 0, 0, rows - len(part)), value=fill) for part in parts], dim=1)

    nats, true, said = ([chunk[k] for chunk in chunks] for k in range(3))
    return NextTokens(joined(nats, 0), joined(true, IGNORED), joined(said, 0))


def by_frequency(flat: NextTokens) -> Sheet:
    """What symbols cost by how frequent they are in this text.

    Args:
        flat: Of all tokens that count, (N,) each.
    """
    counts = torch.bincount(flat.true)
    decades = torch.log10(len(flat.true) / counts[flat.true]).floor().clamp(max=DECADES - 1).int()
    rows = []
    for decade in range(DECADES):
        part = (decades == decade).nonzero().flatten()
        if len(part):
            rows.append([_band(decade), f"{len(set(flat.true[part].tolist())):,}", *_told(flat, part)])
    everything = torch.arange(len(flat.true))
    rows.append(["all", f"{int((counts > 0).sum()):,}", *_told(flat, everything)])
    head = ["how frequent", "symbols", "of the text", "bits each", "perplexity", "right", "of all bits"]
    return Sheet("By frequency of the next symbol", head, rows)


def dearest(flat: NextTokens, names: list[Any]) -> Sheet:
    """The symbols that cost most in all.

    Args:
        flat: Of all tokens that count, (N,) each.
        names: Of all symbols.
    """
    size = len(names)
    costs = torch.zeros(size, dtype=torch.double).index_add_(0, flat.true, flat.nats.double())
    counts = torch.bincount(flat.true, minlength=size)
    rows = []
    for k in costs.argsort(descending=True, stable=True)[:MOST].tolist():
        if counts[k]:
            mine = flat.true == k
            mistaken = torch.bincount(flat.said[mine & (flat.said != k)], minlength=size)
            other = named(int(mistaken.argmax()), names) if mistaken.any() else ""
            bits = float(costs[k] / counts[k]) / math.log(2)
            right = share(int((flat.said[mine] == k).sum()), int(counts[k]))
            part = share(float(costs[k]), float(costs.sum()))
            rows.append([named(k, names), f"{int(counts[k]):,}", f"{bits:.2f}", right, other, part])
    head = ["symbol", "times", "bits each", "right", "most often taken for", "of all bits"]
    return Sheet("The symbols that cost most", head, rows)


def passages(streams: NextTokens, names: list[Any], legend: Any) -> Sheet:
    """The passages that cost most, with where they are and their dearest symbol.

    Args:
        streams: Of all streams, (B, T) each.
        names: Of all symbols.
        legend: The words of the data; `decode` makes a text of numbers.
    """
    width = _width(names)
    decode = legend.get("decode") or (lambda numbers: " ".join(str(names[k]) for k in numbers))
    windows = sorted(_windows(streams, width), key=lambda window: -window[0])[:WORST]
    several, rows = len(streams.true) > 1, []
    for mean, b, start in windows:
        part = slice(start, start + width)
        true, nats, said = streams.true[b, part], streams.nats[b, part], streams.said[b, part]
        k = int(nats.where(true != IGNORED, 0).argmax())
        where = f"{start + 1:,} to {start + len(true):,}"
        text = one_line(str(decode(true[true != IGNORED].tolist())))
        dear = f"{named(int(true[k]), names)}, {float(nats[k]) / math.log(2):.1f} bits"
        took = named(int(said[k]), names)
        rows.append([f"stream {b}, {where}" if several else where, text, f"{mean:.2f}", dear, took])
    head = ["symbols of the text", "passage", "bits per symbol", "dearest symbol", "held most likely there"]
    return Sheet("The worst passages", head, rows)


def _windows(streams: NextTokens, width: int) -> Iterator[tuple[float, int, int]]:
    """Mean bits, stream and start of each window that is full."""
    for start in range(0, streams.true.shape[1] - width + 1, width):
        part = slice(start, start + width)
        full = (streams.true[:, part] != IGNORED).all(1)
        bits = streams.nats[:, part].mean(1) / math.log(2)
        yield from ((float(bits[b]), b, start) for b in full.nonzero().flatten().tolist())


def _width(names: list[Any]) -> int:
    """Symbols of a passage of about so many letters, with a space behind each word."""
    letters = [len(str(name)) for name in names]
    mean = max(sum(letters) / max(len(letters), 1), 1.0)
    return max(round(LETTERS / (mean if mean < 2 else mean + 1)), 5)


def _band(decade: int) -> str:
    often, rarely = (f"1 in {10**power:,}" for power in (decade, decade + 1))
    if decade == 0:
        return f"{rarely} or more often"
    return f"{often} to {rarely}" if decade < DECADES - 1 else f"rarer than {often}"


def _told(flat: NextTokens, part: Tensor) -> list[str]:
    """Share of the text, bits each, perplexity, share that is right, and share of all bits."""
    nats = flat.nats[part].double()
    mean, total = float(nats.mean()), float(flat.nats.double().sum())
    right = share(int((flat.said[part] == flat.true[part]).sum()), len(part))
    perplexity = f"{math.exp(min(mean, 700)):,.4g}"
    return [
        share(len(part), len(flat.true)),
        f"{mean / math.log(2):.3f}",
        perplexity,
        right,
        share(float(nats.sum()), total),
    ]
