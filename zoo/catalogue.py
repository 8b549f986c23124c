"""Named models: curated ones from papers, and every stack by its name."""

from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import torch

from zoo.cells import CELLS, ElmanSpec, LSTMSpec
from zoo.model import ModelSpec
from zoo.names import is_stack_name, parse_stack
from zoo.registry import UnknownNameError, nearest
from zoo.stack import StackSpec
from zoo.stack.spec import DirectionName
from zoo.switches import SWITCHES
from zoo.tasks import TASKS
from zoo.wiring import WIRINGS, HighwaySpec

if TYPE_CHECKING:  # importing a task imports Lightning, which listing models must not
    from zoo.tasks.base import Task


@dataclass(frozen=True, kw_only=True)
class NamedModel:
    """A model of the catalogue.

    Attributes:
        summary: What it is, in a line.
        task: Registered name of the task it is trained for.
        network: What it is made of, with the sizes of the paper's data.
        paper: Authors, year and address.
        deviations: Where it differs from the paper, beyond one bias where torch has two.
    """

    summary: str
    task: str
    network: ModelSpec
    paper: str
    deviations: str = ""

    @property
    def parameters(self) -> int:
        """Number of parameters, counted without allocating them."""
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in self.network.build().parameters())


def _zaremba(size: str, width: int, dropout: float, init_range: float) -> NamedModel:
    return NamedModel(
        summary=f"word language model, {size}: 2 layers of {width}"
        + (", dropout between them" if dropout else ""),
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=LSTMSpec(forget_bias=0.0), hidden_size=width, num_layers=2, dropout=dropout
            ),
            vocab_size=10_000,
            output_size=10_000,
            input_dropout=dropout,
            output_dropout=dropout,
            init_range=init_range,
        ),
        paper="Zaremba et al., 2014, https://arxiv.org/abs/1409.2329",
    )


GNMT_FORWARD: tuple[DirectionName, ...] = ("forward",) * 7

MODELS: dict[str, NamedModel] = {
    "zaremba-small": _zaremba("small", 200, 0.0, 0.1),
    "zaremba-medium": _zaremba("medium", 650, 0.5, 0.05),
    "zaremba-large": _zaremba("large", 1500, 0.65, 0.04),
    "char-rnn": NamedModel(
        summary="character language model, 2 layers of 128",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=128, num_layers=2), vocab_size=65, output_size=65
        ),
        paper="Karpathy et al., 2015, https://arxiv.org/abs/1506.02078",
        deviations="characters are embedded, not one-hot",
    ),
    "infersent-bilstm-max": NamedModel(
        summary="sentence encoder: BiLSTM of 2 x 2048 with max pooling over time",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=2048, direction="bidirectional"),
            vocab_size=20_000,
            embedding_size=300,
            output_size=2,
            pooling="max",
        ),
        paper="Conneau et al., 2017, https://arxiv.org/abs/1705.02364",
        deviations="one sentence and a linear classifier in place of a pair; embeddings are learned",
    ),
    "gnmt-encoder": NamedModel(
        summary="translation encoder: 8 LSTM layers, the first bidirectional, residual from the third on",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm",
                hidden_size=1024,
                num_layers=8,
                direction=("bidirectional", *GNMT_FORWARD),
                wiring=("plain", "plain", *["residual"] * 6),
                dropout=0.2,
            ),
            vocab_size=32_000,
            output_size=2,
            pooling="attention",
        ),
        paper="Wu et al., 2016, https://arxiv.org/abs/1609.08144",
        deviations="the encoder alone, read by attention pooling",
    ),
    "dc-bi-lstm": NamedModel(
        summary="densely connected BiLSTM: 15 layers of 2 x 13 that see all earlier ones, one of 2 x 100",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm",
                hidden_size=(*[13] * 15, 100),
                num_layers=16,
                direction="bidirectional",
                wiring=(*["dense"] * 15, "plain"),
            ),
            vocab_size=20_000,
            embedding_size=300,
            output_size=2,
            pooling="mean",
        ),
        paper="Ding et al., 2018, https://arxiv.org/abs/1802.00889",
        deviations="embeddings are learned",
    ),
    "highway-bilstm": NamedModel(
        summary="4 BiLSTM layers of 2 x 256 joined by highway gates",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm", hidden_size=256, num_layers=4, direction="bidirectional", wiring="highway"
            ),
            vocab_size=20_000,
            embedding_size=300,
            output_size=2,
            pooling="max",
        ),
        paper="Srivastava et al., 2015, https://arxiv.org/abs/1505.00387",
        deviations="the paper's gates join feed-forward layers",
    ),
    "srl-alternating-highway": NamedModel(
        summary="semantic role labeller: 8 LSTM layers of 300 in alternating directions with highway gates",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm",
                hidden_size=300,
                num_layers=8,
                direction="alternating",
                wiring=HighwaySpec(carry_bias=0.0),
                dropout=0.1,
            ),
            vocab_size=20_000,
            embedding_size=100,
            output_size=106,
        ),
        paper="He et al., 2017, https://aclanthology.org/P17-1044",
        deviations="gates read x only, dropout is drawn anew each step, and no predicate is marked",
    ),
    "irnn-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: 100 rectified linear units that start as the identity",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell=ElmanSpec(activation="relu", recurrent_init="identity"), hidden_size=100),
            input_size=1,
            output_size=10,
            pooling="last",
        ),
        paper="Le et al., 2015, https://arxiv.org/abs/1504.00941",
        deviations="input weights start by Xavier, not near zero",
    ),
    "lstm-mnist": NamedModel(
        summary="pixel-by-pixel MNIST: one LSTM layer of 130",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=130), input_size=1, output_size=10, pooling="last"
        ),
        paper="Bai et al., 2018, https://arxiv.org/abs/1803.01271",
    ),
}

