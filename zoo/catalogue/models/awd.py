"""Language models with dropped weights: Merity et al., 2018.

The sizes are those of https://github.com/salesforce/awd-lstm-lm, in which QRNNs model words, too.
"""

from dataclasses import dataclass

from zoo.catalogue.entry import NamedModel
from zoo.cells import CellSpec, LSTMSpec, QRNNSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.switches import SwitchSpec, VariationalDropoutSpec, WeightDropSpec

WORDS = "Merity et al., 2018a, https://arxiv.org/abs/1708.02182"
CHARACTERS = "Merity et al., 2018b, https://arxiv.org/abs/1803.08240"
LSTM, WINDOW, ALONE = LSTMSpec(forget_bias=0.0), QRNNSpec(window=2), QRNNSpec(window=1)
THREE_LSTMS, FOUR_QRNNS = (LSTM,) * 3, (WINDOW, ALONE, ALONE, ALONE)
PENALTIES = {"activation_penalty": 2.0, "temporal_penalty": 1.0}
BEHIND_DROPOUT = "changes of the outputs are penalised behind their dropout, not before it"


@dataclass(frozen=True, kw_only=True)
class Dropouts:
    """Shares of what is dropped, with one mask a sequence; names are those of the authors' options."""

    dropouti: float
    """Of the outputs of the embedding."""

    dropouth: float
    """Of the outputs of all layers but the last."""

    dropout: float
    """Of the outputs of the last layer."""

    wdrop: float = 0.0
    """Of the recurrent weights."""

    dropoute: float = 0.0
    """Of the types of tokens."""

    def switches(self, layers: int) -> tuple[SwitchSpec, ...]:
        """What makes a stack of so many layers drop that."""
        dropped = (
            VariationalDropoutSpec(layers=0, input=self.dropouti, recurrent=0.0),
            VariationalDropoutSpec(layers=range(1, layers), input=self.dropouth, recurrent=0.0),
            VariationalDropoutSpec(layers=layers - 1, recurrent=0.0, output=self.dropout),
        )
        return (WeightDropSpec(rate=self.wdrop), *dropped) if self.wdrop else dropped


def _network(
    cells: tuple[CellSpec, ...], width: int, embedding: int, vocabulary: int, dropouts: Dropouts
) -> ModelSpec:
    """All layers as wide as one another but for the last, whose output meets the embedding again.

    Args:
        cells: That of each layer.
        width: Of all layers but the last.
        embedding: Width of the embedding, and of the last layer.
        vocabulary: Types of tokens.
        dropouts: What is dropped.
    """
    depth = len(cells)
    encoder = StackSpec(
        cell=cells,
        hidden_size=(*[width] * (depth - 1), embedding),
        num_layers=depth,
        switches=dropouts.switches(depth),
    )
    return ModelSpec(
        encoder=encoder,
        vocab_size=vocabulary,
        output_size=vocabulary,
        embedding_size=embedding,
        tie_weights=True,
        word_dropout=dropouts.dropoute,
    )


def _words(summary: str, network: ModelSpec, published: int, deviations: str = "") -> NamedModel:
    return NamedModel(
        summary=f"word language model of {summary}, tied embedding of 400",
        task="language_model",
        network=network,
        options=PENALTIES,
        paper=WORDS,
        published=published,
        rounded_to=1_000_000,
        deviations=f"{deviations}{BEHIND_DROPOUT}",
    )


def _characters(summary: str, network: ModelSpec, published: int, rounded_to: int) -> NamedModel:
    return NamedModel(
        summary=f"character language model of {summary}",
        task="language_model",
        network=network,
        paper=CHARACTERS,
        published=published,
        rounded_to=rounded_to,
    )


MODELS = {
    "awd-lstm-ptb": _words(
        "PTB: 3 LSTM layers of 1150",
        _network(
            THREE_LSTMS,
            1150,
            400,
            10_000,
            Dropouts(dropouti=0.4, dropouth=0.25, dropout=0.4, wdrop=0.5, dropoute=0.1),
        ),
        24_000_000,
    ),
    "awd-lstm-wikitext2": _words(
        "WikiText-2: 3 LSTM layers of 1150",
        _network(
            THREE_LSTMS,
            1150,
            400,
            33_278,
            Dropouts(dropouti=0.65, dropouth=0.2, dropout=0.4, wdrop=0.5, dropoute=0.1),
        ),
        33_000_000,
    ),
    "awd-qrnn-ptb": _words(
        "PTB: 4 QRNN layers of 1550",
        _network(
            FOUR_QRNNS, 1550, 400, 10_000, Dropouts(dropouti=0.4, dropouth=0.3, dropout=0.4, dropoute=0.1)
        ),
        24_000_000,
        "no weights are dropped; ",
    ),
    "awd-qrnn-wikitext2": _words(
        "WikiText-2: 4 QRNN layers of 1550",
        _network(
            FOUR_QRNNS, 1550, 400, 33_278, Dropouts(dropouti=0.4, dropouth=0.2, dropout=0.4, dropoute=0.1)
        ),
        33_000_000,
        "no weights are dropped; ",
    ),
    "awd-lstm-ptb-characters": _characters(
        "PTB: 3 LSTM layers of 1000, tied embedding of 200",
        _network(THREE_LSTMS, 1000, 200, 50, Dropouts(dropouti=0.1, dropouth=0.25, dropout=0.1, wdrop=0.5)),
        13_800_000,
        100_000,
    ),
    "awd-lstm-enwik8": _characters(
        "enwik8: 3 LSTM layers of 1840, tied embedding of 400",
        _network(THREE_LSTMS, 1840, 400, 205, Dropouts(dropouti=0.1, dropouth=0.1, dropout=0.4, wdrop=0.2)),
        47_000_000,
        1_000_000,
    ),
}
