"""S12: the sentence encoder."""

import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np
import torch

from zoo.claims.base import Number, register_claim
from zoo.claims.system import System, largest
from zoo.claims.training import clipping, train
from zoo.data.base import SequenceData
from zoo.data.labelled_text import LabelledText
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.tasks.base import Task
from zoo.tasks.optimisation import OptimizerSpec
from zoo.tasks.sequence_classifier import SequenceClassifier


@final
@register_claim("s12")
@dataclass(frozen=True, kw_only=True)
class SentenceEncoder(System):
    """A BiLSTM, the element-wise maximum or mean over time, a classifier on top."""

    says: ClassVar[str] = (
        "A sentence is encoded by the element-wise max or mean over time of a (bi)RNN, a classifier on top."
    )

    @property
    def ran(self) -> str:
        return (
            "random weights on sequences of four lengths; then a BiLSTM of 16 on 600 made texts whose class "
            "one of their words decides, six epochs"
        )

    def errors(self) -> Mapping[str, float]:
        stack = StackSpec(cell="lstm", hidden_size=4, direction="bidirectional")
        x, lengths, found = torch.randn(4, 7, 3).double(), torch.tensor([7, 5, 2, 1]), {}
        for name, over_time in (("max", np.max), ("mean", np.mean)):
            plain = {"input_size": 3, "output_size": 2, "encoder": stack.plain(), "pooling": name}
            model = ModelSpec.of(plain).build().double()
            with torch.no_grad():
                logits, _ = model(x, lengths)
                outputs, _ = model.encoder(x, lengths=lengths)
            codes = [over_time(row[:n].numpy(), axis=0) for row, n in zip(outputs, lengths, strict=True)]
            head = {key: value.numpy() for key, value in model.head.state_dict().items()}
            expected = np.stack(codes) @ head["weight"].T + head["bias"]
            found[f"{name} over time, then the classifier"] = largest(logits, expected)
        return found

    def at_work(self) -> Sequence[Number]:
        rng, words = random.Random(0), [f"word{k}" for k in range(50)]
        lines = []
        for number in range(600):
            text = rng.choices(words, k=rng.randint(4, 12))
            text[rng.randrange(len(text))] = ("bad", "good")[number % 2]
            lines.append(f"{number % 2} {' '.join(text)}\n")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "texts.txt"
            path.write_text("".join(lines))

            def make() -> tuple[Task, SequenceData]:
                stack = StackSpec(cell="lstm", hidden_size=16, direction="bidirectional")
                network = ModelSpec(encoder=stack, pooling="max")
                return SequenceClassifier(network, OptimizerSpec(lr=1e-2)), LabelledText(path, separator=" ")

            trained = train(make, seed=1, epochs=6, callbacks=clipping())
        known = "0.5 (guessing)"
        return [Number(what="accuracy on texts", value=trained.metrics["test/accuracy"], known=known)]
