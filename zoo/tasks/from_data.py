"""What a task asks of the data that it is trained on, before the first step."""

from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from zoo.sequence_model import SequenceModel


@runtime_checkable
class Sized(Protocol):
    """A data module that knows the sizes its data asks of a model."""

    @property
    def sizes(self) -> dict[str, int]:
        """Some of input_size, vocab_size, num_classes, output_size and character_vocab_size."""


@runtime_checkable
class Named(Protocol):
    """A data module that knows words for the numbers of its batches."""

    @property
    def legend(self) -> dict[str, Any]:
        """Such as the names of `tags`, in the order of their numbers."""


@runtime_checkable
class StartsEmbedding(Protocol):
    """A data module that knows vectors of its words, such as a user's pretrained ones."""

    def embedding_start(self) -> tuple[Tensor, Tensor] | None:
        """Words by their numbers (N,), and the vectors (N, E) that they start from; None where none are."""


def start_embedding(model: SequenceModel, data: object) -> bool:
    """Gives the embedding the start that the data has for it; the other rows keep theirs.

    Returns:
        Whether the data had one.

    Raises:
        ValueError: the vectors are not as wide as the embedding, or nothing is embedded.
    """
    start = data.embedding_start() if isinstance(data, StartsEmbedding) else None
    if start is None:
        return False
    rows, vectors = start
    width = 0 if model.embedding is None else model.embedding.embedding_dim
    if model.embedding is None or width != vectors.shape[1]:
        raise ValueError(
            f"the vectors of words have {vectors.shape[1]} numbers each, and the embedding of the network "
            f"has {width}; expected embedding_size {vectors.shape[1]}"
        )
    weight = model.embedding.weight.data
    weight[rows.to(weight.device)] = vectors.to(weight)
    return True
