"""Language models of simple recurrent units: Lei et al., 2018."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import SRUSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.switches import VariationalDropoutSpec

PAPER = "Lei et al., 2018, https://arxiv.org/abs/1709.02755"

MODELS = {
    "sru-ptb": NamedModel(
        summary="word language model of PTB: 5 SRU layers of 980, tied embedding",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=SRUSpec(),
                hidden_size=980,
                num_layers=5,
                switches=VariationalDropoutSpec(layers=(0, 1, 2, 3), recurrent=0.0, output=0.2),
            ),
            vocab_size=10_000,
            output_size=10_000,
            input_dropout=0.7,
            output_dropout=0.7,
            tie_weights=True,
        ),
        paper=PAPER,
        published=24_000_000,
        rounded_to=1_000_000,
        deviations="what the gates read of a layer's inputs is not dropped apart from its highway",
    ),
    "sru-enwik8": NamedModel(
        summary="character language model of enwik8: 8 SRU layers of 1312 whose gates see the state",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=SRUSpec(peephole=True),
                hidden_size=1312,
                num_layers=8,
                switches=VariationalDropoutSpec(layers=range(7), recurrent=0.0, output=0.2),
            ),
            vocab_size=205,
            output_size=205,
            embedding_size=205,
            input_dropout=0.2,
            output_dropout=0.2,
        ),
        paper=PAPER,
        published=37_000_000,
        rounded_to=1_000_000,
    ),
}
