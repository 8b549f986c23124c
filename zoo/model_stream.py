"""A model that reads a stream, one moment after the other."""

from typing import TYPE_CHECKING, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from zoo.stack import Stream

if TYPE_CHECKING:  # a model imports this module
    from zoo.model import Model, ModelState


@final
class ModelStream:
    """What `Model.step` gives moment after moment, faster, without gradients and without dropout.

    The recurrent weights are those of the moment in which it is made.

    Args:
        model: In evaluation.
        encoder: The stream of its encoder.
    """

    def __init__(self, model: "Model", encoder: Stream) -> None:
        self._model, self._encoder = model, encoder

    @property
    def state(self) -> "ModelState":
        """The encoder's state after the last moment; a copy."""
        return self._encoder.state

    @torch.no_grad()
    def __call__(
        self,
        x: Float[Tensor, "B I"] | Int[Tensor, " B"],
        deltas: Float[Tensor, " B"] | None = None,
        characters: Int[Tensor, "B C"] | None = None,
    ) -> Float[Tensor, "B O"]:
        """The predictions of the next moment.

        Raises:
            ValueError: x does not fit.
        """
        read = self._model.inputs(x, characters)
        predictions: Tensor = self._model.head(self._encoder(read, deltas))
        return predictions
