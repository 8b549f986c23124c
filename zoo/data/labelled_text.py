"""Text classification on the user's own files."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from zoo.data import DATA
from zoo.data.base import Record, check_counts, check_option
from zoo.data.batches.datasets import Batch, RaggedSequences, SequenceDataset
from zoo.data.batches.item_weights import training_weights
from zoo.data.batches.orders import Bucketed, ByLength, InOrder
from zoo.data.batches.splits import Split, chance
from zoo.data.reading.labels import row_classes, sorted_labels
from zoo.data.reading.split_files import SplitFiles
from zoo.data.reading.tables import EMPTY, Example, TextTable
from zoo.data.text import TextData
from zoo.data.words.vocabulary import PADDING, UNKNOWN, Words
from zoo.data.words.word_vectors import start_of


@final
@DATA.register("labelled_text")
class LabelledText(TextData):
    """Texts with labels from CSV, TSV or Parquet files, or lines of a label and a text.

    Words, batched by length. The vocabulary is learned from the training texts only: `<pad>` is 0,
    `<unk>` is 1. Labels are numbered in sorted order. Batches: `x` (B, T), words; `y` (B,), the class;
    `lengths` (B,) if they differ. For predicting, texts come in the order of the file, and a file given
    as predict has no `y`. Blank lines are no rows.

    Args:
        root: A folder with files called like train.csv, dev.csv and test.csv, or one file, which is divided
            by chance among those of train, val and test that are not given.
        train: Training file, instead of the one in root.
        val: Validation file, instead of the one in root; with train and test but without val, a part of the
            training file is held out.
        test: Test file, instead of the one in root.
        predict: File to predict on, for which labels are not needed; the test set if not given.
        separator: Tab (no quoting), a space for lines of a label and a text, or another character, such as a
            comma (fields may be quoted); by default from the ending .csv or .tsv.
        header: Whether the first line names the columns; by default it does, unless the separator is a space.
        text: Column of the text, by name or number from 0; by default "text".
        label: Column of the label, by name or number from 0; by default "label".
        encoding: Encoding of the files.
        empty: Whether to refuse or to skip rows that lack a text or a label; a line says how many were
            skipped, and to predict on a file, `examples("predict")` has the lines of the others.
        lower: Whether to turn texts to lower case.
        min_count: Words that are less frequent in the training texts become `<unk>`.
        vocab_size: Most types of words, `<pad>` and `<unk>` included.
        max_length: Words of a text beyond this number are cut off.
        vectors: Pretrained vectors that the embedding of words starts from: GloVe, word2vec's text form or
            fastText's .vec, also ending in .gz. Read when training begins, and never again.
        val_fraction: Share of a divided file for validation, stratified by label; may be 0 with a
            validation file.
        test_fraction: Share of a divided file for testing, stratified by label; may be 0 with a test file.
        batch_size: Texts of one batch.
        seed: Decides split and shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of a cross-validation, of which one is tested; of the others val_fraction is held out for
            validation, and test_fraction says nothing. Needs one file, given as root.
        fold: The fold that is tested, from 0.
        weight: Column of what a text counts in training, at least 0; by default all count alike. Nothing that
            is logged of validation and test data is weighed, and their files need no such column.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        train: str | Path | None = None,
        val: str | Path | None = None,
        test: str | Path | None = None,
        predict: str | Path | None = None,
        separator: str | None = None,
        header: bool | None = None,
        text: int | str | None = None,
        label: int | str | None = None,
        encoding: str = "utf-8",
        empty: str = "refuse",
        lower: bool = False,
        min_count: int = 1,
        vocab_size: int | None = None,
        max_length: int | None = None,
        vectors: str | Path | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        batch_size: int = 50,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
        weight: int | str | None = None,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        self.chance = chance(seed, folds, fold)
        check_option("empty", empty, EMPTY)
        check_counts(min_count=min_count, max_length=1 if max_length is None else max_length)
        if vocab_size is not None and vocab_size < 3:
            raise ValueError(f"vocab_size must be at least 3 (<pad>, <unk> and a word), got {vocab_size}")
        files: dict[Split, str | Path | None] = {"train": train, "val": val, "test": test, "predict": predict}
        self.files = SplitFiles(root, files, val_fraction, test_fraction, by=self.chance)
        self.table = TextTable(
            separator=separator,
            header=header,
            text=text,
            label=label,
            encoding=encoding,
            empty=empty,
            weight=weight,
        )
        self.lower, self.max_length = lower, max_length
        self.min_count, self.vocab_size = min_count, vocab_size
        self.vectors = None if vectors is None else Path(vectors)
        self.labels: list[str] = []
        self._examples: dict[Split, list[Example]] = {}

    @property
    def tests_early(self) -> bool:
        return True

    @property
    def sizes(self) -> dict[str, int]:
        return {"vocab_size": len(self.vocabulary), "num_classes": len(self.labels)}

    def learn(self) -> Words:
        """Learns labels and vocabulary from the training texts.

        Raises:
            FileNotFoundError: there is no training file.
            ValueError: the file is malformed, or all labels are the same.
        """
        examples = self.examples("train")
        labels = sorted_labels({str(example.label) for example in examples})
        if len(labels) < 2:
            raise ValueError(f"{examples[0].path}: every label is {labels[0]!r}, expected two different ones")
        self.labels = labels
        text = "\n".join(self._cased(example.text) for example in examples)
        return Words.learn(text, (PADDING, UNKNOWN), size=self.vocab_size, min_count=self.min_count)

    def examples(self, split: Split) -> list[Example]:
        """The labelled texts of a split, in the order of their file.

        Raises:
            FileNotFoundError: there is no file for the split.
            ValueError: the file is malformed; names the line.
        """
        if split not in self._examples:
            source = self.files.find(split)
            examples = self.table.read(source.path, split != "predict", weighted="train" in source.splits)
            self._examples |= source.divided(examples, self.chance, [each.label for each in examples])
        return self._examples[split]

    def load(self, split: Split) -> RaggedSequences:
        examples = self.examples(split)
        items = [self._encoded(example.text) for example in examples]
        if split == "predict":
            return RaggedSequences(items)
        classes = torch.tensor(row_classes(examples, self.labels))
        weights = [each.weight for each in examples if each.weight is not None]
        if split != "train" or self.table.weight is None:
            return RaggedSequences(items, classes)
        return RaggedSequences(items, classes, training_weights(weights, str(examples[0].path)))

    def load_predict(self) -> Dataset[Batch]:
        return self.load("predict") if "predict" in self.files.given else self.dataset("test")

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": self.labels}

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each text with its line in the file, and the label that the file gives it, if any."""
        split: Split = "predict" if "predict" in self.files.given else "test"
        examples = self.examples(split)
        has_labels = any(example.label is not None for example in examples)
        for example, record in zip(examples, records, strict=False):
            given = {"given_label": example.label} if has_labels else {}
            yield {"line": example.line, **record, **given, "text": example.text}

    def given(self, items: Sequence[Any]) -> RaggedSequences:
        """Texts as the words of the vocabulary.

        Raises:
            ValueError: one is no text, or has no word.
        """
        for number, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                raise ValueError(f"item {number} is {item!r}; expected a text of at least one word")
        return RaggedSequences([self._encoded(item) for item in items])

    def embedding_start(self) -> tuple[Tensor, Tensor] | None:
        """Words by their numbers (N,), and their vectors (N, E) in the file `vectors`; None without one."""
        words = self.vocabulary
        assert isinstance(words, Words)
        return start_of(self.vectors, words)

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        assert isinstance(data, RaggedSequences)
        if split == "train":
            return Bucketed(data.lengths, self.whole_batch, self.seed)
        return InOrder(data) if split == "predict" else ByLength(data.lengths)

    def state_dict(self) -> dict[str, Any]:
        """Vocabulary and labels as plain values, for the checkpoint."""
        state = super().state_dict()
        return {**state, "labels": list(self.labels)} if state else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a checkpoint's vocabulary and labels."""
        super().load_state_dict(state_dict)
        self.labels = list(state_dict["labels"])

    def _cased(self, text: str) -> str:
        return text.lower() if self.lower else text

    def _encoded(self, text: str) -> Tensor:
        """The words of a text, as numbers."""
        return torch.tensor(self.vocabulary.encode(self._cased(text))[: self.max_length])
