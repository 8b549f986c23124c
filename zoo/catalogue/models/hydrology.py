"""Discharge of rivers from the weather of the months before: Kratzert et al., 2018 and 2019."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import EALSTMSpec, LSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "kratzert-rainfall-runoff": NamedModel(
        summary="discharge of a catchment from 5 meteorological series: 2 LSTM layers of 20",
        task="sequence_regressor",
        network=ModelSpec(
            encoder=StackSpec(cell=LSTMSpec(), hidden_size=20, num_layers=2, dropout=0.1),
            input_size=5,
            output_size=1,
            pooling="last",
        ),
        paper="Kratzert et al., 2018, https://doi.org/10.5194/hess-22-6005-2018",
    ),
    "ea-lstm-camels": NamedModel(
        summary="discharge of 531 catchments: an LSTM of 256 with its input gate set by 27 static attributes",
        task="sequence_regressor",
        network=ModelSpec(
            encoder=StackSpec(cell=EALSTMSpec(static=27, forget_bias=5.0), hidden_size=256),
            input_size=32,
            output_size=1,
            pooling="last",
            output_dropout=0.4,
        ),
        paper="Kratzert et al., 2019, https://doi.org/10.5194/hess-23-5089-2019",
    ),
}
