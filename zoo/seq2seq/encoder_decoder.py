"""An encoder reads the source, a decoder writes the target: a plain nn.Module, without Lightning."""

from collections.abc import Mapping
from typing import Any, NamedTuple, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from zoo.embedding import TokenEmbedding
from zoo.model import ModelSpec
from zoo.seq2seq.attention import Attention, Memory
from zoo.seq2seq.bridge import Bridge
from zoo.seq2seq.spec import DecoderSpec
from zoo.sequence_model import SequenceModel, draw_uniformly
from zoo.stack import Stack, StackState


class DecoderState(NamedTuple):
    """Where a decoder stands between two steps.

    Attributes:
        stack: The state of its stack.
        fed: What attention has made of the step before, (B, A), with input feeding; else None.
    """

    stack: StackState
    fed: Tensor | None


class Decoded(NamedTuple):
    """What a decoder says at each step.

    Attributes:
        logits: Scores of the next token.
        weights: Those of the steps of the source; None without attention.
    """

    logits: Float[Tensor, "B U V"]
    weights: Float[Tensor, "B U S"] | None


@final
class EncoderDecoder(SequenceModel):
    """A stack that reads a source, and one that writes a target token by token.

    Equations::

        m, f     = encoder(x)
        s_0      = bridge(f)
        q_t, s_t = decoder(E y_{t-1}, s_{t-1})           with input feeding of [E y_{t-1}; h̃_{t-1}]
        c_t      = Σ_s a_ts m_s                          see Attention
        h̃_t      = tanh(W_c [c_t; q_t])                  without attention h̃_t = q_t
        p(y_t | y_<t, x) = softmax(W_o h̃_t + b_o)

    y_0 is `<bos>`, and h̃_0 is 0. Without input feeding the decoder runs over the whole target at once.
    Reference: Sutskever et al., 2014, https://arxiv.org/abs/1409.3215; Luong et al., 2015,
    https://arxiv.org/abs/1508.04025, equations 5 to 7 and section 3.3. Deviation: W_c has a bias.

    Args:
        network: The encoder, the embedding or features that it reads, dropouts, and as output_size the types
            of targets.
        decoder: The decoder, with what it attends to and how it starts.

    Raises:
        ValueError: a size is missing, or the two do not fit together.
    """

    kept_as = "encoder_decoder"

    def __init__(self, network: ModelSpec, decoder: DecoderSpec) -> None:
        super().__init__()
        if not network.is_complete or network.output_size is None:
            raise ValueError(
                f"an encoder-decoder cannot be built from {network.sizes}; expected output_size, and "
                f"input_size or vocab_size"
            )
        types, width = network.output_size, network.embedding_size or network.encoder.hidden_sizes[0]
        _check_tokens(decoder, types)
        self.spec, self.decoder_spec = network, decoder
        self.embedding = None if network.vocab_size is None else TokenEmbedding(network.vocab_size, width)
        self.encoder = network.encoder.build(network.input_size or width)
        embedding_size = decoder.embedding_size or decoder.stack.hidden_sizes[0]
        self.target_embedding = TokenEmbedding(types, embedding_size)
        fed = decoder.width if decoder.input_feeding else 0
        self.decoder = decoder.stack.build(embedding_size + fed)
        self.bridge = Bridge(decoder.bridge, self.encoder, self.decoder)
        queries, values = self.decoder.output_size, self.encoder.output_size
        self.attention, self.combine, made = None, None, queries
        if decoder.attention != "none":
            size = decoder.attention_size or decoder.width
            self.attention = Attention(decoder.attention, queries, values, size)
            self.combine, made = nn.Linear(values + queries, decoder.width), decoder.width
        self.head = nn.Linear(made, types)
        self.input_dropout, self.output_dropout = (
            nn.Dropout(network.input_dropout),
            nn.Dropout(network.output_dropout),
        )
        if decoder.tie_weights:
            self._tie()
        if network.init_range is not None:
            draw_uniformly(self, network.init_range, self.stacks)

    def made_of(self) -> dict[str, Any]:
        return {"network": self.spec.plain(), "decoder": self.decoder_spec.plain()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "EncoderDecoder":
        return cls(ModelSpec.of(plain["network"]), DecoderSpec.of(plain["decoder"]))

    def forward(
        self,
        x: Float[Tensor, "B S I"] | Int[Tensor, "B S"],
        inputs: Int[Tensor, "B U"],
        lengths: Int[Tensor, " B"] | None = None,
        deltas: Float[Tensor, "B S"] | None = None,
        given: Bool[Tensor, "B U"] | None = None,
    ) -> Decoded:
        """Scores of each target from the targets before it.

        Args:
            x: The source: features or tokens.
            inputs: What the decoder reads: `<bos>`, then all targets but the last.
            lengths: Valid steps of each source; None where all are valid.
            deltas: Time between each step of the source and the one before it, for cells that read it.
            given: Where `inputs` are read; elsewhere the decoder reads a token drawn from its own
                distribution at the step before (scheduled sampling). None reads all inputs.
        """
        memory, state = self.encode(x, lengths, deltas)
        if given is not None or state.fed is not None:
            return self._in_steps(inputs, memory, state, given)
        queries, _ = self.decoder(self._embedded(inputs), state.stack)
        made, weights = self._attended(queries, memory)
        return Decoded(self.head(self.output_dropout(made)), weights)

    def encode(
        self,
        x: Float[Tensor, "B S I"] | Int[Tensor, "B S"],
        lengths: Int[Tensor, " B"] | None = None,
        deltas: Float[Tensor, "B S"] | None = None,
    ) -> tuple[Memory, DecoderState]:
        """What there is to attend to, and the state before the first target."""
        features = x if self.embedding is None else self.embedding(x)
        values, final = self.encoder(self.input_dropout(features), None, lengths, None, deltas)
        valid = None
        if lengths is not None:
            valid = torch.arange(values.shape[1], device=values.device) < lengths[:, None].to(values.device)
        memory = Memory(values, values, valid)
        if self.attention is not None:
            memory = self.attention.memory(values, valid)
        stack = self.bridge(final, self.decoder.initial_state(len(values)))
        width = self.decoder_spec.width
        fed = values.new_zeros(len(values), width) if self.decoder_spec.input_feeding else None
        return memory, DecoderState(stack, fed)

    def step(
        self, tokens: Int[Tensor, " B"], memory: Memory, state: DecoderState
    ) -> tuple[Float[Tensor, "B V"], Float[Tensor, "B S"] | None, DecoderState]:
        """One step: scores of the next token, weights of the source's steps, and the state after it.

        Args:
            tokens: The targets before this step; `<bos>` at the first.
            memory: Of `encode`, or as many rows of it as there are tokens.
            state: Of `encode`, or of the step before.
        """
        made, weights, state = self._advance(tokens, memory, state)
        return self.head(self.output_dropout(made)), weights, state

    @property
    def stacks(self) -> list[Stack]:
        """The encoder and the decoder."""
        return [self.encoder, self.decoder]

    def _advance(
        self, tokens: Tensor, memory: Memory, state: DecoderState
    ) -> tuple[Tensor, Tensor | None, DecoderState]:
        """h̃ of one step, the weights, and the state after it."""
        inputs = self._embedded(tokens)
        if state.fed is not None:
            inputs = torch.cat([inputs, state.fed], dim=-1)
        query, stack = self.decoder.step(inputs, state.stack)
        made, weights = self._attended(query[:, None], memory)
        made = made[:, 0]
        fed = None if state.fed is None else made
        return made, None if weights is None else weights[:, 0], DecoderState(stack, fed)

    def _in_steps(self, inputs: Tensor, memory: Memory, state: DecoderState, given: Tensor | None) -> Decoded:
        """Scores of each target, one step after the other."""
        logits, weights = list[Tensor](), list[Tensor]()
        for t, tokens in enumerate(inputs.unbind(1)):
            if given is not None and t:
                drawn = torch.multinomial(logits[-1].detach().softmax(-1), 1).squeeze(1)
                tokens = torch.where(given[:, t], tokens, drawn)
            scores, attended, state = self.step(tokens, memory, state)
            logits.append(scores)
            if attended is not None:
                weights.append(attended)
        return Decoded(torch.stack(logits, dim=1), torch.stack(weights, dim=1) if weights else None)

    def _embedded(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.input_dropout(self.target_embedding(tokens))
        return embedded

    def _attended(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """h̃ (B, U, A) of the decoder's outputs, and the weights (B, U, S)."""
        if self.attention is None or self.combine is None:
            return queries, None
        contexts, weights = self.attention(queries, memory)
        return torch.tanh(self.combine(torch.cat([contexts, queries], dim=-1))), weights

    def _tie(self) -> None:
        own, head = self.target_embedding.weight.shape, self.head.weight.shape
        if own != head:
            raise ValueError(
                f"tie_weights needs an embedding of targets of the head's shape {tuple(head)}, got "
                f"{tuple(own)}; expected the decoder's embedding_size to be {head[1]}"
            )
        self.head.weight = self.target_embedding.weight


def _check_tokens(decoder: DecoderSpec, types: int) -> None:
    if max(decoder.begin, decoder.end) >= types:
        raise ValueError(
            f"begin is {decoder.begin} and end is {decoder.end} with {types} types of targets; expected "
            f"numbers below that"
        )
