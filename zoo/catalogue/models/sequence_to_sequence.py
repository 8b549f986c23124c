"""Translation with one vector between encoder and decoder: Cho et al. and Sutskever et al., 2014."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import GRUSpec, LSTMSpec
from zoo.model import ModelSpec
from zoo.seq2seq import DecoderSpec
from zoo.stack import StackSpec

GRU = StackSpec(cell=GRUSpec(reset="before"), hidden_size=1000)
LSTM = StackSpec(cell=LSTMSpec(forget_bias=0.0), hidden_size=1000, num_layers=4)

MODELS = {
    "cho-encoder-decoder": NamedModel(
        summary="phrases, English to French: encoder and decoder of one GRU layer of 1000",
        task="sequence_to_sequence",
        network=ModelSpec(encoder=GRU, vocab_size=15_000, output_size=15_000, embedding_size=100),
        decoder=DecoderSpec(stack=GRU, attention="none", embedding_size=100),
        paper="Cho et al., 2014, https://arxiv.org/abs/1406.1078",
        deviations="the decoder sees the summary in its first state alone; no maxout before the softmax",
    ),
    "sutskever-seq2seq": NamedModel(
        summary="English to French: encoder and decoder of 4 LSTM layers of 1000, no attention",
        task="sequence_to_sequence",
        network=ModelSpec(encoder=LSTM, vocab_size=160_000, output_size=80_000, init_range=0.08),
        decoder=DecoderSpec(stack=LSTM, attention="none", bridge="copied"),
        paper="Sutskever et al., 2014, https://arxiv.org/abs/1409.3215",
        published=384_000_000,
        rounded_to=1_000_000,
        deviations="reversing the source is left to the data",
    ),
}
