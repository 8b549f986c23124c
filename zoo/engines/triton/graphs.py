"""Many small launches as one: a chunk of steps recorded once, and replayed on copies of its tensors."""

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

import torch
from torch import Tensor

Tensors: TypeAlias = dict[str, Tensor | None]
"""The tensors of a launch, by the names that the kernels give them."""

Launch: TypeAlias = Callable[[], None]


def cuda_graph(work: Launch) -> Launch:
    """Records what this work launches; warmed up first on a stream of its own, as torch asks for."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


class Recorded:
    """Some work on tensors of its own, which stand for live ones of the same shapes.

    Args:
        work: What is to be recorded.
        like: Live tensors.
        written: Which of them the work writes.
        record: Makes a replay of some work; `cuda_graph`, or what runs it once more.
    """

    def __init__(
        self,
        work: Callable[[Tensors], None],
        like: Tensors,
        written: Collection[str],
        record: Callable[[Launch], Launch],
    ) -> None:
        self.held: Tensors = {
            name: None if part is None else torch.zeros_like(part) for name, part in like.items()
        }
        self.written = written
        self.replay = record(lambda: work(self.held))

    def __call__(self, live: Tensors) -> None:
        """Does the work on live tensors."""
        # what is written, too: some of it is added to
        _copy(live, self.held, live)
        self.replay()
        _copy(self.held, live, self.written)


def _copy(source: Tensors, target: Tensors, names: Collection[str]) -> None:
    for name in names:
        part, place = source[name], target[name]
        if part is not None and place is not None:
            place.copy_(part)


def sliced(tensors: Tensors, timed: Mapping[str, int], first: int, count: int) -> Tensors:
    """The tensors of some steps, lengths counted from there; `timed`: how many entries more than steps."""
    found = dict(tensors)
    for name, more in timed.items():
        part = tensors[name]
        if part is not None and part.numel():
            found[name] = part[first : first + count + more]
    lengths = tensors["lengths"]
    found["lengths"] = None if lengths is None else lengths - first
    return found
