"""Embedding or features -> stack -> pooling -> head: a plain nn.Module, without Lightning."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, final

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from zoo.embedding import CharacterSpec, character_encoder, joined, refuse_tokens, token_embedding
from zoo.head import Head, check_head, head_of
from zoo.model_stream import ModelStream
from zoo.pooling import COMPARED, check_pairs, compared, pooled
from zoo.registry import Spec, check_fraction, check_positive
from zoo.sequence_model import SequenceModel, draw_uniformly
from zoo.stack import Stack, StackSpec, StackState, check_ends, check_stack

PoolingName = Literal["none", "last", "mean", "max", "attention"]


@final
@dataclass(frozen=True, kw_only=True)
class ModelSpec(Spec):
    """A stack with what stands before and after it."""

    encoder: StackSpec
    """The recurrent stack."""

    input_size: int | None = None
    """Width of the features of each step. Sizes that are not given come from the data."""

    vocab_size: int | None = None
    """Number of token types, for inputs that are tokens."""

    output_size: int | None = None
    """Width of the head: classes, targets, or the vocabulary."""

    embedding_size: int | None = None
    """Width of the token embedding; by default that of the first layer's state."""

    characters: CharacterSpec | None = None
    """How the characters of each word are read, beside its embedding; None reads words only."""

    character_vocab_size: int | None = None
    """Number of character types, where characters are read."""

    pooling: PoolingName = "none"
    """How the outputs of all steps become one vector: the output after the last step read (for the
    backward half of the last layer that is the first step), the mean, the element-wise maximum, an
    attention-weighted mean; "none" keeps one prediction per step."""

    pairs: bool = False
    """Whether two sequences are read and compared: the head sees both vectors, their distance and product."""

    input_dropout: float = 0.0
    """Share of the encoder's inputs set to zero in training."""

    word_dropout: float = 0.0
    """Share of the token types left out in training: zero wherever they stand in a batch."""

    output_dropout: float = 0.0
    """Share of the head's inputs set to zero in training."""

    tie_weights: bool = False
    """Whether the head uses the embedding matrix as its weights."""

    head_bias: bool = True
    """Whether the head has biases."""

    adaptive_cutoffs: tuple[int, ...] = ()
    """The first type of each cluster of an adaptive softmax; its types are to be numbered by frequency."""

    logit_cap: float | None = None
    """What the head's outputs z come close to at most, either way: c tanh(z / c); None leaves them alone."""

    init_range: float | None = None
    """Draws all weights and biases uniformly from -init_range to init_range (but for gains, decays and the
    like, whose start is part of what they are, and learned initial states); None keeps each part's start."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.input_size is not None and self.vocab_size is not None:
            raise ValueError(
                f"input_size is {self.input_size} and vocab_size is {self.vocab_size}; expected features or "
                f"tokens, not both"
            )
        for name, value in self.sizes.items():
            if value is not None:
                check_positive(name, value)
        check_stack(self.encoder, self.input_size or 1)
        check_fraction("word_dropout", self.word_dropout)
        if self.embedding_size is not None:
            check_positive("embedding_size", self.embedding_size)
        if self.input_size is not None:
            has_characters = self.characters is not None
            refuse_tokens(self.input_size, self.word_dropout, self.embedding_size, has_characters)
        if self.encoder.params is not None and self.vocab_size is not None and self.embedding_size is None:
            raise ValueError(
                f"params is {self.encoder.params}, which sets the embedding's width; expected embedding_size"
            )
        check_ends(self.encoder, "pooling 'last'" if self.pooling == "last" else "")
        check_head(self.logit_cap, self.adaptive_cutoffs, self.tie_weights)
        check_pairs(self.pairs, self.pooling, self.tie_weights, self.characters is not None)
        check_fraction("input_dropout", self.input_dropout)
        check_fraction("output_dropout", self.output_dropout)
        if self.init_range is not None and not 0 < self.init_range < float("inf"):
            raise ValueError(f"init_range is {self.init_range!r}; expected a positive number")

    @property
    def sizes(self) -> dict[str, int | None]:
        """The widths that the data decides."""
        last = [] if self.characters is None else ["character_vocab_size"]
        return {name: vars(self)[name] for name in ("input_size", "vocab_size", "output_size", *last)}

    @property
    def is_complete(self) -> bool:
        """Whether all sizes are known, so that it can be built."""
        reads = self.characters is None or self.character_vocab_size is not None
        return reads and self.output_size is not None and (self.input_size or self.vocab_size) is not None

    def resolved(self, sizes: Mapping[str, int]) -> "ModelSpec":
        """This spec with the missing sizes taken from the data.

        Raises:
            ValueError: a size is given and the data has another.
        """
        for name, given in self.sizes.items():
            if given is not None and sizes.get(name, given) != given:
                raise ValueError(f"{name} is {given}, but the data has {sizes[name]}; expected them to agree")
        known = {name: size for name, size in self.sizes.items() if size is not None}
        changes: dict[str, Any] = dict(sizes) | known
        return replace(self, **changes)

    @classmethod
    def of(cls, value: "ModelSpec | Mapping[str, Any]") -> "ModelSpec":
        """A spec as it is, or the one whose plain form this is."""
        if isinstance(value, ModelSpec):
            return value
        characters, cutoffs = value.get("characters"), tuple(value.get("adaptive_cutoffs", ()))
        parts = {"encoder": StackSpec.of(value["encoder"]), "adaptive_cutoffs": cutoffs}
        own = {} if characters is None else {"characters": CharacterSpec.of(characters)}
        return cls.from_plain({**value, **parts, **own})

    def build(self) -> "Model":
        """The model.

        Raises:
            ValueError: a size is missing.
        """
        if not self.is_complete:
            raise ValueError(
                f"the model cannot be built from {self.sizes}; expected output_size, and input_size or "
                f"vocab_size{'' if self.characters is None else ', and data that has characters'}"
            )
        return Model(self)


ModelState: TypeAlias = StackState


@final
class Model(SequenceModel):
    """A sequence model: one prediction per sequence, or per step.

    Args:
        spec: What it is made of.

    Raises:
        ValueError: weights are to be tied and the widths differ.
    """

    kept_as = "model"

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        assert spec.output_size is not None
        embedding_size = spec.embedding_size or spec.encoder.hidden_sizes[0]
        self.embedding = token_embedding(spec.vocab_size, embedding_size, spec.word_dropout)
        self.characters = character_encoder(spec.characters, spec.character_vocab_size)
        width = spec.input_size or embedding_size
        width += 0 if self.characters is None else self.characters.output_size
        encoder, output_size = spec.encoder.sized(width), spec.output_size
        self.spec = spec = replace(spec, encoder=encoder)
        self.encoder = spec.encoder.build(width)
        self.attention = nn.Linear(self.encoder.output_size, 1) if spec.pooling == "attention" else None
        read = self.encoder.output_size * (COMPARED if spec.pairs else 1)
        self.head = head_of(read, output_size, spec.head_bias, spec.logit_cap, spec.adaptive_cutoffs)
        self.input_dropout = nn.Dropout(spec.input_dropout)
        self.output_dropout = nn.Dropout(spec.output_dropout)
        if spec.tie_weights and isinstance(self.head, Head):
            self.head.tie(self.embedding)
        if spec.init_range is not None:
            draw_uniformly(self, spec.init_range, self.stacks)

    def forward(
        self,
        x: Float[Tensor, "B T I"] | Int[Tensor, "B T"],
        lengths: Int[Tensor, " B"] | None = None,
        state: ModelState | None = None,
        resets: Bool[Tensor, "B T"] | None = None,
        deltas: Float[Tensor, "B T"] | None = None,
        characters: Int[Tensor, "B T C"] | None = None,
    ) -> tuple[Float[Tensor, "B O"] | Float[Tensor, "B T O"], ModelState]:
        """Predictions and the encoder's final state.

        Args:
            x: Features or tokens.
            lengths: Valid steps of each sequence; None where all are valid.
            state: The encoder's state before the first step.
            resets: True where the state starts anew before a step.
            deltas: Time between each step and the one before it, for cells that read it; None is 1.
            characters: Of each word, padded with 0, where the network reads them.

        Returns:
            (B, O) where outputs are pooled, (B, T, O) with pooling "none"; and the state.
        """
        if self.spec.pairs:
            raise ValueError("the network compares two sequences and got one; expected `compare`")
        outputs, state = self.encoder(self.inputs(x, characters), state, lengths, resets, deltas)
        return self.head(self.output_dropout(self._pool(outputs, lengths))), state

    def read(self, x: Int[Tensor, "B T"], state: ModelState | None = None) -> tuple[Tensor, ModelState]:
        """What the head reads at each step of tokens that are all valid, (B, T, H), and the final state."""
        outputs, state = self.encoder(self.inputs(x, None), state)
        return self.output_dropout(outputs), state

    def compare(
        self,
        first: Float[Tensor, "B T I"] | Int[Tensor, "B T"],
        second: Float[Tensor, "B S I"] | Int[Tensor, "B S"],
        lengths: Int[Tensor, " B"] | None = None,
        second_lengths: Int[Tensor, " B"] | None = None,
    ) -> Float[Tensor, "B O"]:
        """Predictions for two sequences, from [u; v; |u - v|; u * v] of their pooled vectors u and v.

        Raises:
            ValueError: the network is not one with `pairs`.
        """
        if not self.spec.pairs:
            raise ValueError("the network reads one sequence and got two; expected pairs: true")
        u, v = (
            self._pool(self.encoder(self.inputs(x, None), lengths=count)[0], count)
            for x, count in ((first, lengths), (second, second_lengths))
        )
        scores: Tensor = self.head(self.output_dropout(compared(u, v)))
        return scores

    def step(
        self,
        x: Float[Tensor, "B I"] | Int[Tensor, " B"],
        state: ModelState,
        deltas: Float[Tensor, " B"] | None = None,
        characters: Int[Tensor, "B C"] | None = None,
    ) -> tuple[Float[Tensor, "B O"], ModelState]:
        """One moment of a stream: the prediction at this step and the state after it.

        Raises:
            ValueError: predictions are pooled over time, or a layer reads backwards.
        """
        self._check_stepwise()
        output, state = self.encoder.step(self.inputs(x, characters), state, deltas)
        return self.head(self.output_dropout(output)), state

    def stream(self, batch_size: int = 1, state: ModelState | None = None) -> ModelStream:
        """What reads moments one after the other, as `step` does, but faster and without gradients.

        Raises:
            ValueError: as `step` and `Stack.stream` do.
        """
        self._check_stepwise()
        return ModelStream(self, self.encoder.stream(batch_size, state))

    def _check_stepwise(self) -> None:
        if self.spec.pooling not in ("none", "last"):
            raise ValueError(f"pooling {self.spec.pooling!r} needs all steps; expected 'none' or 'last'")

    def initial_state(self, batch_size: int) -> ModelState:
        """The encoder's state before the first step."""
        return self.encoder.initial_state(batch_size)

    def made_of(self) -> dict[str, Any]:
        return self.spec.plain()

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Model":
        return cls(ModelSpec.of(plain))

    @property
    def stacks(self) -> list[Stack]:
        """The recurrent stacks in it: the encoder, and the one that reads characters, if any."""
        return [self.encoder, *([] if self.characters is None else [self.characters.encoder])]

    def inputs(self, x: Tensor, characters: Tensor | None = None) -> Float[Tensor, "... I"]:
        """What the encoder reads for features or tokens, and the characters of these."""
        embedded = x if self.embedding is None else self.embedding(x)
        features = joined(embedded, characters, self.characters)
        return features if self.spec.input_dropout == 0 else self.input_dropout(features)

    def _pool(self, outputs: Float[Tensor, "B T H"], lengths: Int[Tensor, " B"] | None) -> Tensor:
        return pooled(self.spec.pooling, outputs, lengths, self.encoder, self.attention)
