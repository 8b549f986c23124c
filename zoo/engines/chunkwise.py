"""The engine `chunkwise`: matrix states that are changed by outer products, some steps at once.

Within a chunk of C steps everything is a product of matrices; only the states between the chunks come one
after the other, so that time is linear in T and the states of a chunk's end are all that is kept. With G_t
the sum of the chunk's log decays up to step t, and S the state before the chunk,

    o_t = (q_t ∘ exp(G_t))^T S + Σ_{s ≤ t} (Σ_d q_td k_sd exp(G_td - G_sd)) w_s
    S  <- diag(exp(G_C)) S + Σ_s (k_s ∘ exp(G_C - G_s)) w_s^T

where w is v, or with the delta rule the solution of a triangular system, linear in S (the WY form).
References: Yang et al., 2024, https://arxiv.org/abs/2312.06635, section 4 (gated linear attention), and
https://arxiv.org/abs/2406.06484, section 3 (the delta rule).
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar, final

import torch
from torch import Tensor

from zoo.engines.base import Engine, ForwardRun, PreparedRun, is_special
from zoo.engines.recurrence import MatrixMemory, MatrixTerms, Recurrence, Refusal, Sequences, State
from zoo.engines.reference import run_reference
from zoo.engines.segments import run_segments

STEPS, STEPS_BY_ROW = 64, 16
"""Steps of a chunk; of one whose rows each decay by themselves, and by too much to take the decays apart."""


@final
class ChunkwiseEngine(Engine):
    """Matrix states, chunk by chunk."""

    reason: ClassVar[str] = "its state is a matrix, changed by outer products, many steps at once"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        if recurrence.memory is None:
            raise Refusal("its state is no matrix that outer products alone change")
        if recurrence.gradient_clip:
            raise Refusal("it goes over many steps at once, and cannot clip between them")
        return ChunkwiseRun()


@final
class ChunkwiseRun(ForwardRun):
    """Runs recurrences that have a matrix memory."""

    def forward(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        return run_chunkwise(recurrence, sequences)


def run_chunkwise(recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
    """Runs a recurrence that has a matrix memory; see `zoo.engines.recurrence.RunFunction`."""
    return run_memory(_mild_chunks, _run, recurrence, sequences)


def run_memory(
    chunks_of: Callable[[MatrixTerms], MatrixTerms],
    through: Callable[[MatrixMemory, MatrixTerms, Tensor], tuple[Tensor, Tensor]],
    recurrence: Recurrence,
    sequences: Sequences,
) -> tuple[Tensor, State]:
    """All around the matrices themselves: terms, padding, resets, stabilisers, what is read.

    Args:
        chunks_of: The terms (T, B, N, .) -> the same (chunks, B, N, C, .), see `chunks`.
        through: Those terms and the first matrix (B, N K V) -> what is found (chunks, B, N, C, V) and the
            matrix (B, N, K, V) behind the last step.
        recurrence: A recurrence that has a matrix memory.
        sequences: Not backward.
    """
    memory = recurrence.memory
    assert memory is not None
    assert not sequences.backward
    if is_special(sequences.x):
        return run_reference(recurrence, sequences)
    if sequences.resets is not None:
        return run_segments(partial(run_memory, chunks_of, through), recurrence, sequences)
    pre = recurrence.project(sequences.x)
    terms = memory.terms(pre)
    if sequences.mask is not None:
        terms = _still(terms, sequences.mask.unsqueeze(-1))
    cut, stabiliser = chunks_of(terms), None
    if cut.log_input is not None:
        cut, stabiliser = _stabilised(cut, sequences.state[1].to(cut.q.dtype))
    found, last = through(memory, cut, sequences.state[0].to(cut.q.dtype))
    outputs = memory.read(_steps(found, pre), None if stabiliser is None else _steps(stabiliser, pre), pre)
    if sequences.mask is not None:
        outputs = torch.where(sequences.mask, outputs, 0)
    # idle steps behind the last one keep S and m, so the last entry is the final state
    final = [last.flatten(1)] if stabiliser is None else [last.flatten(1), stabiliser[-1, :, :, -1, 0]]
    return outputs, tuple(part.to(old.dtype) for part, old in zip(final, sequences.state, strict=True))


def matrix_step(memory: MatrixMemory, pre: Tensor, state: State) -> tuple[Tensor, State]:
    """One step: the definition of what the chunks compute."""
    terms, (flat, *rest) = memory.terms(pre), state
    S = flat.reshape(flat.shape[0], memory.heads, memory.key_size, memory.value_size)
    log_decay, k, m = terms.log_decay, terms.k, None
    if terms.log_input is not None:
        before = rest[0].unsqueeze(-1)
        # with S and k divided by exp(m), no factor is above 1 and at least one is 1
        m = torch.maximum(before + log_decay, terms.log_input)
        log_decay, k = log_decay + before - m, k * torch.exp(terms.log_input - m)
    S = torch.exp(log_decay).unsqueeze(-1) * S
    w = terms.v
    if terms.beta is not None:
        w = terms.beta * (w - torch.einsum("bnk,bnkv->bnv", k, S))
    new = (S + k.unsqueeze(-1) * w.unsqueeze(-2)).flatten(1)
    # read from what is given back, so that who asks for the state's gradient finds the output's in it
    found = torch.einsum("bnk,bnkv->bnv", terms.q, new.view_as(S))
    return memory.read(found, m, pre), (new, *(() if m is None else (m.squeeze(-1),)))


def _still(terms: MatrixTerms, valid: Tensor) -> MatrixTerms:
    """The terms with steps in the padding that leave the state as it is."""
    log_input = terms.log_input
    return replace(
        terms,
        # with k = 0 nothing is written, whatever v and beta are: these need no mask
        k=torch.where(valid, terms.k, 0),
        log_decay=torch.where(valid, terms.log_decay, 0),
        # -inf, not 0, so that m does not rise in the padding
        log_input=None if log_input is None else torch.where(valid, log_input, -torch.inf),
    )


def _mild_chunks(terms: MatrixTerms) -> MatrixTerms:
    """Chunks in which no decay overflows."""
    steps = min(STEPS, len(terms.q))
    found = chunks(terms, steps)
    # in short ones each difference of decays is taken by itself, for more memory
    return found if steps <= STEPS_BY_ROW or _is_mild(found.log_decay) else chunks(terms, STEPS_BY_ROW)


def chunks(terms: MatrixTerms, steps: int) -> MatrixTerms:
    """The terms (chunks, B, N, C, .), in single precision at least, with idle steps behind the last."""

    def cut(part: Tensor, filling: float = 0.0) -> Tensor:
        part = part.to(torch.promote_types(part.dtype, torch.float32))
        missing = -len(part) % steps
        if missing:
            part = torch.cat([part, part.new_full((missing, *part.shape[1:]), filling)])
        return part.reshape(len(part) // steps, steps, *part.shape[1:]).movedim(1, 3)

    beta, log_input = terms.beta, terms.log_input
    return MatrixTerms(
        q=cut(terms.q),
        k=cut(terms.k),
        v=cut(terms.v),
        log_decay=cut(terms.log_decay),
        beta=None if beta is None else cut(beta),
        log_input=None if log_input is None else cut(log_input, -torch.inf),
    )


def _steps(part: Tensor, like: Tensor) -> Tensor:
    """(chunks, B, N, C, .) as (T, B, N, .), in the type of the input products."""
    return part.movedim(3, 1).flatten(0, 1)[: len(like)].to(like.dtype)


def _stabilised(terms: MatrixTerms, first: Tensor) -> tuple[MatrixTerms, Tensor]:
    """The terms of the state divided by exp(m), and m (chunks, B, N, C, 1)."""
    assert terms.log_input is not None
    total, before, found = terms.log_decay.cumsum(-2), first[..., None, None], []
    # m_t - G_t is the running maximum of m_0 and of log_input_s - G_s
    highest = (terms.log_input - total).cummax(-2).values
    for run, most in zip(total, highest, strict=True):
        found.append(run + torch.maximum(before, most))
        before = found[-1][..., -1:, :]
    m = torch.stack(found)
    # m_{t-1}: a change of m from step to step is one more factor, exp(m_{t-1} - m_t), of S
    shifted = torch.cat(
        [torch.cat([first[None, ..., None, None], m[:-1, :, :, -1:]]), m[:, :, :, :-1]], dim=3
    )
    k = terms.k * torch.exp(terms.log_input - m)
    return replace(terms, k=k, log_decay=terms.log_decay + shifted - m, log_input=None), m


def _run(memory: MatrixMemory, terms: MatrixTerms, state: Tensor) -> tuple[Tensor, Tensor]:
    """What is found (chunks, B, N, C, V), and the matrix (B, N, K, V) behind the last chunk."""
    S = state.reshape(len(state), memory.heads, memory.key_size, memory.value_size)
    total = terms.log_decay.cumsum(-2)
    end = total[..., -1:, :]
    scores, keys = _within(terms.q, terms.k, total), terms.k * torch.exp(end - total)
    values, from_state = terms.v, None
    if terms.beta is not None:
        values, from_state = _delta(terms, total)
    asked, kept, found = terms.q * torch.exp(total), torch.exp(end).transpose(-1, -2), []
    for c in range(len(scores)):
        w = values[c] if from_state is None else values[c] - from_state[c] @ S
        found.append(asked[c] @ S + scores[c] @ w)
        S = kept[c] * S + keys[c].transpose(-1, -2) @ w
    return torch.stack(found), S


def _is_mild(log_decay: Tensor) -> bool:
    """Whether exp(-G) is a number for every step of these chunks, or is not asked for."""
    if log_decay.shape[-1] == 1 or log_decay.numel() == 0:
        return True
    # the host waits once for this number, since Python has to choose the chunks
    farthest = log_decay.detach().cumsum(-2).abs().max()
    # 0.8, not 1: such a factor, q, k and the sum over K have to stay finite together
    return float(farthest) < 0.8 * math.log(torch.finfo(log_decay.dtype).max)


def _within(q: Tensor, k: Tensor, total: Tensor) -> Tensor:
    """Σ_d q_td k_sd exp(G_td - G_sd) for s ≤ t, and 0 elsewhere, (..., C, C)."""
    steps = total.shape[-2]
    if total.shape[-1] > 1 and steps > STEPS_BY_ROW:
        # what `tril` drops is the largest of all, and finite, see `_is_mild`
        return ((q * torch.exp(total)) @ (k * torch.exp(-total)).transpose(-1, -2)).tril()
    later = torch.ones(steps, steps, dtype=torch.bool, device=q.device).triu(1)
    if total.shape[-1] == 1:
        # -inf before exp, not 0 after it: exp may be infinite for later s, and inf times 0 is NaN
        apart = (total - total.transpose(-1, -2)).masked_fill(later, -torch.inf)
        return (q @ k.transpose(-1, -2)) * torch.exp(apart)
    apart = (total.unsqueeze(-2) - total.unsqueeze(-3)).masked_fill(later.unsqueeze(-1), -torch.inf)
    return torch.einsum("...td,...sd,...tsd->...ts", q, k, torch.exp(apart))


def _delta(terms: MatrixTerms, total: Tensor) -> tuple[Tensor, Tensor]:
    """w = U - W S for every chunk: U (..., C, V) and W (..., C, K)."""
    assert terms.beta is not None
    # w solves (1 + tril(β k·k exp(G_t - G_s), -1)) w = β (v - (k exp(G))^T S)
    lower = terms.beta * _within(terms.k, terms.k, total).tril(-1)
    right = torch.cat([terms.beta * terms.v, terms.beta * torch.exp(total) * terms.k], dim=-1)
    solved = torch.linalg.solve_triangular(lower, right, upper=False, unitriangular=True)
    values, from_state = solved.split([terms.v.shape[-1], terms.k.shape[-1]], dim=-1)
    return values, from_state
