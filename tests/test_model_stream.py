"""A stream of a model gives moment after moment what its `step` does."""

import pytest
import torch

from zoo.model import Model, ModelSpec
from zoo.stack import StackSpec


def model_of(**options: object) -> Model:
    torch.manual_seed(0)
    encoder = StackSpec(cell="lstm", hidden_size=6, num_layers=2, dropout=0.5)
    return ModelSpec(encoder=encoder, output_size=7, output_dropout=0.5, **options).build().eval()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options", [{"vocab_size": 7, "logit_cap": 0.5}, {"input_size": 3, "pooling": "last"}]
)
def test_it_gives_what_step_does(options: dict[str, object]) -> None:
    model = model_of(**options)
    shape, tokens = (2, 5), "vocab_size" in options
    x = torch.randint(0, 7, shape) if tokens else torch.randn(*shape, 3)
    stream, state = model.stream(2), model.initial_state(2)
    for t in range(5):
        with torch.no_grad():
            expected, state = model.step(x[:, t], state)
        torch.testing.assert_close(stream(x[:, t]), expected)
    torch.testing.assert_close(stream.state, state)
    torch.testing.assert_close(model.stream(2, stream.state)(x[:, 0]), stream(x[:, 0]))


def test_what_needs_all_steps_cannot_stream() -> None:
    with pytest.raises(ValueError, match="pooling 'mean' needs all steps; expected 'none' or 'last'"):
        model_of(input_size=3, pooling="mean").stream()
