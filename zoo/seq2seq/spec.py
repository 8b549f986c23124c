"""What a decoder is made of, in plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

from zoo.registry import Spec, check_positive
from zoo.stack import StackSpec

AttentionName = Literal["none", "additive", "dot", "general"]
BridgeName = Literal["learned", "zero", "copied"]


@final
@dataclass(frozen=True, kw_only=True)
class DecoderSpec(Spec):
    """A stack that writes the target, what it looks at, and where it starts."""

    stack: StackSpec
    """The recurrent stack; it reads forward only."""

    attention: AttentionName = "additive"
    """How steps of the source are weighed: "additive" (Bahdanau 2015), "dot" or "general" (Luong 2015), or
    "none", with which all that is known of the source is in the decoder's first state."""

    attention_size: int | None = None
    """Width of the hidden layer of additive attention; by default that of the decoder's last layer."""

    input_feeding: bool = False
    """Whether each step reads what attention has made of the step before (Luong 2015); the decoder then goes
    step by step in training, too."""

    bridge: BridgeName = "learned"
    """How the encoder's final state becomes the decoder's first: through a learned layer, not at all, or as
    it is, where the two are of one form."""

    embedding_size: int | None = None
    """Width of the embedding of targets; by default that of the decoder's first layer."""

    tie_weights: bool = False
    """Whether the head uses the embedding of targets as its weights."""

    begin: int = 2
    """The number of `<bos>`, which is read before the first target."""

    end: int = 3
    """The number of `<eos>`, with which a target ends."""

    def __post_init__(self) -> None:
        super().__post_init__()
        others = [name for name in self.stack.directions if name != "forward"]
        if others:
            raise ValueError(
                f"a decoder writes each token from those before it, and a {others[0]} layer would have read "
                f"what is yet to be written; got direction {self.stack.direction!r}, expected 'forward' (the "
                f"encoder may read both ways)"
            )
        if self.stack.params is not None:
            raise ValueError(f"params is {self.stack.params} for a decoder; expected its hidden_size")
        if self.attention_size is not None:
            check_positive("attention_size", self.attention_size)
            if self.attention != "additive":
                raise ValueError(
                    f"attention_size is {self.attention_size}, and attention {self.attention!r} has no "
                    f"hidden layer; expected attention 'additive'"
                )
        if self.input_feeding and self.attention == "none":
            raise ValueError(
                "input_feeding reads what attention has made, and attention is 'none'; expected "
                "'additive', 'dot' or 'general'"
            )
        switches = [switch for k in range(self.stack.num_layers) for switch in self.stack.switches_of(k)]
        masks = [switch.key for switch in switches if switch.holds_masks]
        if self.input_feeding and masks:
            raise ValueError(
                f"input_feeding runs the decoder step by step, and {masks[0]} would draw its masks anew at "
                f"each; expected input_feeding false, or another switch"
            )
        if self.stack.learn_initial_state and self.bridge == "copied":
            raise ValueError(
                "learn_initial_state learns the state that bridge 'copied' takes from the encoder; expected "
                "one of them"
            )
        if self.embedding_size is not None:
            check_positive("embedding_size", self.embedding_size)
        if self.begin == self.end or min(self.begin, self.end) < 0:
            raise ValueError(f"begin is {self.begin} and end is {self.end}; expected two numbers of tokens")

    @property
    def width(self) -> int:
        """Width of what attention makes of an output and its context: that of the last layer."""
        return self.stack.hidden_sizes[-1]

    @classmethod
    def of(cls, value: "DecoderSpec | Mapping[str, Any]") -> "DecoderSpec":
        """A spec as it is, or the one whose plain form this is."""
        if isinstance(value, DecoderSpec):
            return value
        return cls.from_plain({**value, "stack": StackSpec.of(value["stack"])})


@final
@dataclass(frozen=True, kw_only=True)
class SearchSpec(Spec):
    """How the most probable target is looked for."""

    beam: int = 1
    """Hypotheses that are kept at each step; 1 is greedy search."""

    length_penalty: float = 0.0
    """α of Wu et al., 2016: scores are log-probabilities over ((5 + length) / 6)^α, so that long targets are
    not at a disadvantage; 0 is none, 0.6 to 1 is usual."""

    max_length: int | None = None
    """Most tokens of a target; by default twice the steps of the longest source, and 10."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("beam", self.beam)
        if self.max_length is not None:
            check_positive("max_length", self.max_length)
        if self.length_penalty < 0:
            raise ValueError(f"length_penalty is {self.length_penalty}; expected 0 or more")
        if self.length_penalty and self.beam == 1:
            raise ValueError(
                f"length_penalty is {self.length_penalty} with beam 1, and it chooses among hypotheses of "
                f"different lengths; expected a beam of at least 2, or no penalty"
            )
