"""Language modelling by truncated backpropagation through time."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, final

import torch
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor
from torchmetrics import MeanMetric, MetricCollection

from zoo.model import Model, ModelSpec
from zoo.stack import StackState, map_state
from zoo.tasks import TASKS
from zoo.tasks.activation_penalty import ActivationPenalty
from zoo.tasks.answers import NextTokens, Record
from zoo.tasks.base import Task
from zoo.tasks.contract import IGNORED, Batch, Contract, Entry
from zoo.tasks.head_loss import has_few_scores, head_cross_entropy
from zoo.tasks.item_weights import cross_entropy
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec
from zoo.tasks.shares import Mean


@final
class Perplexity(MeanMetric):
    """exp of the mean negative log-likelihood of a token, in nats; updated with (mean, weight)."""

    def compute(self) -> Tensor:
        return super().compute().exp()


@final
class BitsPerCharacter(MeanMetric):
    """The mean negative log-likelihood of a token in bits; updated with (mean in nats, weight)."""

    def compute(self) -> Tensor:
        return super().compute() / math.log(2)


@final
@TASKS.register("language_model")
class LanguageModel(Task):
    """Predicts each token from all tokens before it.

    Batches: tokens x (B, T), next tokens y (B, T) with -100 where none counts, and optional starts (B,),
    True where row b begins a new text. Row b of a batch goes on where row b of the batch before ended: the
    state is carried over, detached, and begins anew where `starts` says so. Validation and test carry
    states of their own. Logs the cross-entropy in nats per token, perplexity and bits per character
    (bits per token, where tokens are not characters).
    Reference: Mikolov et al., 2010, https://doi.org/10.21437/Interspeech.2010-343; Zaremba et al., 2014,
    https://arxiv.org/abs/1409.2329 (state carried between segments).

    Args:
        network: The network; sizes that it leaves open come from the data.
        optimizer: The optimiser.
        schedule: The learning-rate schedule; None keeps the rate.
        leaky: Lets in an encoder that reads backwards, to show what it does: it copies the next token, which
            it has read, and no number that comes of it is one of a language model. Each step logs its loss
            as leaky_loss, too, the other metrics are called leaky, and no state is carried.
        activation_penalty: Factor α of the mean square of the last layer's outputs, behind their dropout
            (AR), added to the loss in training alone; see `zoo.tasks.activation_penalty`.
        temporal_penalty: Factor β of the mean square of their change from step to step (TAR), likewise.
            What both add is logged as train/activation_penalty; train/loss is without it.
    """

    model: Model
    output = "vocab_size"

    def __init__(
        self,
        network: ModelSpec | Mapping[str, Any],
        optimizer: OptimizerSpec | Mapping[str, Any] = OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: ScheduleSpec | Mapping[str, Any] | None = None,
        leaky: bool = False,
        *,
        activation_penalty: float = 0.0,
        temporal_penalty: float = 0.0,
    ) -> None:
        self.leaky = leaky
        self.activation_penalty, self.temporal_penalty = activation_penalty, temporal_penalty
        self.penalty = ActivationPenalty(activation_penalty, temporal_penalty)
        super().__init__(network, optimizer, schedule)
        self._carried: dict[str, StackState] = {}
        self._restored: list[list[Tensor]] | None = None

    def setup(self, stage: str) -> None:
        """Forgets what an earlier run of the Trainer carried."""
        super().setup(stage)
        if self.leaky:
            rank_zero_warn(
                f"leaky: this {self.network.encoder.direction} encoder has read the tokens that it predicts; "
                f"its loss and perplexity are those of copying, not of a language model"
            )
        self._carried.clear()
        self._restored = None

    def _check(self) -> None:
        others = [name for name in self.network.encoder.directions if name != "forward"]
        if others and not self.leaky:
            raise ValueError(
                f"a language model predicts a token from its left context, and a {others[0]} layer has "
                f"already seen that token; got direction {self.network.encoder.direction!r}, expected "
                f"'forward' (leaky: true shows what it would do)"
            )
        if self.leaky and not others:
            raise ValueError(
                "leaky shows what an encoder does that has read the next token, and direction is 'forward'; "
                "expected 'bidirectional', or leaky: false"
            )
        if self.network.pooling != "none":
            raise ValueError(
                f"a language model predicts every step; got pooling {self.network.pooling!r}, expected 'none'"
            )

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: chunks of streams, and which of these start anew."""
        tokens, size = ("B", "T"), self.network.output_size
        return {
            "x": super().entries()["x"],
            "y": Entry(axes=tokens, kind="integers", below=size, is_target=True),
            "starts": Entry(axes=("B",), kind="booleans", is_optional=True),
        }

    def contract(self) -> Contract:
        """What the batches must hold; streams have no lengths."""
        instead = f"no lengths, but {IGNORED} in y where nothing is to be predicted"
        refused = {"lengths": instead, "weight": "none: a row is a part of a stream, and no item"}
        return replace(super().contract(), refused=refused)

    def metrics(self, output_size: int) -> MetricCollection:
        mark = "leaky_" if self.leaky else ""
        return MetricCollection(
            {f"{mark}perplexity": Perplexity(), f"{mark}bits_per_character": BitsPerCharacter()},
            compute_groups=False,
        )

    def _predict(self, batch: Batch) -> Tensor:
        """Log-probabilities (B, T, V) of the next token."""
        return self._read(batch, "predict", self.model).log_softmax(-1)

    def records(self, predicted: Tensor, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """For each token the one that is held most likely to follow, and what the one that follows costs."""
        tokens = legend.get("tokens") or list(range(predicted.shape[-1]))
        shares, best = (part.tolist() for part in predicted.max(-1))
        y = batch.get("y", torch.full_like(batch["x"], IGNORED))
        nats = _nats(predicted, y)
        records = list[Record]()
        for stream, row in enumerate(batch["x"].tolist()):
            for t, token in enumerate(row):
                record = {"stream": stream, "token": tokens[token], "predicted": tokens[best[stream][t]]}
                record["probability"] = math.exp(shares[stream][t])
                known = int(y[stream, t]) != IGNORED
                record["nats"] = float(nats[stream, t]) if known else None
                records.append(record)
        return records

    def next_tokens(self, predicted: Tensor, batch: Batch) -> NextTokens:
        return NextTokens(_nats(predicted, batch["y"]), batch["y"], predicted.argmax(-1))

    def on_validation_epoch_start(self) -> None:
        self._carried.pop("val", None)

    def on_test_epoch_start(self) -> None:
        self._carried.pop("test", None)

    def on_predict_epoch_start(self) -> None:
        self._carried.pop("predict", None)

    def on_train_epoch_end(self) -> None:
        super().on_train_epoch_end()
        self._carried.pop("train", None)

    def forget(self) -> None:
        """Drops the state after the last training batch, too: the next one begins with zeros."""
        super().forget()
        self._carried.pop("train", None)
        self._restored = None

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the training state, so that a run resumed within an epoch goes on where it was."""
        super().on_save_checkpoint(checkpoint)
        carried = self._carried.get("train", ())
        own = [[part.cpu() for part in _cell_state(entry)] for entry in carried]
        checkpoint["carried_state"] = self._of_ranks(own)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self._restored = self._of_rank(checkpoint.get("carried_state")) or None

    def _step(self, batch: Batch, stage: str) -> Tensor:
        if stage != "train" or not self.penalty:
            return self._loss(batch, stage)
        with self.penalty.watching(self.model.output_dropout) as found:
            loss = self._loss(batch, stage)
        (penalty,) = found
        return loss + self._logged(Mean(penalty, batch["x"].numel()), stage, "activation_penalty")

    def _loss(self, batch: Batch, stage: str) -> Tensor:
        """The cross-entropy in nats, which is logged."""
        head, y = self.model.head, batch["y"].flatten()
        if has_few_scores(head, y):
            loss = cross_entropy(self._read(batch, stage, self.model).flatten(0, 1), y)
        else:
            loss = head_cross_entropy(head, self._read(batch, stage, self.model.read).flatten(0, 1), y)
        count = (y != IGNORED).sum()
        self._count(stage, loss.value[None].where(count > 0, 0), count[None])
        if self.leaky:
            self._logged(loss, stage, "leaky_loss")
        return self._logged(loss, stage)

    def _read(self, batch: Batch, stage: str, run: Callable[..., tuple[Tensor, StackState]]) -> Tensor:
        """What the model makes of a batch; the state after it is carried to the stage's next batch."""
        if self.leaky:
            found, _ = run(batch["x"])
            return found
        state = self._initial_state(stage, len(batch["x"]), batch.get("starts"))
        found, state = run(batch["x"], state=state)
        self._carried[stage] = map_state(torch.Tensor.detach, state)
        return found

    def _initial_state(self, stage: str, batch_size: int, starts: Tensor | None) -> StackState:
        """The state that this stage carries, anew where a text starts or the batch size has changed."""
        fresh = self.model.initial_state(batch_size)
        carried = self._carried.get(stage)
        if stage == "train" and carried is None and self._restored is not None:
            carried, self._restored = _like(fresh, self._restored), None
        if carried is None or _cell_state(carried[0])[0].shape[0] != batch_size:
            return fresh
        if starts is None:
            return carried
        return map_state(lambda new, old: torch.where(starts[:, None], new, old), fresh, carried)


def _nats(log_p: Tensor, y: Tensor) -> Tensor:
    """What each token of y (B, T) costs under log-probabilities (B, T, V)."""
    return -log_p.gather(-1, y.clamp(min=0)[..., None]).squeeze(-1)


def _cell_state(entry: object) -> tuple[Tensor, ...]:
    """The entry of a forward layer, which is its cell's state."""
    assert isinstance(entry, tuple)
    return entry


def _like(fresh: StackState, plain: list[list[Tensor]]) -> StackState:
    """Tensors from a checkpoint in the form and on the device of a state."""
    parts = iter([part for entry in plain for part in entry])
    return map_state(lambda new: next(parts).to(new), fresh)
