"""Forecasts as distributions, step by step: Salinas et al., 2020."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "deepar-electricity": NamedModel(
        summary="hourly consumption of a day as Gaussians, each from the one before: 3 LSTM layers of 40",
        task="forecaster",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=40, num_layers=3),
            input_size=5,
            output_size=2,
        ),
        options={
            "forecast": {
                "head": "gaussian",
                "mode": "autoregressive",
                "residual": "none",
                "horizon": 24,
                "targets": 1,
                "known": 4,
            }
        },
        paper="Salinas et al., 2020, https://arxiv.org/abs/1704.04110",
        deviations="no embedding of the household; windows are shifted and scaled, not scaled alone",
    )
}
