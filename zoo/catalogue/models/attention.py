"""Translation with attention: Bahdanau et al., 2015; Luong et al., 2015; Britz et al., 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import GRUSpec, LSTMSpec
from zoo.model import ModelSpec
from zoo.seq2seq import DecoderSpec
from zoo.stack import StackSpec

RESET_BEFORE = GRUSpec(reset="before")
LUONG = StackSpec(cell=LSTMSpec(forget_bias=0.0), hidden_size=1000, num_layers=4, dropout=0.2)

MODELS = {
    "rnnsearch": NamedModel(
        summary="English to French: BiGRU encoder of 2 x 1000, GRU decoder of 1000, additive attention",
        task="sequence_to_sequence",
        network=ModelSpec(
            encoder=StackSpec(cell=RESET_BEFORE, hidden_size=1000, direction="bidirectional"),
            vocab_size=30_000,
            output_size=30_000,
            embedding_size=620,
        ),
        decoder=DecoderSpec(
            stack=StackSpec(cell=RESET_BEFORE, hidden_size=1000),
            attention="additive",
            attention_size=1000,
            input_feeding=True,
            embedding_size=620,
        ),
        paper="Bahdanau et al., 2015, https://arxiv.org/abs/1409.0473",
        deviations="attention is queried by the state after a step, and h̃ is fed back; a tanh layer in place "
        "of maxout; the first state comes from both directions",
    ),
    "luong-attention": NamedModel(
        summary="English to German: encoder and decoder of 4 LSTM layers of 1000, global attention",
        task="sequence_to_sequence",
        network=ModelSpec(
            encoder=LUONG, vocab_size=50_000, output_size=50_000, output_dropout=0.2, init_range=0.1
        ),
        decoder=DecoderSpec(stack=LUONG, attention="dot", input_feeding=True, bridge="copied"),
        paper="Luong et al., 2015, https://arxiv.org/abs/1508.04025",
        deviations="reversing the source is left to the data",
    ),
    "britz-base": NamedModel(
        summary="English to German: BiGRU encoder of 2 x 512, decoder of 2 GRU layers of 512, attention",
        task="sequence_to_sequence",
        network=ModelSpec(
            encoder=StackSpec(cell=RESET_BEFORE, hidden_size=512, direction="bidirectional"),
            vocab_size=37_000,
            output_size=37_000,
            input_dropout=0.2,
        ),
        decoder=DecoderSpec(
            stack=StackSpec(cell=RESET_BEFORE, hidden_size=512, num_layers=2, dropout=0.2),
            attention="additive",
            attention_size=512,
            input_feeding=True,
            bridge="zero",
        ),
        paper="Britz et al., 2017, https://arxiv.org/abs/1703.03906",
        deviations="the decoder is fed what attention made, not the context of twice the width: 66.32M there",
    ),
}
