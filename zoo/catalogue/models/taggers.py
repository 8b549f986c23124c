"""Taggers of words: Huang et al., 2015; Lample et al., 2016; Plank et al., 2016."""

from zoo.catalogue.entry import NamedModel
from zoo.embedding import CharacterSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec


def _both_ways(width: int) -> StackSpec:
    return StackSpec(cell="lstm", hidden_size=width, direction="bidirectional")


MODELS = {
    "huang-bilstm-crf": NamedModel(
        summary="named entities: a BiLSTM of 2 x 300 over words, and a CRF",
        task="sequence_tagger",
        network=ModelSpec(
            encoder=_both_ways(300), vocab_size=20_000, embedding_size=50, output_size=9, pooling="none"
        ),
        options={"crf": True},
        paper="Huang et al., 2015, https://arxiv.org/abs/1508.01991",
        deviations="words alone, without spelling features; embeddings start at random",
    ),
    "lample-lstm-crf": NamedModel(
        summary="named entities: a BiLSTM of 2 x 100 over words and their characters, and a CRF",
        task="sequence_tagger",
        network=ModelSpec(
            encoder=_both_ways(100),
            vocab_size=20_000,
            embedding_size=100,
            characters=CharacterSpec(encoder=_both_ways(25), embedding_size=25),
            character_vocab_size=100,
            output_size=17,
            input_dropout=0.5,
        ),
        options={"crf": True},
        paper="Lample et al., 2016, https://arxiv.org/abs/1603.01360",
        deviations="no tanh layer before the CRF; embeddings start at random",
    ),
    "plank-bilstm-tagger": NamedModel(
        summary="parts of speech: a BiLSTM of 2 x 100 over words and their characters",
        task="sequence_tagger",
        network=ModelSpec(
            encoder=_both_ways(100),
            vocab_size=20_000,
            embedding_size=64,
            characters=CharacterSpec(encoder=_both_ways(100), embedding_size=100),
            character_vocab_size=100,
            output_size=17,
        ),
        paper="Plank et al., 2016, https://arxiv.org/abs/1604.05529",
        deviations="no noise is added to what the BiLSTM reads; no second loss for the frequency of words",
    ),
}
