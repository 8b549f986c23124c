"""Byte-pair encoding, trained on the user's own text."""

from collections.abc import Iterable
from typing import Any, final

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from zoo.data.words.vocabulary import Vocabulary

BYTES = 256  # every byte is a type of its own, so that no text is unknown


@final
class BytePairs(Vocabulary):
    """Frequent sequences of bytes; any text has numbers, and decoding gives back the text.

    Reference: Sennrich et al., 2016, https://arxiv.org/abs/1508.07909; of bytes, not characters, as in GPT-2.

    Args:
        tokenizer: A trained tokenizer in the JSON form of the `tokenizers` library.
    """

    def __init__(self, tokenizer: str) -> None:
        self._serialised = tokenizer
        self._tokenizer = Tokenizer.from_str(tokenizer)

    @classmethod
    def learn(cls, text: str, size: int) -> "BytePairs":
        """Merges pairs until there are `size` types, or no pair occurs twice."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            min_frequency=2,
            show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        )
        tokenizer.train_from_iterator(_lines(text), trainer)
        return cls(tokenizer.to_str())

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        encodings = self._tokenizer.encode_batch(_lines(text))
        return [number for encoding in encodings for number in encoding.ids]

    def decode(self, numbers: Iterable[int]) -> str:
        return str(self._tokenizer.decode(list(numbers)))

    def state_dict(self) -> dict[str, Any]:
        return {"unit": "bpe", "tokenizer": self._serialised}


def _lines(text: str) -> list[str]:
    """Lines with their ends: many short texts are encoded in parallel, and no merge crosses a line."""
    return [line for line in text.splitlines(keepends=True) if line]
