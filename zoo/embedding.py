"""How tokens become vectors: a table with a row for each word, and a reading of its characters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.registry import Spec, check_positive
from zoo.stack import StackSpec, backward_columns, check_ends, check_stack, check_weights, final_outputs

EMBEDDING_STD = 0.05
"""Standard deviation of an embedding's start; torch's 1 drowns what training adds to it."""


@final
@dataclass(frozen=True, kw_only=True)
class CharacterSpec(Spec):
    """A stack over the characters of each word, whose final outputs stand beside the word's embedding."""

    encoder: StackSpec
    """The recurrent stack; bidirectional, it sees beginnings and endings of words."""

    embedding_size: int = 32
    """Width of the embedding of a character."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("embedding_size", self.embedding_size)
        check_stack(self.encoder, self.embedding_size)
        check_ends(self.encoder, "an encoder of characters")

    @classmethod
    def of(cls, value: "CharacterSpec | Mapping[str, Any]") -> "CharacterSpec":
        """A spec as it is, or the one whose plain form this is."""
        if isinstance(value, CharacterSpec):
            return value
        return cls.from_plain({**value, "encoder": StackSpec.of(value["encoder"])})


@final
class CharacterEncoder(nn.Module):
    """Vectors of words from their characters, also of words that training has never seen.

    Each direction's output at its own end of the word, as in Ling et al., 2015,
    https://arxiv.org/abs/1508.02096, where they are mixed by a matrix, and Lample et al., 2016,
    https://arxiv.org/abs/1603.01360, where they are joined, as here. Equal words of a batch are read once;
    dropout between layers, if any, is then the same for all of them.

    Args:
        spec: What it is made of.
        types: Number of character types; 0 is padding.

    Attributes:
        output_size: O, the width of a word's vector.
    """

    def __init__(self, spec: CharacterSpec, types: int) -> None:
        super().__init__()
        self.embedding = TokenEmbedding(types, spec.embedding_size)
        self.encoder = spec.encoder.build(spec.embedding_size)
        self.output_size = self.encoder.output_size

    def forward(self, characters: Int[Tensor, "*B C"]) -> Float[Tensor, "*B O"]:
        """The vectors of words; 0 for a word without characters."""
        words, places = torch.unique(characters.flatten(0, -2), dim=0, return_inverse=True)
        count = (words != 0).sum(1)
        outputs, _ = self.encoder(self.embedding(words), lengths=count)
        final = final_outputs(outputs, count, backward_columns(self.encoder))
        return final[places].view(*characters.shape[:-1], self.output_size)


@final
class TokenEmbedding(nn.Embedding):
    """A table of vectors with a small start, some of which are 0 in training, wherever their tokens stand.

    Reference: Gal & Ghahramani, 2016, https://arxiv.org/abs/1512.05287, section 4.2; one mask for each call.

    Args:
        types: V, how many vectors there are.
        width: Of each.
        dropout: The share of the types that are 0; the others are divided by 1 - dropout.

    Raises:
        ValueError: it is too large for any machine.
    """

    def __init__(self, types: int, width: int, dropout: float = 0.0) -> None:
        check_weights(types * width, f"vocab_size {types} and embedding_size {width}")
        super().__init__(types, width)
        self.weight.data.mul_(EMBEDDING_STD)
        self.dropout = dropout

    def reset_parameters(self) -> None:
        if not self.weight.is_meta:  # there, shapes are all there is, and torch would import its compiler
            super().reset_parameters()

    def forward(self, input: Int[Tensor, "..."]) -> Float[Tensor, "... E"]:
        """The vectors of these tokens."""
        if not (self.training and self.dropout):
            return super().forward(input)
        kept = F.dropout(self.weight.new_ones(self.num_embeddings, 1), self.dropout)
        return F.embedding(input, self.weight * kept)


def token_embedding(types: int | None, width: int, dropout: float) -> TokenEmbedding | None:
    """What embeds so many types, or None where there are none."""
    return TokenEmbedding(types, width, dropout) if types else None


def character_encoder(spec: CharacterSpec | None, types: int | None) -> CharacterEncoder | None:
    """What reads characters, where a network has such a thing and the data has characters."""
    return None if spec is None or types is None else CharacterEncoder(spec, types)


def joined(words: Tensor, characters: Tensor | None, encoder: CharacterEncoder | None) -> Tensor:
    """Embeddings of words with what their characters say beside them.

    Raises:
        ValueError: characters are read and were not given.
    """
    if encoder is None:
        return words
    if characters is None:
        raise ValueError(
            "the network reads the characters of words, and none were given; expected characters (B, T, C)"
        )
    return torch.cat([words, encoder(characters)], dim=-1)


def refuse_tokens(
    input_size: int, word_dropout: float, embedding_size: int | None, has_characters: bool
) -> None:
    """Refuses, beside features of this width, what only tokens have.

    Raises:
        ValueError: something of it is asked for.
    """
    if word_dropout:
        raise ValueError(f"word_dropout is {word_dropout} with features; expected tokens, or 0")
    if embedding_size is not None:
        raise ValueError(
            f"embedding_size is {embedding_size} with input_size {input_size}, and only tokens are embedded; "
            f"expected vocab_size"
        )
    if has_characters:
        raise ValueError(
            f"characters are read with input_size {input_size}, and only words have characters; expected "
            f"vocab_size"
        )
