"""Do networks know what verbs agree with: Linzen et al., 2016; Gulordava et al., 2018."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "linzen-number-prediction": NamedModel(
        summary="number of the verb from the words before it: one LSTM layer of 50",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=50),
            vocab_size=10_000,
            embedding_size=50,
            output_size=2,
            pooling="last",
        ),
        paper="Linzen et al., 2016, https://arxiv.org/abs/1611.01368",
        deviations="two logits in place of one; the size of the vocabulary leaves out the tags of rare words",
    ),
    "gulordava-lstm": NamedModel(
        summary="word language model of Wikipedia: 2 LSTM layers of 650",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=650, num_layers=2, dropout=0.2),
            vocab_size=50_001,
            output_size=50_001,
            input_dropout=0.2,
            output_dropout=0.2,
        ),
        paper="Gulordava et al., 2018, https://arxiv.org/abs/1803.11138",
    ),
}
