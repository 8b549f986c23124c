"""Characters that scale the recurrent matrix: Sutskever et al., 2011; Radford et al., 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import ElmanSpec, MultiplicativeLSTMSpec, MultiplicativeSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "mrnn-wikipedia": NamedModel(
        summary="character language model: 1500 tanh units with a factored, input-dependent recurrent matrix",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell=MultiplicativeSpec(cell=ElmanSpec()), hidden_size=1500),
            vocab_size=86,
            output_size=86,
            embedding_size=86,
        ),
        paper="Sutskever et al., 2011, https://icml.cc/2011/papers/524_icmlpaper.pdf",
        published=4_900_000,
        rounded_to=100_000,
        deviations="characters are embedded in 86 numbers, not one-hot",
    ),
    "mlstm-reviews": NamedModel(
        summary="byte language model of reviews: one multiplicative LSTM layer of 4096",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell=MultiplicativeLSTMSpec(), hidden_size=4096),
            vocab_size=256,
            output_size=256,
            embedding_size=64,
        ),
        paper="Radford et al., 2017, https://arxiv.org/abs/1704.01444",
        deviations="weights are not normalised",
    ),
}
