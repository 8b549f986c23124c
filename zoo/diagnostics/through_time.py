"""How gradients travel back through time, step by step, in a recurrence that has run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from zoo.diagnostics.replay import product_of, states_before
from zoo.scan import Passage, Product, State, reference, turn


def gradient_by_lag(passage: Passage, part: int = 0) -> Float[Tensor, " lags"]:
    r"""How large the gradient of the loss is k steps before the last valid step that was read.

    .. math::
        g_k = \sqrt{\operatorname{mean}_b \lVert \partial L / \partial h_{n_b - 1 - k} \rVert^2}

    over the sequences b of n_b > k valid steps.

    Args:
        passage: A run whose loss was differentiated; see `zoo.diagnostics.watch`.
        part: Which tensor of the state, h by default.

    Returns:
        One norm for each lag, from 0, in float64; NaN where a gradient was not finite.

    Raises:
        ValueError: no gradient has come back to the passage.
    """
    squares = state_gradients(passage)[part].double().square().sum(-1)
    seen = turn(squares, passage.lengths)
    lags = torch.arange(passage.steps, device=seen.device)[:, None]
    valid = lags < passage.lengths
    counts = valid.sum(1)
    sums = torch.where(valid, seen, 0).sum(1)
    longest = int(passage.lengths.max()) if passage.batch_size else 0
    by_lag = (sums[:longest] / counts[:longest]).sqrt()
    return torch.where(by_lag.isfinite(), by_lag, torch.nan)


def state_gradients(passage: Passage) -> tuple[Float[Tensor, "T B H"], ...]:
    """The gradient of the loss with respect to each tensor of the state after each step; 0 in the padding.

    It is the whole of it: through the output of that step and through all later steps. The step loop
    repeats the run for it.

    Args:
        passage: A run whose loss was differentiated; see `zoo.diagnostics.watch`.

    Raises:
        ValueError: no gradient has come back to the passage.
    """
    after: list[Tensor] = []

    def step(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
        output, new = passage.recurrence.step(pre, state, product)
        after.extend(new)
        return output, new

    start = tuple(part.clone().requires_grad_() for part in passage.sequences.state)
    with torch.enable_grad():
        outputs, final = reference.run(
            replace(passage.recurrence, step=step), replace(passage.sequences, state=start)
        )
    pairs = [(outputs, passage.d_outputs), *zip(final, passage.d_final, strict=True)]
    reached = [(made, slope.to(made)) for made, slope in pairs if slope is not None]
    if not reached:
        raise ValueError(
            "no gradient has come back to this passage; expected a backward pass before watch() ends"
        )
    if not after:
        return tuple(part.new_zeros(0, *part.shape) for part in passage.sequences.state)
    made, slopes = zip(*reached, strict=True)
    found = torch.autograd.grad(made, after, slopes, allow_unused=True, materialize_grads=True)
    return tuple(torch.stack(found[place :: len(start)]) for place in range(len(start)))


def weight_gradient_by_lag(passage: Passage, max_lag: int | None = None) -> Float[Tensor, " lags"]:
    """How large the part of the recurrent weights' gradient is whose error has travelled back k steps.

    Args:
        passage: A run whose loss was differentiated; see `zoo.diagnostics.watch`.
        max_lag: The farthest lag; None for all.

    Returns:
        The norm over all recurrent weights for each lag, from 0, in float64; nothing for cells that have
        none.

    Raises:
        ValueError: no gradient has come back to the passage.
    """
    norms = [
        torch.stack([part.double().norm() for part in parts.values()]).norm()
        for parts in weight_gradients(passage, max_lag)
        if parts
    ]
    return torch.stack(norms) if norms else passage.outputs.new_zeros(0, dtype=torch.float64)


def share_beyond(by_lag: Float[Tensor, " lags"]) -> Float[Tensor, " lags"]:
    """The share of a sum over lags that comes from lags greater than k, for each k."""
    total = by_lag.sum()
    return (total - by_lag.cumsum(0)).clamp(min=0) / total if total > 0 else torch.zeros_like(by_lag)


def weight_gradients(passage: Passage, max_lag: int | None = None) -> Iterator[dict[str, Tensor]]:
    """The gradient of the recurrent weights, taken apart by how far the error has travelled.

    The part of lag k is that of errors which entered at step s and reached the weights at step s - k; the
    sum over all lags is the gradient itself. Clipping inside the recurrence is left out, for its effect
    belongs to no single lag.

    Args:
        passage: A run whose loss was differentiated; see `zoo.diagnostics.watch`.
        max_lag: The farthest lag; None for all.

    Yields:
        For each lag, from 0, the gradient of the weights of each product (R, H), by the gates it is for.

    Raises:
        ValueError: no gradient has come back to the passage.
    """
    if passage.d_outputs is None and all(part is None for part in passage.d_final):
        raise ValueError(
            "no gradient has come back to this passage; expected a backward pass before watch() ends"
        )
    whole = _at_once(passage)
    slopes = whole.entering(passage)
    for _ in range(passage.steps if max_lag is None else min(passage.steps, max_lag + 1)):
        if not any(bool((part != 0).any()) for part in slopes):
            return
        found, slopes = whole.back(slopes)
        yield found


@dataclass(frozen=True)
class _AtOnce:
    """All steps of a run side by side, each from the state that it began with.

    Attributes:
        results: Output and new state of each step, (T, B, width).
        before: The state before each step, as leaves.
        weights: The weights of each product, as leaves.
        inside: Whether the state before a step came from the step before it, (T, B, 1).
        valid: Whether a step is no padding, (T, B, 1).
    """

    results: tuple[Tensor, ...]
    before: tuple[Tensor, ...]
    weights: dict[str, Tensor]
    inside: Shaped[Tensor, "T B 1"]
    valid: Shaped[Tensor, "T B 1"]

    def entering(self, passage: Passage) -> list[Tensor]:
        """The errors as they enter: at the outputs, and at the final state."""
        slopes = [torch.zeros_like(part) for part in self.results]
        if passage.d_outputs is not None:
            slopes[0] = torch.where(self.valid, passage.d_outputs.to(slopes[0]), 0)
        last = (passage.lengths - 1).clamp(min=0)
        rows = torch.arange(passage.batch_size, device=last.device)
        some = (passage.lengths > 0)[:, None]
        for slope, part in zip(slopes[1:], passage.d_final, strict=True):
            if part is not None and passage.steps:
                slope[last, rows] = torch.where(some, part.to(slope), 0)
        return slopes

    def back(self, slopes: Sequence[Tensor]) -> tuple[dict[str, Tensor], list[Tensor]]:
        """The gradients of the weights at this lag, and the errors one step earlier."""
        leaves = [*self.before, *self.weights.values()]
        found = torch.autograd.grad(
            self.results, leaves, slopes, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        count = len(self.before)
        carried = [torch.where(self.inside, part, 0)[1:] for part in found[:count]]
        earlier = [
            torch.cat([part, torch.zeros_like(whole[:1])])
            for part, whole in zip(carried, found, strict=False)
        ]
        weights = dict(zip(self.weights, found[count:], strict=True))
        return weights, [torch.zeros_like(slopes[0]), *earlier]


def _at_once(passage: Passage) -> _AtOnce:
    recurrence, sequences = passage.recurrence, passage.sequences
    before = tuple(part.requires_grad_() for part in states_before(passage))
    weights: dict[str, Tensor] = {}
    product = product_of(recurrence, weights)
    with torch.no_grad():
        pre = recurrence.project(sequences.x)
    with torch.enable_grad():
        output, new = recurrence.step(pre, before, product)
    valid = torch.ones_like(pre[..., :1], dtype=torch.bool) if sequences.mask is None else sequences.mask
    inside = valid if sequences.resets is None else valid & ~sequences.resets.unsqueeze(-1)
    return _AtOnce((output, *new), before, weights, inside, valid)
