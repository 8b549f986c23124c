"""Layers are left out in training, each for whole sequences, and as often as the paper says."""

import math

import pytest
import torch

from zoo.stack import StackSpec
from zoo.wiring import Position, StochasticDepthSpec

BATCH, TIME = 4000, 3


def kept_in(
    calls: int, index: int = 3, depth: int = 4, steps: tuple[int, ...] = (TIME,)
) -> list[torch.Tensor]:
    """For each call, by step and sequence, whether the layer's output was kept."""
    wiring = StochasticDepthSpec(survival=0.5).build(1, 1, Position(index=index, depth=depth))
    x, y = torch.zeros(*steps, BATCH, 1), torch.ones(*steps, BATCH, 1)
    return [wiring(x, y).squeeze(-1) for _ in range(calls)]


@pytest.mark.parametrize(("index", "likely"), [(0, 0.875), (1, 0.75), (3, 0.5)])
def test_it_is_the_likelier_kept_the_lower_a_layer_is(index: int, likely: float) -> None:
    """And in evaluation it weighs as much as it is in the mean of training."""
    torch.manual_seed(0)
    (kept,) = kept_in(1, index)
    assert set(kept.unique().tolist()) == {0.0, 1.0}
    assert abs(kept[0].mean() - likely) < 4 * math.sqrt(likely * (1 - likely) / BATCH)
    wiring = StochasticDepthSpec(survival=0.5).build(1, 1, Position(index=index, depth=4)).eval()
    assert wiring(torch.zeros(1), torch.ones(1)).item() == likely


def test_a_draw_is_one_sequences_for_all_its_steps_and_another_in_the_next_call() -> None:
    torch.manual_seed(0)
    first, second = kept_in(2)
    assert torch.equal(first, first[:1].expand(TIME, BATCH))
    assert not torch.equal(first, second)
    torch.manual_seed(0)
    assert torch.equal(kept_in(1)[0], first), "the same seed, the same draws"
    (step,) = kept_in(1, steps=())
    assert step.shape == (BATCH,)
    assert 0.4 < step.mean() < 0.6


def test_a_stack_leaves_out_layers_in_training_and_none_in_evaluation() -> None:
    torch.manual_seed(0)
    spec = StackSpec(cell="gru", hidden_size=4, num_layers=2, wiring=StochasticDepthSpec(survival=0.01))
    stack, x = spec.build(4), torch.randn(1, TIME, 4).expand(50, TIME, 4)
    outputs, _ = stack(x)
    left_out = (outputs == x).all(dim=-1)
    assert torch.equal(left_out.all(dim=1), left_out.any(dim=1))
    assert 5 < left_out[:, 0].sum() < 45
    outputs, _ = stack.eval()(x)
    assert not (outputs == x).all(dim=-1).any()
    assert torch.equal(outputs, outputs[:1].expand_as(outputs))


@pytest.mark.parametrize("survival", [0.0, 1.5, float("nan")])
def test_a_layer_that_never_or_more_than_always_survives_is_refused(survival: float) -> None:
    with pytest.raises(ValueError, match=f"survival is {survival}; expected"):
        StochasticDepthSpec(survival=survival)
