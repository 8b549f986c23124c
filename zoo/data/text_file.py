"""Language modelling on the user's own text."""

from pathlib import Path
from typing import final

from torch.utils.data import Dataset

from zoo.data import DATA
from zoo.data.base import check_option
from zoo.data.batches.datasets import Batch
from zoo.data.batches.splits import Split
from zoo.data.reading.files import read_text
from zoo.data.reading.split_files import SplitFiles
from zoo.data.streams import StreamData
from zoo.data.words.vocabulary import END_OF_LINE, UNKNOWN, Characters, Vocabulary, Words

UNITS = ("characters", "words", "bpe")


@final
@DATA.register("text_file")
class TextFile(StreamData):
    """Text files for language modelling: characters, words, or byte pairs trained on them.

    Words are divided by white space, and each line ends in `<eos>`: the Penn Treebank in its usual form has
    10,000 types. The vocabulary is learned from the training text only; all else is unknown to it.
    Batches: `x`, `y` (B, T), tokens and those after them; `starts` (B,), whether a stream begins here.

    Args:
        root: A folder with files called like train.txt, valid.txt, test.txt, or one file, which is cut up for
            those of train, val and test that are not given.
        train: Training text, instead of the one in root.
        val: Validation text, instead of the one in root; with train and test but without val, the end of
            the training text is held out.
        test: Test text, instead of the one in root.
        predict: Text to predict on; the test text if not given.
        unit: characters, words or bpe.
        vocab_size: Most types of words, or types of byte pairs (needed for bpe, at least 256).
        lower: Whether to turn the text to lower case.
        encoding: Encoding of the files.
        val_fraction: Share of a file that is cut up for validation, after the training text; may be 0 with
            a validation text.
        test_fraction: Share of a file that is cut up for testing, at its end; may be 0 with a test text.
        batch_size: Parallel streams for training and validation.
        steps: Tokens of one chunk, through which gradients flow.
        test_batch_size: Parallel streams for testing; 1 reads the text as it stands, as Zaremba et al. do.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        train: str | Path | None = None,
        val: str | Path | None = None,
        test: str | Path | None = None,
        predict: str | Path | None = None,
        unit: str = "characters",
        vocab_size: int | None = None,
        lower: bool = False,
        encoding: str = "utf-8",
        val_fraction: float = 0.05,
        test_fraction: float = 0.05,
        batch_size: int = 20,
        steps: int = 35,
        test_batch_size: int = 1,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps, test_batch_size, num_workers)
        check_option("unit", unit, UNITS)
        check_vocab_size(unit, vocab_size)
        files: dict[Split, str | Path | None] = {"train": train, "val": val, "test": test, "predict": predict}
        self.files = SplitFiles(root, files, val_fraction, test_fraction)
        self.unit = unit
        self.vocab_size = vocab_size
        self.lower = lower
        self.encoding = encoding

    def text(self, split: Split) -> str:
        """The text of a split.

        Raises:
            FileNotFoundError: there is no file for it.
            ValueError: the file is empty or in another encoding.
        """
        source = self.files.find(split)
        text = self._cased(read_text(source.path, self.encoding))
        return source.named(split_by_position(text, *source.cut))[split]

    def prompt(self, text: str) -> list[int]:
        return super().prompt(self._cased(text))

    def learn(self) -> Vocabulary:
        text = self.text("train")
        if self.unit == "characters":
            return Characters.learn(text)
        if self.unit == "words":
            return Words.learn(text, (UNKNOWN, END_OF_LINE), size=self.vocab_size)
        from zoo.data.words.byte_pairs import BytePairs  # a compiled library that only byte pairs need

        assert self.vocab_size is not None
        return BytePairs.learn(text, self.vocab_size)

    def load_predict(self) -> Dataset[Batch]:
        return self.load("predict") if "predict" in self.files.given else self.dataset("test")

    def _cased(self, text: str) -> str:
        return text.lower() if self.lower else text


def check_vocab_size(unit: str, vocab_size: int | None) -> None:
    """Refuses a vocabulary size that the unit cannot have.

    Raises:
        ValueError: says what the unit needs.
    """
    if unit == "characters" and vocab_size is not None:
        raise ValueError(f"vocab_size {vocab_size} has no effect on characters; leave it out or use words")
    if unit == "words" and vocab_size is not None and vocab_size < 3:
        raise ValueError(f"vocab_size must be at least 3 (<unk>, <eos> and a word), got {vocab_size}")
    if unit == "bpe" and (vocab_size is None or vocab_size < 256):
        raise ValueError(f"unit bpe needs a vocab_size of at least 256, for example 4096, got {vocab_size}")


def split_by_position(text: str, val: float, test: float) -> dict[Split, str]:
    """Cuts a text in three: training text, validation text, test text, in this order.

    Args:
        text: The whole text.
        val: Share for validation; 0 is none.
        test: Share for testing; 0 is none.

    Returns:
        The texts; together they are the whole. The cuts are at the end of a line or word if one is near.
    """
    first = _cut(text, round(len(text) * (1 - val - test)))
    second = max(first, _cut(text, round(len(text) * (1 - test))))
    return {"train": text[:first], "val": text[first:second], "test": text[second:]}


def _cut(text: str, position: int) -> int:
    """The first line end after `position`, or else the first word's end, within a hundredth of the text."""
    for mark in "\n ":
        end = text.find(mark, position, position + len(text) // 100)
        if end >= 0:
            return end + 1
    return position
