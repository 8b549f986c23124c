"""Graphs for torch alone: programs of torch.export."""

import io

import torch
from torch import Tensor

from zoo.export.graphs import Graph, Run
from zoo.export.quiet import quiet


def torch_bytes(graph: Graph) -> bytes:
    """The graph as `torch.export.save` writes it."""
    file = io.BytesIO()
    with quiet():
        torch.export.save(graph.program, file)
    return file.getvalue()


def torch_run(content: bytes) -> Run:
    """A graph as torch runs it once it is read again."""
    module = torch.export.load(io.BytesIO(content)).module()

    def run(given: list[Tensor]) -> list[Tensor]:
        found = module(*given)
        return [found] if isinstance(found, Tensor) else list(found)

    return run
