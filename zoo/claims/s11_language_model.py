"""S11: the RNN language model."""

import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np
import torch
from torch.nn import functional as F

from zoo.claims.base import Number, register_claim
from zoo.claims.system import System
from zoo.claims.training import clipping, train
from zoo.data.base import SequenceData
from zoo.data.text_file import TextFile
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.language_model import LanguageModel
from zoo.tasks.optimisation import OptimizerSpec

LETTERS = "abcdef"


@final
@register_claim("s11")
@dataclass(frozen=True, kw_only=True)
class RNNLanguageModel(System):
    """A softmax over the vocabulary at each step, cross-entropy, left context only."""

    says: ClassVar[str] = (
        "The RNN language model has a softmax over the vocabulary at each step, and sees left context only."
    )

    @property
    def ran(self) -> str:
        return (
            f"the loss of random weights; then {self.length:,} letters of a random Markov chain, "
            f"{self.epochs} epochs of an LSTM of 32, beside the exact entropy of the chain"
        )

    length: int = 40_000
    """Of the text."""

    epochs: int = 2
    """Of the training."""

    def errors(self) -> Mapping[str, float]:
        spec = ModelSpec(encoder=StackSpec(cell="lstm", hidden_size=5), vocab_size=6, output_size=6)
        model = spec.build().double()
        x, y = torch.randint(6, (2, 2, 7)).unbind(0)
        with torch.no_grad():
            logits, _ = model(x)
            changed, _ = model(torch.cat([x[:, :4], (x[:, 4:] + 1) % 6], 1))
        powers = np.exp(logits.numpy())
        p = powers / powers.sum(-1, keepdims=True)
        ours = float(F.cross_entropy(logits.flatten(0, 1), y.flatten()))
        theirs = -np.log(np.take_along_axis(p, y.numpy()[..., None], -1)).mean()
        return {
            "softmax and cross-entropy": float(abs(ours - theirs)),
            "what the right context changes": float((logits - changed)[:, :4].abs().max()),
        }

    def at_work(self) -> Sequence[Number]:
        rng = np.random.default_rng(0)
        chain = rng.dirichlet(np.full(len(LETTERS), 0.3), len(LETTERS))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "chain.txt"
            path.write_text(_walk(chain, self.length))

            def make() -> tuple[Task, SequenceData]:
                network = ModelSpec(encoder=StackSpec(cell="lstm", hidden_size=32))
                data = TextFile(path, batch_size=32, steps=35, test_batch_size=8)
                return LanguageModel(network, OptimizerSpec(lr=1e-2)), data

            trained = train(make, seed=1, epochs=self.epochs, callbacks=clipping())
        exact = f"{math.exp(entropy(chain)):.3f} (the chain's own)"
        return [Number(what="perplexity", value=trained.metrics["test/perplexity"], known=exact)]


def entropy(chain: np.ndarray) -> float:
    """Nats a letter of a Markov chain."""
    values, vectors = np.linalg.eig(chain.T)
    often = np.real(vectors[:, np.argmax(np.real(values))])
    return float(-(often / often.sum() * (chain * np.log(np.maximum(chain, 1e-300))).sum(1)).sum())


def _walk(chain: np.ndarray, length: int) -> str:
    chance, at, text = random.Random(0), 0, []
    for _ in range(length):
        at = chance.choices(range(len(LETTERS)), chain[at])[0]
        text.append(LETTERS[at])
    return "".join(text)
