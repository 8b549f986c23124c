"""The most probable targets of an encoder-decoder."""

import torch
from torch import Tensor

from zoo.seq2seq.beam import Hypotheses, Limits, beam_search
from zoo.seq2seq.encoder_decoder import DecoderState, EncoderDecoder
from zoo.seq2seq.spec import SearchSpec
from zoo.stack import map_state


@torch.no_grad()
def search(
    model: EncoderDecoder,
    x: Tensor,
    lengths: Tensor | None = None,
    deltas: Tensor | None = None,
    spec: SearchSpec = SearchSpec(),  # noqa: B008 (it is frozen)
) -> Hypotheses:
    """The best targets of each source, by greedy or beam search; put the model into its eval mode before.

    Args:
        model: The encoder-decoder.
        x: Sources, (B, S) or (B, S, I).
        lengths: Valid steps of each source; None where all are.
        deltas: Time between steps of the source, for cells that read it.
        spec: How to search.
    """
    memory, state = model.encode(x, lengths, deltas)
    rows, device = len(x), x.device
    memory = memory.rows(torch.arange(rows, device=device).repeat_interleave(spec.beam))

    def advance(tokens: Tensor, before: DecoderState) -> tuple[Tensor, DecoderState]:
        logits, _, after = model.step(tokens, memory, before)
        return logits.log_softmax(-1), after

    limits = Limits(
        begin=model.decoder_spec.begin,
        end=model.decoder_spec.end,
        beam=spec.beam,
        length=spec.max_length or 2 * x.shape[1] + 10,
        penalty=spec.length_penalty,
    )
    return beam_search(advance, _chosen, state, rows, limits)


def _chosen(state: DecoderState, rows: Tensor) -> DecoderState:
    """These rows of a state."""
    stack = map_state(lambda part: part[rows], state.stack)
    return DecoderState(stack, None if state.fed is None else state.fed[rows])
