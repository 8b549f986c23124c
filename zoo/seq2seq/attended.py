"""Where a decoder has looked while it wrote."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from zoo.seq2seq.encoder_decoder import EncoderDecoder


@torch.no_grad()
def attended(
    model: EncoderDecoder,
    x: Float[Tensor, "B S I"] | Int[Tensor, "B S"],
    tokens: Int[Tensor, "B U"],
    written: Int[Tensor, " B"],
    lengths: Int[Tensor, " B"] | None = None,
    deltas: Float[Tensor, "B S"] | None = None,
) -> Float[Tensor, "B U S"] | None:
    """The weights of the source's steps when each token was written; None without attention.

    A decoder that reads what it wrote goes through the states in which it wrote it: the weights are those of
    the search, whichever hypothesis of a beam the tokens are. Put the model into its eval mode before.

    Args:
        model: The encoder-decoder.
        x: Sources.
        tokens: What was written for each, with the end.
        written: How many tokens that are; the rows beyond are 0.
        lengths: Valid steps of each source; None where all are. The columns beyond are 0.
        deltas: Time between steps of the source, for cells that read it.
    """
    inputs = F.pad(tokens[:, :-1], (1, 0), value=model.decoder_spec.begin)
    weights: Tensor | None = model(x, inputs, lengths, deltas).weights
    if weights is None:
        return None
    steps = torch.arange(tokens.shape[1], device=tokens.device)
    return weights * (steps < written[:, None]).to(weights)[..., None]
