"""The weights of a decode: recomputed step by step, for whatever the search has found."""

import pytest
import torch

from tests.seq2seq.models import encoder_decoder, sources
from zoo.seq2seq import SearchSpec, attended, search

LENGTHS = torch.tensor([6, 3, 1])
ATTENTION = [{"attention": kind} for kind in ("additive", "general")] + [{"input_feeding": True}]


def decoded(model, beam):
    best = search(model, sources(), LENGTHS, spec=SearchSpec(beam=beam, max_length=7))
    return best.tokens[:, 0], best.lengths[:, 0]


@pytest.mark.parametrize("options", ATTENTION, ids=str)
@pytest.mark.parametrize("beam", [1, 3])
def test_they_are_those_with_which_each_token_was_chosen(options, beam):
    model = encoder_decoder(**options)
    tokens, written = decoded(model, beam)
    weights = attended(model, sources(), tokens, written, LENGTHS)
    memory, state = model.encode(sources(), LENGTHS)
    last = torch.full((3,), model.decoder_spec.begin)
    for t in range(tokens.shape[1]):
        logits, expected, state = model.step(last, memory, state)
        live = t < written
        torch.testing.assert_close(weights[live, t], expected[live])
        if beam == 1:
            assert (logits.argmax(-1) == tokens[:, t])[live].all()
        last = tokens[:, t]


@pytest.mark.parametrize("options", ATTENTION, ids=str)
def test_rows_sum_to_1_padding_has_none_and_so_have_the_steps_beyond_the_end(options):
    model = encoder_decoder(seed=3, **options)
    tokens, _ = decoded(model, beam=3)
    written = torch.tensor([tokens.shape[1], 2, 0])
    weights = attended(model, sources(), tokens, written, LENGTHS)
    assert weights.shape == (*tokens.shape, 6)
    rows = torch.arange(tokens.shape[1]) < written[:, None]
    torch.testing.assert_close(weights.sum(-1), rows.double())
    for b, length in enumerate(LENGTHS.tolist()):
        assert (weights[b, :, length:] == 0).all()


def test_without_attention_there_are_none():
    model = encoder_decoder(attention="none")
    assert attended(model, sources(), torch.zeros(3, 2, dtype=torch.long), torch.tensor([2, 2, 2])) is None
