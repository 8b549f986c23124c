"""A language model with one matrix for words in and words out: Press & Wolf, 2017."""

from dataclasses import replace

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.models.zaremba import MODELS as UNTIED

LARGE = UNTIED["zaremba-large"]

MODELS = {
    "tied-lstm-large": NamedModel(
        summary="word language model, large: 2 layers of 1500, dropout between them, tied embedding",
        task="language_model",
        network=replace(LARGE.network, tie_weights=True),
        paper="Press & Wolf, 2017, https://arxiv.org/abs/1608.05859",
        published=51_000_000,
        rounded_to=1_000_000,
    )
}
