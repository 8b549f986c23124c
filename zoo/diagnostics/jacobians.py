"""Jacobians of a recurrence along a run: their singular values, and Lyapunov exponents."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.diagnostics.replay import product_of
from zoo.engines import LayerTrace, State


def step_jacobians(trace: LayerTrace) -> Iterator[Float[Tensor, "B S S"]]:
    """The Jacobian of the whole state after each step in the state before it, in the order of reading.

    S is the width of all tensors of the state side by side: 2 H for an LSTM. Where a sequence has ended it
    is the identity; where the state starts anew it is 0.

    Args:
        trace: A run; see `zoo.diagnostics.watch`. No backward pass is needed.

    Yields:
        One Jacobian per step, for each sequence.
    """
    directions = _Directions(trace)
    for t in range(trace.steps):
        yield directions.carried(t, directions.all())


def jacobian_singular_values(trace: LayerTrace, lag: int, at: int | None = None) -> Float[Tensor, "B S"]:
    r"""Singular values of the Jacobian of the state in the state `lag` steps before.

    .. math::
        \frac{\partial h_t}{\partial h_{t-k}} = J_t J_{t-1} \cdots J_{t-k+1}

    Args:
        trace: A run; see `zoo.diagnostics.watch`. No backward pass is needed.
        lag: k, in steps.
        at: t, counted from 1 in the order of reading; by default the last step.

    Returns:
        For each sequence the singular values in descending order, NaN where the Jacobian is not finite. S is
        the width of all tensors of the state side by side: 2 H for an LSTM.

    Raises:
        ValueError: the run has no such step, or fewer than `lag` before it.
    """
    last = trace.steps if at is None else at
    if not min(1, trace.steps) <= last <= trace.steps:
        raise ValueError(f"at is {at}; expected a step from 1 to {trace.steps}")
    if not 0 <= lag <= last:
        raise ValueError(f"lag is {lag}; expected 0 to {last}, the steps up to the one asked for")
    directions = _Directions(trace)
    total = directions.all()
    for t in range(last - lag, last):
        total = directions.carried(t, total)
    finite = total.isfinite().all(-1).all(-1)
    values = torch.linalg.svdvals(torch.where(finite[:, None, None], total, 0))
    return torch.where(finite[:, None], values, torch.nan)


def lyapunov_exponents(trace: LayerTrace, count: int | None = None, warm_up: int = 0) -> Float[Tensor, "B N"]:
    r"""The Lyapunov exponents of the state along a run, by the QR method, in nats per step.

    A random orthonormal frame, the same for every run, is carried along and made orthonormal again after each
    step; exponent i is the mean logarithm of the i-th diagonal entry of R. The frame turns towards what
    grows most, which takes it the longer the closer two exponents are. The first is above 0 where
    neighbouring states drift apart, and the gradient grows in going back; below 0 where they are drawn
    together, and it fades.
    Reference: Engelken et al., 2023, https://doi.org/10.1103/PhysRevResearch.5.043044; Vogt et al., 2022,
    https://doi.org/10.3389/fams.2022.818799 (for gated networks).

    Args:
        trace: A run; see `zoo.diagnostics.watch`. No backward pass is needed.
        count: How many, from the largest; None for all. The first alone is much quicker than all.
        warm_up: Steps in which the frame settles, before the mean begins.

    Returns:
        For each sequence, in descending order; far below 0, down to minus infinity, for directions in which
        all is forgotten at once.

    Raises:
        ValueError: `count` or `warm_up` is out of range, or the sequences are cut short or have resets.
    """
    size = sum(trace.recurrence.state_sizes)
    count = size if count is None else count
    if not 1 <= count <= size:
        raise ValueError(f"count is {count}; expected 1 to {size}, the width of the state")
    if not 0 <= warm_up < trace.steps:
        raise ValueError(
            f"warm_up is {warm_up}; expected 0 to {trace.steps - 1}, less than the run has steps"
        )
    if trace.sequences.resets is not None or bool((trace.lengths < trace.steps).any()):
        raise ValueError(
            "Lyapunov exponents got sequences with padding or resets; expected one long run of all"
        )
    directions = _Directions(trace)
    frame = directions.random(count)
    sums = frame.new_zeros(trace.batch_size, count)
    for t in range(trace.steps):
        frame, upper = torch.linalg.qr(directions.carried(t, frame))
        if t >= warm_up:
            sums = sums + upper.diagonal(dim1=-2, dim2=-1).abs().log()
    return (sums / (trace.steps - warm_up)).sort(dim=-1, descending=True).values


class _Directions:
    """Directions in the space of a run's states, side by side in (B, S, N), and where its steps turn them."""

    def __init__(self, trace: LayerTrace) -> None:
        self.trace, self.product = trace, product_of(trace.recurrence)
        self.sizes = list(trace.recurrence.state_sizes)

    def all(self) -> Float[Tensor, "B S S"]:
        """The identity, in single precision at least."""
        dtype = torch.promote_types(self.trace.recurrence.like.dtype, torch.float32)
        eye = torch.eye(sum(self.sizes), dtype=dtype, device=self.trace.outputs.device)
        return eye.expand(self.trace.batch_size, -1, -1)

    def random(self, count: int) -> Float[Tensor, "B S N"]:
        """The same random orthonormal directions in each sequence, of which fewer are the first of more.

        Axes would not do: where the Jacobians are diagonal, each would meet its own unit alone.
        """
        eye, generator = self.all(), torch.Generator().manual_seed(0)
        rows = torch.randn(count, eye.shape[-1], dtype=torch.float64, generator=generator)
        frame: Tensor = torch.linalg.qr(rows.mT).Q
        return frame.to(eye).expand(len(eye), -1, -1)

    def carried(self, t: int, frame: Float[Tensor, "B S N"]) -> Float[Tensor, "B S N"]:
        """The Jacobian J of step t times the frame, each direction v in a row of its own.

        uᵀJ is linear in u, and J v is its derivative in u along v.
        """
        sequences, count = self.trace.sequences, frame.shape[-1]
        pre, *state = (
            part[t].repeat_interleave(count, 0) for part in (self.trace.projected, *self.trace.before)
        )
        before = tuple(part.requires_grad_() for part in state)
        along = torch.split(frame.mT.flatten(0, 1).to(pre.dtype), self.sizes, dim=-1)
        with torch.enable_grad(), self.trace.unmixed():
            _, new = self.trace.recurrence.step(pre, before, self.product)
            u = tuple(torch.zeros_like(part, requires_grad=True) for part in new)
            found = _gradients(_gradients(new, before, u, create_graph=True), u, along)
        turned = torch.cat(found, -1).to(frame.dtype).view(len(frame), count, frame.shape[1]).mT
        if sequences.resets is not None:
            turned = torch.where(sequences.resets[t][:, None, None], 0, turned)
        return torch.where(self.trace.valid[t][:, None, None], turned, frame)


def _gradients(made: State, sources: State, slopes: State, create_graph: bool = False) -> State:
    """The gradients of what was made, 0 where it does not depend on a source."""
    pairs = [pair for pair in zip(made, slopes, strict=True) if pair[0].requires_grad]
    if not pairs:
        return tuple(torch.zeros_like(source) for source in sources)
    ends, errors = zip(*pairs, strict=True)
    return torch.autograd.grad(
        ends, sources, errors, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
