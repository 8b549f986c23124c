"""Language models with dropped weights: Merity et al., 2018.

The sizes are those of https://github.com/salesforce/awd-lstm-lm, in which QRNNs model words, too.
"""

from zoo.catalogue.entry import NamedModel
from zoo.cells import CellSpec, LSTMSpec, QRNNSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

WORDS = "Merity et al., 2018a, https://arxiv.org/abs/1708.02182"
CHARACTERS = "Merity et al., 2018b, https://arxiv.org/abs/1803.08240"
LSTM, WINDOW, ALONE = LSTMSpec(forget_bias=0.0), QRNNSpec(window=2), QRNNSpec(window=1)
DEVIATIONS = (
    "dropout is drawn anew each step, neither weights nor whole words are dropped, outputs are not penalised"
)


def _network(
    cells: tuple[CellSpec, ...], width: int, embedding: int, vocabulary: int, dropouts: tuple[float, ...]
) -> ModelSpec:
    """All layers as wide as one another but for the last, whose output meets the embedding again.

    Args:
        cells: That of each layer.
        width: Of all layers but the last.
        embedding: Width of the embedding, and of the last layer.
        vocabulary: Types of tokens.
        dropouts: Of the embedding's outputs, between layers, and before the head.
    """
    before, between, after = dropouts
    return ModelSpec(
        encoder=StackSpec(
            cell=cells,
            hidden_size=(*[width] * (len(cells) - 1), embedding),
            num_layers=len(cells),
            dropout=between,
        ),
        vocab_size=vocabulary,
        output_size=vocabulary,
        embedding_size=embedding,
        input_dropout=before,
        output_dropout=after,
        tie_weights=True,
    )


def _model(summary: str, network: ModelSpec, paper: str, published: int, rounded_to: int) -> NamedModel:
    return NamedModel(
        summary=summary,
        task="language_model",
        network=network,
        paper=paper,
        published=published,
        rounded_to=rounded_to,
        deviations=DEVIATIONS,
    )


MODELS = {
    "awd-lstm-ptb": _model(
        "word language model of PTB: 3 LSTM layers of 1150, tied embedding of 400",
        _network((LSTM,) * 3, 1150, 400, 10_000, (0.4, 0.25, 0.4)),
        WORDS,
        24_000_000,
        1_000_000,
    ),
    "awd-lstm-wikitext2": _model(
        "word language model of WikiText-2: 3 LSTM layers of 1150, tied embedding of 400",
        _network((LSTM,) * 3, 1150, 400, 33_278, (0.65, 0.2, 0.4)),
        WORDS,
        33_000_000,
        1_000_000,
    ),
    "awd-lstm-ptb-characters": _model(
        "character language model of PTB: 3 LSTM layers of 1000, tied embedding of 200",
        _network((LSTM,) * 3, 1000, 200, 50, (0.1, 0.25, 0.1)),
        CHARACTERS,
        13_800_000,
        100_000,
    ),
    "awd-lstm-enwik8": _model(
        "character language model of enwik8: 3 LSTM layers of 1840, tied embedding of 400",
        _network((LSTM,) * 3, 1840, 400, 205, (0.1, 0.1, 0.4)),
        CHARACTERS,
        47_000_000,
        1_000_000,
    ),
    "awd-qrnn-ptb": _model(
        "word language model of PTB: 4 QRNN layers of 1550, tied embedding of 400",
        _network((WINDOW, ALONE, ALONE, ALONE), 1550, 400, 10_000, (0.4, 0.3, 0.4)),
        CHARACTERS,
        24_000_000,
        1_000_000,
    ),
    "awd-qrnn-wikitext2": _model(
        "word language model of WikiText-2: 4 QRNN layers of 1550, tied embedding of 400",
        _network((WINDOW, ALONE, ALONE, ALONE), 1550, 400, 33_278, (0.4, 0.2, 0.4)),
        CHARACTERS,
        33_000_000,
        1_000_000,
    ),
}