POOLING = {"sequence_classifier": "max", "sequence_regressor": "last", "language_model": "none"}
"""How the outputs of a stack that is named by the grammar are pooled, unless asked for otherwise."""


def list_models(pattern: str = "*") -> list[str]:
    """Names of the curated models that match a shell-style pattern."""
    return sorted(name for name in MODELS if fnmatchcase(name, pattern))


def list_cells(pattern: str = "*") -> list[str]:
    """Names of the registered cells that match a shell-style pattern."""
    return CELLS.names(pattern)


def list_wirings(pattern: str = "*") -> list[str]:
    """Names of the registered wirings that match a shell-style pattern."""
    return WIRINGS.names(pattern)


def list_switches(pattern: str = "*") -> list[str]:
    """Names of the registered switches that match a shell-style pattern."""
    return SWITCHES.names(pattern)


def create_model(name: str, **changes: Any) -> "Task":
    """A model by its name, as a LightningModule whose `.model` is a plain nn.Module.

    Args:
        name: A curated name (`list_models()`), or the name of a stack, such as "bi-lstm-4x256-residual".
        changes: Fields of StackSpec or ModelSpec to change, and `task`, `optimizer` or `schedule`. A stack's
            name needs `output_size`, and `input_size` or `vocab_size`.

    Raises:
        UnknownNameError: there is no such model.
        ValueError: a change that no part has, or a missing size.
    """
    entry = named_model(name, changes.pop("task", None))
    training = {key: changes.pop(key) for key in ("optimizer", "schedule") if key in changes}
    network = _changed(entry.network, changes)
    if not network.is_complete:
        raise ValueError(
            f"model {name!r} needs output_size, and input_size or vocab_size; got {network.sizes}"
        )
    task: Task = TASKS[entry.task](network, **training)
    return task


def named_model(name: str, task: str | None = None) -> NamedModel:
    """The catalogue's entry for a name; a stack's name gives a model with open sizes.

    Raises:
        UnknownNameError: there is no such model.
    """
    if name in MODELS:
        return MODELS[name] if task is None else replace(MODELS[name], task=task)
    if not is_stack_name(name):
        hint = nearest(name, MODELS) or ";"
        raise UnknownNameError(
            f"unknown model {name!r}{hint} Known: {', '.join(list_models())}, and names of stacks such as "
            f"bi-lstm-4x256-residual"
        )
    task = task or "sequence_classifier"
    pooling: Any = POOLING.get(task, "none")
    network = ModelSpec(encoder=parse_stack(name), pooling=pooling)
    return NamedModel(summary="a stack by its name", task=task, network=network, paper="")


def _changed(network: ModelSpec, changes: dict[str, Any]) -> ModelSpec:
    """The network with some of its own or its stack's fields changed."""
    stack_fields = [field.name for field in fields(StackSpec)]
    model_fields = [field.name for field in fields(ModelSpec) if field.name != "encoder"]
    for key in changes:
        if key not in (known := [*model_fields, *stack_fields, "task", "optimizer", "schedule"]):
            hint = nearest(key, known) or ";"
            raise ValueError(f"create_model has no option {key!r}{hint} expected one of {', '.join(known)}")
    encoder = replace(network.encoder, **{key: changes[key] for key in changes if key in stack_fields})
    others = {key: changes[key] for key in changes if key in model_fields}
    if "input_size" in others:
        others.setdefault("vocab_size", None)
    if "vocab_size" in others:
        others.setdefault("input_size", None)
        if network.output_size == network.vocab_size:  # a language model predicts its own vocabulary
            others.setdefault("output_size", others["vocab_size"])
    return replace(network, encoder=encoder, **others)
