"""The models of the catalogue, narrow enough to run in a test, and something for each to read."""

from dataclasses import replace
from math import lcm

import torch

import zoo
from zoo.catalogue import MODELS

WIDTH, TYPES, STEPS = 6, 12, 5


def small(name):
    """The task of a model by its name: its depth, directions and wirings, a few units wide."""
    entry = MODELS[name]
    network = entry.network
    changes = {"hidden_size": narrow(network.encoder), "engine": "reference"}
    if network.vocab_size:
        changes |= {"vocab_size": TYPES, "embedding_size": few_units(network.encoder)}
    if entry.decoder is not None:
        stack = replace(entry.decoder.stack, hidden_size=WIDTH, engine="reference")
        changes |= {
            "output_size": TYPES,
            "decoder": replace(entry.decoder, stack=stack, embedding_size=WIDTH),
        }
    return zoo.create_model(name, **changes)


def few_units(encoder):
    """As many as all heads can share out."""
    heads = lcm(*(cell.width_step for cell in encoder.cells))
    return -(-WIDTH // heads) * heads


def narrow(encoder):
    """Widths of a few units, one or one for each layer, as the encoder has them."""
    width, few = encoder.hidden_size, few_units(encoder)
    return tuple(min(each, few) for each in width) if isinstance(width, tuple) else few


def inputs(network):
    """What the task of such a network takes: two sequences, with what else it reads."""
    if network.vocab_size is None:
        x = torch.rand(2, STEPS, network.input_size)
    else:
        x = torch.randint(0, network.vocab_size, (2, STEPS))
    if network.characters is not None:
        return x, None, None, torch.randint(1, TYPES, (2, STEPS, 3))
    return (x, x.flip(0)) if network.pairs else (x,)
