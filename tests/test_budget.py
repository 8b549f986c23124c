"""A number of parameters in a spec picks the width that comes nearest."""

from typing import Any

import pytest
import torch

import zoo
from zoo.cells import CELLS
from zoo.stack import Stack


def count(stack: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in stack.parameters())


def built(width: int | None, **options: Any) -> Stack:
    sizes = {} if width is None else {"hidden_size": width, "params": None}
    return zoo.StackSpec(**{**options, **sizes}).build(7)


@pytest.mark.parametrize("cell", CELLS.names())
def test_no_other_width_comes_nearer(cell: str) -> None:
    options = {"cell": cell, "num_layers": 2, "params": 20_000}
    stack = built(None, **options)
    width = stack.spec.hidden_sizes[0]
    assert stack.spec.params is None
    miss = abs(count(stack) - 20_000)
    assert miss <= min(abs(count(built(other, **options)) - 20_000) for other in (width - 1, width + 1))
    assert miss < 3_000


def test_the_width_is_a_multiple_of_the_heads() -> None:
    stack = built(None, cell=zoo.GLASpec(heads=4), params=5_000)
    assert stack.spec.hidden_sizes[0] % 4 == 0
    outputs, _ = stack(torch.randn(2, 3, 7))
    assert outputs.shape[:2] == (2, 3)


def test_a_recipe_may_say_it(tmp_path: Any) -> None:
    network = zoo.ModelSpec.of(
        {
            "encoder": {"cell": "gru", "params": 5_000, "direction": "bidirectional"},
            "input_size": 3,
            "output_size": 2,
        }
    )
    model = network.build()
    assert abs(count(model.encoder) - 5_000) < 200
    again = zoo.ModelSpec.of(network.plain()).build()
    again.load_state_dict(model.state_dict())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"params": 0}, "params is 0; expected"),
        ({"params": 5_000, "hidden_size": 64}, "each decides the width; expected one of them"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        zoo.StackSpec(**options)


def test_fewer_parameters_than_the_narrowest_stack_has_are_refused() -> None:
    with pytest.raises(ValueError, match=r"params is 10, and the narrowest stack has \d+; expected at least"):
        zoo.StackSpec(params=10).build(100)


def test_tokens_need_a_width_for_their_embedding() -> None:
    encoder = zoo.StackSpec(params=5_000)
    with pytest.raises(ValueError, match="expected embedding_size"):
        zoo.ModelSpec(encoder=encoder, vocab_size=10)
    assert zoo.ModelSpec(encoder=encoder, vocab_size=10, output_size=2, embedding_size=8).build()
