"""The shape of a task that many papers share: MNIST, one pixel a step."""

from zoo.model import ModelSpec
from zoo.stack import StackSpec


def pixel_classifier(encoder: StackSpec) -> ModelSpec:
    """A network that reads one pixel a step, in whatever order, and tells the digit after the last."""
    return ModelSpec(encoder=encoder, input_size=1, output_size=10, pooling="last")
