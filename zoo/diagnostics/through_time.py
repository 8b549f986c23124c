"""How gradients travel back through time, step by step, in a recurrence that has run."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.diagnostics.lagged_backprop import check_reached, count_lags, travels
from zoo.engines import LayerTrace, Map, Product, State, run_reference, turn


def gradient_by_lag(trace: LayerTrace, part: int = 0) -> Float[Tensor, " lags"]:
    r"""How large the gradient of the loss is k steps before the last valid step that was read.

    .. math::
        g_k = \sqrt{\operatorname{mean}_b \lVert \partial L / \partial h_{n_b - 1 - k} \rVert^2}

    over the sequences b of n_b > k valid steps.

    Args:
        trace: A run whose loss was differentiated; see `zoo.diagnostics.watch`.
        part: Which tensor of the state, h by default.

    Returns:
        One norm for each lag, from 0, in float64; NaN where a gradient was not finite.

    Raises:
        ValueError: no gradient has come back to the trace, or the state has no such part.
    """
    parts = len(trace.recurrence.state_sizes)
    if not 0 <= part < parts:
        raise ValueError(f"part is {part}; expected 0 to {parts - 1}, one of the state's tensors")
    return gradients_by_lag(trace)[part]


def gradients_by_lag(trace: LayerTrace) -> tuple[Float[Tensor, " lags"], ...]:
    """`gradient_by_lag` of every tensor of the state, for the price of one."""
    count, found = count_lags(trace), []
    for gradients in state_gradients(trace):
        squares = turn(gradients.double().square().sum(-1), trace.lengths)
        sums = torch.where(trace.valid, squares, 0).sum(1)
        by_lag = (sums[:count] / trace.valid.sum(1)[:count]).sqrt()
        found.append(torch.where(by_lag.isfinite(), by_lag, torch.nan))
    return tuple(found)


def state_gradients(trace: LayerTrace) -> tuple[Float[Tensor, "T B H"], ...]:
    """The gradient of the loss with respect to each tensor of the state after each step; 0 in the padding.

    It is the whole of it: through the output of that step and through all later steps. The step loop
    repeats the run for it.

    Args:
        trace: A run whose loss was differentiated; see `zoo.diagnostics.watch`.

    Raises:
        ValueError: no gradient has come back to the trace.
    """
    check_reached(trace)
    after: list[Tensor] = []

    def step(pre: Tensor, state: State, product: Product) -> tuple[Tensor, State]:
        output, new = trace.recurrence.step(pre, state, product)
        # what a step leaves as it is becomes a tensor of its own, or its gradients of all steps were one
        new = tuple(part.view_as(part) if any(part is old for old in state) else part for part in new)
        after.extend(new)
        return output, new

    start = tuple(part.clone().requires_grad_() for part in trace.sequences.state)
    with torch.enable_grad(), trace.unmixed():
        outputs, final = run_reference(
            replace(trace.recurrence, step=step), replace(trace.sequences, state=start)
        )
    pairs = [(outputs, trace.d_outputs), *zip(final, trace.d_final, strict=True)]
    ends = [(made, slope.to(made)) for made, slope in pairs if slope is not None and made.requires_grad]
    wanted = [part for part in after if part.requires_grad]
    if not ends or not wanted:
        return tuple(torch.zeros_like(part) for part in trace.before)
    made, slopes = zip(*ends, strict=True)
    with trace.unmixed():
        grads = torch.autograd.grad(made, wanted, slopes, allow_unused=True, materialize_grads=True)
    found = iter(grads)
    whole = [next(found) if part.requires_grad else torch.zeros_like(part) for part in after]
    return tuple(torch.stack(whole[place :: len(start)]) for place in range(len(start)))


def weight_gradient_by_lag(trace: LayerTrace, max_lag: int | None = None) -> Float[Tensor, " lags"]:
    """How large the part of the recurrent weights' gradient is whose error has travelled back k steps.

    Args:
        trace: A run whose loss was differentiated; see `zoo.diagnostics.watch`.
        max_lag: The farthest lag; None for all.

    Returns:
        The norm over all recurrent weights for each lag, from 0, in float64, NaN where it is not finite;
        nothing for cells that have none.

    Raises:
        ValueError: no gradient has come back to the trace.
    """
    norms = [_norm(parts.values()) for parts in weight_gradients(trace, max_lag) if parts]
    return _finite(norms, trace)


def share_beyond(by_lag: Float[Tensor, " lags"]) -> Float[Tensor, " lags"]:
    """The share of a sum over lags that comes from lags greater than k, for each k.

    It is 0 where the sum is 0, and NaN where it is NaN.
    """
    total = by_lag.sum()
    beyond = (total - by_lag.cumsum(0)).clamp(min=0)
    return torch.where(total == 0, 0, beyond / total)


def weight_gradients(trace: LayerTrace, max_lag: int | None = None) -> Iterator[dict[str, Tensor]]:
    """The gradient of the recurrent weights, taken apart by how far the error has travelled.

    The part of lag k is that of errors which entered at step s and reached the weights at step s - k; the
    sum over all lags is the gradient itself, of the weights that ran: where a switch makes these of the
    parameters, it is not yet that of the parameters. Clipping inside the recurrence is left out, for its
    effect belongs to no single lag.

    Args:
        trace: A run whose loss was differentiated; see `zoo.diagnostics.watch`.
        max_lag: The farthest lag; None for all.

    Yields:
        For each lag, from 0, the gradient of the weights of each product (R, H), by the gates it is for.

    Raises:
        ValueError: no gradient has come back to the trace, or `max_lag` is negative.
    """
    for _, found in travels(trace, max_lag):
        yield found


def error_by_lag(trace: LayerTrace, max_lag: int | None = None) -> Float[Tensor, " lags"]:
    """How large the errors are when they have travelled back k steps, from wherever they entered.

    Unlike `gradient_by_lag` it does not mix errors of different ages, so that its growth is that of the
    recurrence alone: it falls where gradients vanish through time, and rises where they explode.

    Args:
        trace: A run whose loss was differentiated; see `zoo.diagnostics.watch`.
        max_lag: The farthest lag; None for all.

    Returns:
        The norm over all steps, sequences and units for each lag, from 0, in float64; NaN where it is not
        finite.

    Raises:
        ValueError: no gradient has come back to the trace.
    """
    norms = [_norm(errors) for errors, _ in travels(trace, max_lag)]
    return _finite(norms, trace)


def lag_norms(
    trace: LayerTrace, max_lag: int | None = None
) -> tuple[Float[Tensor, " lags"], Float[Tensor, " weighed"], float]:
    """`error_by_lag` and `weight_gradient_by_lag` in one go, and what lies beyond the farthest lag.

    Returns:
        The norms of the errors; those of the weights' gradient; and the norm of the rest of that gradient,
        all of it that comes from beyond `max_lag` taken as one: 0 where nothing does.
    """
    errors, weights = [], []
    kept: dict[str, Tensor] = {}
    for travelled, found in travels(trace, max_lag):
        errors.append(_norm(travelled))
        weights += [_norm(found.values())] if found else []
        kept = {gates: part + kept.get(gates, 0) for gates, part in found.items()}
    rest = 0.0
    if kept and len(errors) < count_lags(trace):
        whole = _weight_gradient(trace)
        rest = float(_norm(whole[gates] - part for gates, part in kept.items()))
    return _finite(errors, trace), _finite(weights, trace), rest


def _weight_gradient(trace: LayerTrace) -> dict[str, Tensor]:
    """The gradient of the weights of each product, from all lags."""
    leaves: dict[str, Tensor] = {}

    def recurrent(gates: str) -> Map:
        weight, bias = trace.recurrence.recurrent(gates)
        leaves[gates] = weight.detach().requires_grad_()
        return leaves[gates], bias

    recurrence = replace(trace.recurrence, recurrent=recurrent, gradient_clip=0.0)
    with torch.enable_grad(), trace.unmixed():
        outputs, final = run_reference(recurrence, trace.sequences)
        pairs = [(outputs, trace.d_outputs), *zip(final, trace.d_final, strict=True)]
        ends = [(made, slope.to(made)) for made, slope in pairs if slope is not None and made.requires_grad]
        made, slopes = zip(*ends, strict=True)
        wanted = list(leaves.values())
        found = torch.autograd.grad(made, wanted, slopes, allow_unused=True, materialize_grads=True)
    return dict(zip(leaves, found, strict=True))


def _norm(parts: Iterable[Tensor]) -> Float[Tensor, ""]:
    norms = [part.double().norm() for part in parts]
    return torch.stack(norms).norm() if norms else torch.zeros(())


def _finite(norms: list[Tensor], trace: LayerTrace) -> Float[Tensor, " lags"]:
    by_lag = torch.stack(norms) if norms else trace.outputs.new_zeros(0, dtype=torch.float64)
    return torch.where(by_lag.isfinite(), by_lag, torch.nan)
