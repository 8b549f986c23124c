"""Networks that read the time between steps: Lechner & Hasani, 2020."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import ODELSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "ode-lstm-person-activity": NamedModel(
        summary="what a person does, from the places of four tags at irregular times: an ODE-LSTM of 64",
        task="sequence_classifier",
        network=ModelSpec(encoder=StackSpec(cell=ODELSTMSpec(), hidden_size=64), input_size=7, output_size=7),
        paper="Lechner & Hasani, 2020, https://arxiv.org/abs/2006.04418",
        deviations="the flow between steps is followed by Euler's method in three steps",
    )
}
