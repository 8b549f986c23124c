"""Language models that are deep from step to step: Zilly et al., 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import RHNSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.switches import VariationalDropoutSpec

PAPER = "Zilly et al., 2017, https://arxiv.org/abs/1607.03474"
WHOLE_WORDS = "no whole {} are dropped"


def _words(depth: int, width: int, published: int, tied: bool) -> NamedModel:
    return NamedModel(
        summary=f"word language model of PTB: a recurrent highway of {width} units, depth {depth}"
        + (", tied embedding" if tied else ""),
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=RHNSpec(depth=depth),
                hidden_size=width,
                switches=VariationalDropoutSpec(input=0.75, recurrent=0.25, output=0.75),
            ),
            vocab_size=10_000,
            output_size=10_000,
            tie_weights=tied,
            init_range=0.04,
        ),
        paper=PAPER,
        published=published,
        rounded_to=1_000_000,
        deviations=WHOLE_WORDS.format("words"),
    )


def _characters(corpus: str, vocabulary: int, published: int) -> NamedModel:
    return NamedModel(
        summary=f"character language model of {corpus}: a recurrent highway of 1500 units, depth 10",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=RHNSpec(depth=10, transform_bias=-4.0),
                hidden_size=1500,
                switches=VariationalDropoutSpec(input=0.4, recurrent=0.1, output=0.4),
            ),
            vocab_size=vocabulary,
            output_size=vocabulary,
            embedding_size=vocabulary,
            init_range=0.04,
        ),
        paper=PAPER,
        published=published,
        rounded_to=1_000_000,
        deviations=f"characters are embedded in {vocabulary} numbers, not one-hot; "
        + WHOLE_WORDS.format("characters"),
    )


MODELS = {
    "rhn-ptb": _words(10, 830, 23_000_000, tied=True),
    "rhn-ptb-untied": _words(8, 890, 32_000_000, tied=False),
    "rhn-enwik8": _characters("enwik8", 205, 46_000_000),
    "rhn-text8": _characters("text8", 27, 45_000_000),
}
