"""S13: the encoder-decoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from zoo.claims.base import Number, register_claim
from zoo.claims.system import System, largest
from zoo.claims.training import clipping, train
from zoo.data.base import SequenceData
from zoo.data.string_reversal import StringReversal
from zoo.layouts.torch import to_torch
from zoo.model import ModelSpec
from zoo.seq2seq import DecoderSpec, EncoderDecoder
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_to_sequence import SequenceToSequence


@final
@register_claim("s13")
@dataclass(frozen=True, kw_only=True)
class EncoderAndDecoder(System):
    """An RNN reads the source, another writes the target from what the first has made of it."""

    says: ClassVar[str] = (
        "In translation an RNN encodes the source, and a decoder of several layers writes the target."
    )

    @property
    def ran(self) -> str:
        return (
            f"four layers each with random weights, against nn.LSTMs; then strings of 3 to 6 letters said "
            f"backwards, {self.updates} updates, an encoder of two layers, a decoder of four, attention"
        )

    updates: int = 500
    """Of the training."""

    def errors(self) -> Mapping[str, float]:
        stack = StackSpec(cell="lstm", hidden_size=5, num_layers=4)
        network = ModelSpec(encoder=stack, vocab_size=6, output_size=6)
        decoder = DecoderSpec(stack=stack, attention="none", bridge="copied")
        model = EncoderDecoder(network, decoder).double()
        x, y = torch.randint(6, (2, 2, 7)).unbind(0)
        assert model.embedding is not None
        with torch.no_grad():
            _, state = to_torch(model.encoder)(model.embedding(x))
            hidden, _ = to_torch(model.decoder)(model.target_embedding(y), state)
            return {"logits": largest(model(x, y).logits, model.head(hidden))}

    def at_work(self) -> Sequence[Number]:
        encoder, stack = (StackSpec(cell="lstm", hidden_size=48, num_layers=layers) for layers in (2, 4))

        def make() -> tuple[Task, SequenceData]:
            network = ModelSpec(encoder=encoder, embedding_size=32)
            decoder = DecoderSpec(stack=stack, attention="general", embedding_size=32)
            data = StringReversal(shortest=3, longest=6, steps_per_epoch=self.updates, test_size=500)
            return SequenceToSequence(network, OptimizerSpec(lr=3e-3), decoder=decoder), data

        metrics = train(make, seed=1, epochs=1, callbacks=clipping()).metrics
        return [
            Number(what="tokens right", value=metrics["test/token_accuracy"], known="0.1 (guessing)"),
            Number(what="whole strings right", value=metrics["test/exact_match"], known="0 (guessing)"),
        ]
