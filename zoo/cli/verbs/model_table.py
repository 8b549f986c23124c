"""What there is to say about named models: a row of the table for each, or all of one."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import cast

import torch

from zoo.catalogue import MODELS, NamedModel, named_model
from zoo.cli.verbs.cell_table import WIDTH, parameter_count
from zoo.model import ModelSpec
from zoo.names import name_stack
from zoo.seq2seq import DecoderSpec
from zoo.stack import StackSpec
from zoo.switches import SwitchSpec

HEADER = ("model", "task", "parameters", "published", "paper", "what it is")
OWN_LINES = ("encoder", "characters", "pooling")
"""Fields of a network that have a line of their own."""
LARGE = 5_000_000
"""Parameters from which on a stack is not built to see what runs it."""


def model_rows() -> Iterator[tuple[str, ...]]:
    """The header, and a row for each curated model, task by task."""
    yield HEADER
    for name, model in sorted(MODELS.items(), key=lambda item: (item[1].task, item[0])):
        size = f"{model.parameters:,}"
        yield name, model.task, size, model.stated, model.authors, model.summary


def model_facts(name: str) -> dict[str, str]:
    """What is said of a model by its name, line by line; what does not apply is left out."""
    model = named_model(name)
    network = model.network
    sizes = {key: size for key, size in network.sizes.items() if size is not None}
    missing = "" if network.is_complete else ", input_size=..., output_size=..."
    facts = {
        "stack": name_stack(replace(network.encoder, switches=())),
        "switches": "; ".join(map(_switch, cast("tuple[SwitchSpec, ...]", network.encoder.switches))),
        "engine": _engine(network.encoder),
        "decoder": "" if model.decoder is None else _decoder(model.decoder),
        "characters": "" if network.characters is None else name_stack(network.characters.encoder),
        "pooling": network.pooling,
        "network": _options(network),
        "sizes": ", ".join(f"{key} {size:,}" for key, size in sizes.items()) or "from the data",
        "parameters": _parameters(model),
        "published": _published(model),
        "task": ", ".join([model.task, *(f"{key} {_spelled(each)}" for key, each in model.options.items())]),
        "paper": model.paper or "none",
        "deviations": model.deviations or "none",
        "in Python": f"zoo.create_model({name!r}{missing})",
    }
    return {key: text for key, text in facts.items() if text}


def _switch(switch: SwitchSpec) -> str:
    """A switch, and its options where they are not as by default."""
    values = {field.name: getattr(switch, field.name) for field in fields(switch)}
    own = {key: value for key, value in values.items() if value != getattr(type(switch)(), key)}
    return ", ".join([switch.key or "", *(f"{key} {_spelled(value)}" for key, value in own.items())])


def _engine(spec: StackSpec) -> str:
    """What runs the stack in training on a CPU, and why; nothing of one that takes long to build."""
    with torch.device("meta"):
        count = parameter_count(spec.build(WIDTH))
    if count > LARGE:
        return ""
    choices = [way.choice("cpu") for way in spec.build(WIDTH).ways()]
    return "; ".join(dict.fromkeys(f"{choice.name}: {choice.reason}" for choice in choices))


def _decoder(decoder: DecoderSpec) -> str:
    words = [name_stack(decoder.stack), f"attention {decoder.attention}", f"bridge {decoder.bridge}"]
    return ", ".join([*words, *(["input feeding"] if decoder.input_feeding else [])])


def _options(network: ModelSpec) -> str:
    """What a network has beside its stack, where it is not as by default."""
    values = {
        field.name: getattr(network, field.name)
        for field in fields(ModelSpec)
        if field.name not in (*OWN_LINES, *network.sizes) and getattr(network, field.name) != field.default
    }
    return ", ".join(f"{key} {_spelled(value)}" for key, value in values.items())


def _spelled(value: object) -> str:
    """A value as a recipe has it."""
    return json.dumps(value).replace('"', "")


def _parameters(model: NamedModel) -> str:
    if model.network.is_complete:
        return f"{model.parameters:,}"
    with torch.device("meta"):
        count = parameter_count(model.network.encoder.build(WIDTH))
    return f"{count:,} in the stack, for inputs of width {WIDTH}"


def _published(model: NamedModel) -> str:
    """What the paper states, of what, and how many these are here."""
    if model.published is None:
        return ""
    here = "" if model.counted == "whole model" else f", {model.count(model.counted):,} here"
    return f"{model.stated} ({model.counted}{here})"
