"""Layers as wide as those of the authors' code, of which the last alone comes out."""

import torch

from conformance.cases import randomised
from zoo.stack import StackSpec


def test_each_layer_reads_the_inputs_and_all_layers_below_and_the_last_comes_out_alone() -> None:
    """Embeddings of 300, biLSTMs of 512, 1024 and 2048, here a hundredth of each."""
    spec = StackSpec(hidden_size=(5, 10, 20), num_layers=3, direction="bidirectional", wiring="shortcut")
    stack = spec.build(3)
    read = [cell.input_size for cell in stack.cells()[::2]]
    assert read == [3, 3 + 2 * 5, 3 + 2 * (5 + 10)]
    assert stack.output_size == 2 * 20


def test_it_is_a_dense_stack_without_what_that_passes_by_its_last_layer() -> None:
    shortcut, dense = (
        randomised(StackSpec(hidden_size=4, num_layers=3, wiring=wiring).build(3))
        for wiring in ("shortcut", "dense")
    )
    x = torch.randn(2, 5, 3)
    assert torch.equal(shortcut(x)[0], dense(x)[0][..., -4:])
    assert dense.output_size == 3 + 3 * 4
