"""Acoustic models: Graves & Schmidhuber, 2005; Graves et al., 2006, 2013; Miao et al.; Zhang et al., 2016."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import PeepholeLSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec


def _network(layers: int, width: int, features: int, outputs: int) -> ModelSpec:
    encoder = StackSpec(
        cell=PeepholeLSTMSpec(), hidden_size=width, num_layers=layers, direction="bidirectional"
    )
    return ModelSpec(encoder=encoder, input_size=features, output_size=outputs)


def _graves_2013(layers: int, published: int | None = None) -> NamedModel:
    return NamedModel(
        summary=f"phonemes of TIMIT by CTC: {layers} BiLSTM layers of 2 x 250 with peepholes",
        task="ctc",
        network=_network(layers, 250, 123, 62),
        paper="Graves et al., 2013, https://arxiv.org/abs/1303.5778",
        published=published,
        rounded_to=100_000,
        deviations="no noise is added to the weights",
    )


MODELS = {
    "graves-blstm-frames": NamedModel(
        summary="the phoneme of each frame of TIMIT: a BiLSTM of 2 x 93 with peepholes",
        task="sequence_classifier",
        network=_network(1, 93, 26, 61),
        paper="Graves & Schmidhuber, 2005, https://doi.org/10.1016/j.neunet.2005.06.042",
    ),
    "graves-ctc-timit": NamedModel(
        summary="phonemes of TIMIT by CTC, the first: a BiLSTM of 2 x 100 with peepholes",
        task="ctc",
        network=_network(1, 100, 26, 62),
        paper="Graves et al., 2006, https://doi.org/10.1145/1143844.1143891",
        published=114_662,
        deviations="no noise is added to the inputs",
    ),
    "graves-ctc-3l-250h": _graves_2013(3, 3_800_000),
    "graves-ctc-5l-250h": _graves_2013(5),
    "eesen-wsj-phonemes": NamedModel(
        summary="phonemes of the Wall Street Journal by CTC: 4 BiLSTM layers of 2 x 320 with peepholes",
        task="ctc",
        network=_network(4, 320, 120, 72),
        paper="Miao et al., 2015, https://arxiv.org/abs/1507.08240",
        published=8_500_000,
        rounded_to=100_000,
    ),
    "highway-lstm-frames": NamedModel(
        summary="the sound of each frame of distant speech: 3 LSTM layers of 1024, cells joined by gates",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=1024, num_layers=3, wiring="cell_highway"),
            input_size=80,
            output_size=4_000,
        ),
        paper="Zhang et al., 2016, https://arxiv.org/abs/1510.08983",
        deviations="all sizes are ours; outputs are not projected",
    ),
}
