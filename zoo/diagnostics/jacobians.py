"""Jacobians of a recurrence along a run: their singular values, and Lyapunov exponents."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.diagnostics.replay import product_of, states_before
from zoo.scan import Passage


def step_jacobians(passage: Passage) -> Iterator[Float[Tensor, "B S S"]]:
    """The Jacobian of the whole state after each step in the state before it, in the order of reading.

    S is the width of all tensors of the state side by side: 2 H for an LSTM. Where a sequence has ended it
    is the identity; where the state starts anew it is 0.

    Args:
        passage: A run; see `zoo.diagnostics.watch`. No backward pass is needed.

    Yields:
        One Jacobian per step, for each sequence.
    """
    recurrence, sequences = passage.recurrence, passage.sequences
    sizes = recurrence.state_sizes
    product = product_of(recurrence)

    def after(whole: Tensor, pre: Tensor) -> Tensor:
        _, new = recurrence.step(
            pre[None], tuple(part[None] for part in torch.split(whole, list(sizes))), product
        )
        return torch.cat(tuple(new), dim=-1)[0]

    jacobian = torch.func.vmap(torch.func.jacrev(after))
    before = torch.cat(states_before(passage), dim=-1)
    eye = torch.eye(sum(sizes)).to(before)
    for t, state in enumerate(before):
        pre = recurrence.project(sequences.x[t]).detach()
        found = jacobian(state, pre).detach()
        if sequences.resets is not None:
            found = torch.where(sequences.resets[t][:, None, None], 0, found)
        if sequences.mask is not None:
            found = torch.where(sequences.mask[t][..., None], found, eye)
        yield found


def jacobian_singular_values(passage: Passage, lag: int, at: int | None = None) -> Float[Tensor, "B S"]:
    r"""Singular values of the Jacobian of the state in the state `lag` steps before.

    .. math::
        \frac{\partial h_t}{\partial h_{t-k}} = J_t J_{t-1} \cdots J_{t-k+1}

    Args:
        passage: A run; see `zoo.diagnostics.watch`. No backward pass is needed.
        lag: k, in steps.
        at: t, counted from 1 in the order of reading; by default the last step.

    Returns:
        For each sequence the singular values in descending order. S is the width of all tensors of the
        state side by side: 2 H for an LSTM.

    Raises:
        ValueError: the run has no such step, or fewer than `lag` before it.
    """
    last = passage.steps if at is None else at
    if not 1 <= last <= passage.steps:
        raise ValueError(f"at is {at}; expected a step from 1 to {passage.steps}")
    if not 0 <= lag <= last:
        raise ValueError(f"lag is {lag}; expected 0 to {last}, the steps up to the one asked for")
    total = torch.eye(sum(passage.recurrence.state_sizes)).to(passage.outputs)
    total = total.expand(passage.batch_size, -1, -1)
    for t, jacobian in enumerate(step_jacobians(passage), 1):
        if last - lag < t <= last:
            total = jacobian @ total
    values: Tensor = torch.linalg.svdvals(total)
    return values


def lyapunov_exponents(passage: Passage, count: int | None = None, warm_up: int = 0) -> Float[Tensor, "B N"]:
    r"""The Lyapunov exponents of the state along a run, by the QR method, in nats per step.

    An orthonormal frame is carried along and made orthonormal again after each step; exponent i is the mean
    logarithm of the i-th diagonal entry of R. The first is above 0 where neighbouring states drift apart,
    and the gradient grows in going back; below 0 where they are drawn together, and it fades.
    Reference: Engelken et al., 2023, https://doi.org/10.1103/PhysRevResearch.5.043044; Vogt et al., 2022,
    https://doi.org/10.3389/fams.2022.818799 (for gated networks).

    Args:
        passage: A run; see `zoo.diagnostics.watch`. No backward pass is needed.
        count: How many, from the largest; None for all.
        warm_up: Steps in which the frame settles, before the mean begins.

    Returns:
        For each sequence, in descending order.

    Raises:
        ValueError: `count` or `warm_up` is out of range, or the sequences have lengths or resets.
    """
    size = sum(passage.recurrence.state_sizes)
    count = size if count is None else count
    if not 1 <= count <= size:
        raise ValueError(f"count is {count}; expected 1 to {size}, the width of the state")
    if not 0 <= warm_up < passage.steps:
        raise ValueError(
            f"warm_up is {warm_up}; expected 0 to {passage.steps - 1}, less than the run has steps"
        )
    if passage.sequences.lengths is not None or passage.sequences.resets is not None:
        raise ValueError(
            "Lyapunov exponents got sequences with lengths or resets; expected one long run of all"
        )
    frame = torch.eye(size)[:, :count].to(passage.outputs).expand(passage.batch_size, -1, -1)
    sums = frame.new_zeros(passage.batch_size, count)
    for t, jacobian in enumerate(step_jacobians(passage)):
        frame, upper = torch.linalg.qr(jacobian @ frame)
        if t >= warm_up:
            sums = sums + upper.diagonal(dim1=-2, dim2=-1).abs().log()
    return (sums / (passage.steps - warm_up)).sort(dim=-1, descending=True).values
