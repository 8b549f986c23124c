"""Small encoder-decoders in double precision."""

import torch

import zoo
from zoo.seq2seq import DecoderSpec, EncoderDecoder

TYPES, SOURCES = 7, 9


def encoder_decoder(seed=0, encoder=None, network=None, **decoder):
    torch.manual_seed(seed)
    stack = zoo.StackSpec(
        **({"cell": "lstm", "hidden_size": 4, "direction": "bidirectional"} | (encoder or {}))
    )
    sizes = {"vocab_size": SOURCES, "output_size": TYPES} | (network or {})
    decoder.setdefault("stack", zoo.StackSpec(cell="gru", hidden_size=5))
    model = EncoderDecoder(zoo.ModelSpec(encoder=stack, **sizes), DecoderSpec(**decoder))
    for parameter in model.parameters():  # far from the start, where all answers are nearly alike
        parameter.data.uniform_(-1, 1)
    return model.double().eval()


def sources(rows=3, steps=6, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(4, SOURCES, (rows, steps), generator=generator)


def inputs(rows=3, steps=5, seed=2):
    """What a decoder reads, `<bos>` first."""
    tokens = torch.randint(4, TYPES, (rows, steps), generator=torch.Generator().manual_seed(seed))
    tokens[:, 0] = 2
    return tokens
