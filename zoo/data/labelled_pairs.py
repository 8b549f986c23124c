"""Pairs of texts with a label: does the second follow from the first, do both say the same?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from zoo.data import DATA
from zoo.data.base import Record, check_counts
from zoo.data.batches.datasets import Batch, RaggedSequences, SequenceDataset
from zoo.data.batches.item_weights import training_weights
from zoo.data.batches.orders import Bucketed, ByLength, InOrder
from zoo.data.batches.splits import Split, chance
from zoo.data.reading.labels import row_classes, sorted_labels
from zoo.data.reading.split_files import SplitFiles
from zoo.data.reading.tables import TextTable
from zoo.data.text import TextData
from zoo.data.words.vocabulary import Words
from zoo.data.words.word_forms import WordForms
from zoo.data.words.word_vectors import start_of


class Pair(NamedTuple):
    """Two texts and where they begin."""

    path: Path
    line: int
    first: str
    second: str
    label: str | None
    weight: float | None = None


@final
class PairSequences(SequenceDataset):
    """Pairs of sequences, each padded to the longest of a batch.

    Args:
        first: One sequence of each pair.
        second: The other.
        targets: The class of each pair (N,); None when there is nothing to predict.
        weights: What each pair counts in training (N,); None where all count alike.
    """

    def __init__(
        self,
        first: Sequence[Tensor],
        second: Sequence[Tensor],
        targets: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> None:
        self.first, self.second = RaggedSequences(first, targets, weights), RaggedSequences(second)
        self.lengths = self.first.lengths + self.second.lengths

    def __len__(self) -> int:
        return len(self.first)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """A batch of `x` and `second`, of `y` if there are targets, and of lengths where they differ."""
        other = self.second.__getitems__(indices)
        names = {"x": "second", "lengths": "second_lengths"}
        return self.first.__getitems__(indices) | {names[name]: value for name, value in other.items()}


@final
@DATA.register("labelled_pairs")
class LabelledPairs(TextData):
    """Pairs of texts with labels from CSV or TSV files with a header; words, batched by length of both.

    The vocabulary is learned from the training texts only, both of each pair: `<pad>` is 0, `<unk>` is 1.
    Labels are numbered in sorted order. Batches: `x` (B, T) and `second` (B, S), words; `y` (B,), the class;
    `lengths` and `second_lengths` (B,) if they differ. For predicting, pairs come in the order of the file,
    and a file given as predict has no `y`.

    Args:
        root: A folder with files called like train.tsv, dev.tsv and test.tsv, or one file, which is divided
            by chance among those of train, val and test that are not given.
        train: Training file, instead of the one in root.
        val: Validation file, instead of the one in root; with train and test but without val, a part of the
            training file is held out.
        test: Test file, instead of the one in root.
        predict: File to predict on, for which labels are not needed; the test set if not given.
        separator: Comma (fields may be quoted) or tab (no quoting); by default from the ending.
        first: Column of one text, by name or number from 0.
        second: Column of the other text.
        label: Column of the label.
        encoding: Encoding of the files.
        lower: Whether to turn texts to lower case.
        min_count: Words that are less frequent in the training texts become `<unk>`.
        vocab_size: Most words, `<pad>` and `<unk>` included; None keeps all.
        max_length: Most words of a text; None keeps all.
        vectors: Pretrained vectors that the embedding of words starts from: GloVe, word2vec's text form or
            fastText's .vec, also ending in .gz. Read when training begins, and never again.
        val_fraction: Share of a divided file for validation, stratified by label.
        test_fraction: Share of a divided file for testing, stratified by label.
        batch_size: Pairs of one batch.
        seed: Decides split and shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of a cross-validation, of which one is tested; of the others val_fraction is held out for
            validation, and test_fraction says nothing. Needs one file, given as root.
        fold: The fold that is tested, from 0.
        weight: Column of what a pair counts in training, at least 0; by default all count alike. Nothing that
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
        first: int | str = "first",
        second: int | str = "second",
        label: int | str = "label",
        encoding: str = "utf-8",
        lower: bool = False,
        min_count: int = 1,
        vocab_size: int | None = None,
        max_length: int | None = None,
        vectors: str | Path | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        batch_size: int = 64,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
        weight: int | str | None = None,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        self.chance = chance(seed, folds, fold)
        check_counts(max_length=1 if max_length is None else max_length)
        if first == second:
            raise ValueError(f"first and second are both column {first!r}; expected two different ones")
        files: dict[Split, str | Path | None] = {"train": train, "val": val, "test": test, "predict": predict}
        self.files = SplitFiles(root, files, val_fraction, test_fraction, by=self.chance)
        table = TextTable(
            separator=separator,
            header=True,
            text=first,
            label=label,
            encoding=encoding,
            empty="refuse",
            weight=weight,
        )
        self.tables = [table, replace(table, text=second)]
        self.forms = WordForms(lower=lower, digits="keep", min_count=min_count, vocab_size=vocab_size)
        self.max_length = max_length
        self.vectors = None if vectors is None else Path(vectors)
        self.labels: list[str] = []
        self._pairs: dict[Split, list[Pair]] = {}

    @property
    def tests_early(self) -> bool:
        return True

    @property
    def sizes(self) -> dict[str, int]:
        return {"vocab_size": len(self._words()), "num_classes": len(self.labels)}

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": self.labels}

    def learn(self) -> Words:
        """Learns labels and vocabulary from the training texts.

        Raises:
            FileNotFoundError: there is no training file.
            ValueError: the file is malformed, or all labels are the same.
        """
        pairs = self.pairs("train")
        self.labels = sorted_labels({str(pair.label) for pair in pairs})
        if len(self.labels) < 2:
            raise ValueError(
                f"{pairs[0].path}: every label is {self.labels[0]!r}, expected two different ones"
            )
        return self.forms.learn(word for pair in pairs for word in f"{pair.first} {pair.second}".split())

    def pairs(self, split: Split) -> list[Pair]:
        """The pairs of a split, in the order of their file.

        Raises:
            FileNotFoundError: there is no file for the split.
            ValueError: the file is malformed; names the line.
        """
        if split not in self._pairs:
            source = self.files.find(split)
            asked = split != "predict", "train" in source.splits
            texts, others = (table.read(source.path, *asked) for table in self.tables)
            found = [
                Pair(one.path, one.line, one.text, other.text, one.label, one.weight)
                for one, other in zip(texts, others, strict=True)
            ]
            self._pairs |= source.divided(found, self.chance, [pair.label for pair in found])
        return self._pairs[split]

    def load(self, split: Split) -> PairSequences:
        self._words()
        pairs = self.pairs(split)
        classes = None if split == "predict" else torch.tensor(row_classes(pairs, self.labels))
        weights = None
        if split == "train" and self.tables[0].weight is not None:
            own = [pair.weight for pair in pairs if pair.weight is not None]
            weights = training_weights(own, str(pairs[0].path))
        return self._sequences([(pair.first, pair.second) for pair in pairs], classes, weights)

    def load_predict(self) -> Dataset[Batch]:
        return self.load("predict") if "predict" in self.files.given else self.dataset("test")

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each pair with its line in the file, and the label that the file gives it, if any."""
        split: Split = "predict" if "predict" in self.files.given else "test"
        for pair, record in zip(self.pairs(split), records, strict=False):
            given = {} if pair.label is None else {"given_label": pair.label}
            yield {"line": pair.line, **record, **given, "first": pair.first, "second": pair.second}

    def given(self, items: Sequence[Any]) -> PairSequences:
        """Pairs of texts as the words of the vocabulary.

        Raises:
            ValueError: one is no pair of texts, or a text has no word.
        """
        for number, item in enumerate(items):
            is_pair = isinstance(item, list | tuple) and len(item) == 2
            if not is_pair or not all(isinstance(text, str) and text.strip() for text in item):
                raise ValueError(f"item {number} is {item!r}; expected two texts of at least one word")
        return self._sequences(items)

    def embedding_start(self) -> tuple[Tensor, Tensor] | None:
        """Words by their numbers (N,), and their vectors (N, E) in the file `vectors`; None without one."""
        return start_of(self.vectors, self._words())

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        assert isinstance(data, PairSequences)
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

    def _words(self) -> Words:
        """The vocabulary, before which no label is known."""
        words = self.vocabulary
        assert isinstance(words, Words)
        return words

    def _sequences(
        self, pairs: Sequence[Sequence[str]], classes: Tensor | None = None, weights: Tensor | None = None
    ) -> PairSequences:
        first, second = ([self._encoded(pair[k]) for pair in pairs] for k in (0, 1))
        return PairSequences(first, second, classes, weights)

    def _encoded(self, text: str) -> Tensor:
        return torch.tensor(self._words().numbers(map(self.forms.of, text.split()))[: self.max_length])
