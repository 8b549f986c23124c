"""Encoder-decoders: one stack reads a sequence, another writes one; attention between them, and search."""

from zoo.seq2seq.attended import attended
from zoo.seq2seq.beam import Hypotheses, Limits, beam_search, length_penalty
from zoo.seq2seq.encoder_decoder import Decoded, DecoderState, EncoderDecoder
from zoo.seq2seq.search import search
from zoo.seq2seq.spec import DecoderSpec, SearchSpec

__all__ = [
    "Decoded",
    "DecoderSpec",
    "DecoderState",
    "EncoderDecoder",
    "Hypotheses",
    "Limits",
    "SearchSpec",
    "attended",
    "beam_search",
    "length_penalty",
    "search",
]
