"""Sequence to sequence: a target is written for each source, as in translation."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from zoo.model import ModelSpec
from zoo.seq2seq import Decoded, DecoderSpec, EncoderDecoder, Hypotheses, SearchSpec, attended, search
from zoo.stack import StackSpec
from zoo.tasks import TASKS
from zoo.tasks.answers import Map, Predicted, Record, Written
from zoo.tasks.attention_maps import attention_map, symbols
from zoo.tasks.base import Task
from zoo.tasks.contract import IGNORED, Batch, Entry, lengths_of
from zoo.tasks.from_data import Named
from zoo.tasks.item_weights import cross_entropy, for_each, weighted_cross_entropy
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec
from zoo.tasks.scheduled_sampling import SamplingSpec
from zoo.tasks.signs import AnswerSigns, AttentionSigns, Sign
from zoo.tasks.translations import Decode, Translations, spaced


@final
@TASKS.register("sequence_to_sequence")
class SequenceToSequence(Task):
    """Writes a target for each source: an encoder of any stack, a causal decoder, attention between them.

    Batches: x (B, S) tokens or (B, S, I), with optional lengths (B,); y (B, U), the target and the decoder's
    `end` behind it, -100 beyond. The decoder reads `begin` and then y, one token late (teacher forcing), or
    by `sampling` in part what it has drawn itself. Logs the cross-entropy in nats per token and the accuracy
    of tokens where those before are given; of validation and test sets, whose targets are searched for, the
    share of exact matches, BLEU and chrF.
    Reference: Sutskever et al., 2014, https://arxiv.org/abs/1409.3215; see `EncoderDecoder` for attention.

    Args:
        network: The encoder and what it reads; sizes that it leaves open come from the data.
        optimizer: The optimiser.
        schedule: The learning-rate schedule; None keeps the rate.
        decoder: The decoder, what it attends to, and where it starts; None is one LSTM layer of 128 with
            additive attention.
        sampling: How much of what the decoder reads in training is its own; None is nothing.
        search: How targets are looked for.
    """

    model: EncoderDecoder
    output = "output_size"
    weighs_items = True
    gallery = (
        "Attention",
        "Where the decoder looked: each row is a symbol of the answer, from the top down, and the stronger "
        "the colour of a place, the more of its weight lies on that symbol of the source; a row sums to 1. A "
        "diagonal reads on, even rows look nowhere, and a single column is stuck.",
    )

    def __init__(
        self,
        network: ModelSpec | Mapping[str, Any],
        optimizer: OptimizerSpec | Mapping[str, Any] = OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: ScheduleSpec | Mapping[str, Any] | None = None,
        decoder: DecoderSpec | Mapping[str, Any] | None = None,
        sampling: SamplingSpec | Mapping[str, Any] | None = None,
        search: SearchSpec | Mapping[str, Any] = SearchSpec(),  # noqa: B008 (it is frozen)
    ) -> None:
        self.decoder = DecoderSpec(stack=StackSpec()) if decoder is None else DecoderSpec.of(decoder)
        self.sampling = SamplingSpec.from_plain(sampling) if isinstance(sampling, Mapping) else sampling
        self.search = SearchSpec.from_plain(search) if isinstance(search, Mapping) else search
        super().__init__(network, optimizer, schedule)

    def _check(self) -> None:
        if self.network.pooling != "none":
            raise ValueError(
                f"a decoder attends to every step of the source; got pooling {self.network.pooling!r}, "
                f"expected 'none'"
            )
        if self.network.characters is not None:
            raise ValueError("an encoder of sources reads tokens; got characters, expected none")
        if self.network.tie_weights:
            raise ValueError(
                "tie_weights of the network ties the embedding of sources to a head that writes targets; "
                "expected tie_weights of the decoder"
            )
        has_head = self.network.logit_cap is not None or self.network.adaptive_cutoffs
        if has_head or not self.network.head_bias:
            raise ValueError(
                "an encoder of sources has no head; got logit_cap, adaptive_cutoffs or head_bias false, "
                "expected none of them"
            )

    def build_model(self) -> EncoderDecoder:
        return EncoderDecoder(self.network, self.decoder)

    def add_modules(self) -> None:
        self.translations = nn.ModuleDict({f"{stage}_scores": Translations() for stage in ("val", "test")})

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: sources, and the tokens of targets."""
        y = Entry(axes=("B", "U"), kind="integers", below=self.network.output_size, is_target=True)
        return super().entries() | {"y": y}

    def metrics(self, output_size: int) -> MetricCollection:
        options: dict[str, Any] = {"ignore_index": IGNORED, "validate_args": False}
        return MetricCollection(
            {"token_accuracy": MulticlassAccuracy(num_classes=output_size, average="micro", **options)}
        )

    def signs(self, output_size: int) -> dict[str, Sign]:
        looking = {} if self.decoder.attention == "none" else {"attention": AttentionSigns()}
        return {"answers": AnswerSigns(), **looking}

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        deltas: Tensor | None = None,
        characters: Tensor | None = None,
    ) -> Tensor:
        """The best target (B, U) that the search finds for each source, with its end and 0 beyond."""
        return search(self.model, x, lengths, deltas, self.search).tokens[:, 0]

    def _predict(self, batch: Batch) -> Predicted:
        """The best targets: tokens (B, K, U), lengths (B, K) with the end, and scores (B, K)."""
        best = self._hypotheses(batch)
        return {"tokens": best.tokens, "lengths": best.lengths, "scores": best.scores}

    def records(self, predicted: Any, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """The best target in words, and its score: log-probability in nats over the length penalty."""
        decode = legend.get("decode", spaced)
        best = (predicted[name][:, 0].tolist() for name in ("tokens", "lengths", "scores"))
        return [
            {"hypothesis": decode(tokens[:length]), "score": score}
            for tokens, length, score in zip(*best, strict=True)
        ]

    def costs(self, predicted: Any, batch: Batch) -> Tensor:
        """The cross-entropy of each target, in nats per token, where the tokens before are given."""
        y = batch["y"]
        nats = F.cross_entropy(self._read(batch).logits.mT, y, ignore_index=IGNORED, reduction="none")
        return nats.sum(1) / (y != IGNORED).sum(1).clamp(min=1)

    def hits(self, predicted: Any, batch: Batch) -> tuple[Tensor, Tensor]:
        """Tokens of each target that are said right where those before are given, and all of them."""
        y = batch["y"]
        right = (self._read(batch).logits.argmax(-1) == y) & (y != IGNORED)
        return right.sum(1), (y != IGNORED).sum(1)

    def written(self, predicted: Any, batch: Batch) -> list[Written]:
        """The best target that was found for each source, and the right one."""
        best = zip(predicted["tokens"][:, 0], predicted["lengths"][:, 0].tolist(), strict=True)
        said = [tokens[:length].tolist() for tokens, length in best]
        pairs = zip(said, batch["y"].tolist(), strict=True)
        ends = (self.decoder.end, IGNORED)
        return [Written(*(list(takewhile(lambda k: k not in ends, each)) for each in pair)) for pair in pairs]

    def maps(
        self, predicted: Any, batch: Batch, chosen: Mapping[int, str], legend: Mapping[str, Any]
    ) -> list[Map]:
        """Where the decoder looked while it wrote the best targets; none without attention."""
        rows, decode = list(chosen), legend.get("decode", spaced)
        part = {name: values[rows] for name, values in batch.items()}
        best = {name: values[rows] for name, values in predicted.items()}
        x, tokens, written = part["x"], best["tokens"][:, 0], best["lengths"][:, 0]
        weights = attended(self.model, x, tokens, written, part.get("lengths"), part.get("deltas"))
        if weights is None:
            return []
        maps, lengths = [], lengths_of(part).tolist()
        pairs = self.written(best, part) if "y" in part else [None] * len(rows)
        for n, pair in enumerate(pairs):
            source = symbols(x[n, : lengths[n]], legend.get("decode_source"))
            answer = symbols(tokens[n, : written[n]], legend.get("decode"), {self.decoder.end: "end"})
            called = chosen[rows[n]] + _fault(pair, decode)
            maps.append(attention_map(weights[n, : written[n], : lengths[n]], source, answer, called))
        return maps

    def _step(self, batch: Batch, stage: str) -> Tensor:
        y = batch["y"]
        decoded = self._read(batch, training=stage == "train")
        logits, targets = decoded.logits.flatten(0, 1), y.flatten()
        weights = self._item_weights(batch, stage)
        if weights is None:
            loss = cross_entropy(logits, targets)
        else:
            loss = weighted_cross_entropy(logits, targets, for_each(weights, y).flatten())
        self._count(stage, logits.argmax(-1), targets)
        if stage != "train":
            self._judge(batch, stage, decoded)
        return self._logged(loss, stage)

    def _judge(self, batch: Batch, stage: str, decoded: Decoded) -> None:
        """Scores what is written for a batch of a stage, and looks for signs of illness in it."""
        best, y = self._hypotheses(batch), batch["y"]
        self._scores(stage).update(best.tokens[:, 0], y, self.decoder.end)
        if stage != "val":
            return
        said, true = zip(*self.written({"tokens": best.tokens, "lengths": best.lengths}, batch), strict=True)
        ended = int((best.tokens[:, 0] == self.decoder.end).any(1).sum())
        self._look(stage, "answers", said, true, len(said) - ended)
        if decoded.weights is not None:
            self._look(stage, "attention", decoded.weights, (y != IGNORED).sum(1), lengths_of(batch))

    def _read(self, batch: Batch, training: bool = False) -> Decoded:
        """What the decoder says where it is given the right targets; in training perhaps a part of them."""
        inputs = F.pad(batch["y"][:, :-1].clamp(min=0), (1, 0), value=self.decoder.begin)
        given = self._given(inputs) if training else None
        decoded: Decoded = self.model(batch["x"], inputs, batch.get("lengths"), batch.get("deltas"), given)
        return decoded

    def _given(self, inputs: Tensor) -> Tensor | None:
        """Which of the decoder's inputs (B, U) are true ones; None where all are."""
        if self.sampling is None:
            return None
        share = self.sampling.share(self.global_step)
        self.log("train/teacher_share", share)
        return torch.rand(inputs.shape, device=inputs.device) < share

    def _hypotheses(self, batch: Batch) -> Hypotheses:
        return search(self.model, batch["x"], batch.get("lengths"), batch.get("deltas"), self.search)

    def on_validation_epoch_end(self) -> None:
        super().on_validation_epoch_end()
        self._log_scores("val")

    def on_test_epoch_end(self) -> None:
        super().on_test_epoch_end()
        self._log_scores("test")

    def _scores(self, stage: str) -> Translations:
        scores = self.translations[f"{stage}_scores"]
        assert isinstance(scores, Translations)
        return scores

    def _log_scores(self, stage: str) -> None:
        """Logs how near the targets that were found are to those of the data, in its words if it has any."""
        scores, data = self._scores(stage), self.trainer.datamodule  # type: ignore[attr-defined]
        legend = data.legend if isinstance(data, Named) else {}
        scores.decode = legend.get("decode", spaced)
        named = {f"{stage}/{name}": score for name, score in scores.compute().items()}
        self.log_dict(named, prog_bar=stage == "val", sync_dist=True)
        scores.reset()


def _fault(pair: Written | None, decode: Decode) -> str:
    """What was asked for, where something else was written."""
    return "" if pair is None or pair.said == pair.true else f", wrong: {decode(pair.true)} was asked for"
