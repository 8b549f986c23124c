"""Text classification on Hugging Face data sets, from a folder or from the hub."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor
from torch.utils.data import Sampler

from zoo.data import DATA
from zoo.data.base import Record, check_counts
from zoo.data.batches.datasets import RaggedSequences, SequenceDataset
from zoo.data.batches.item_weights import EXPECTED, as_weight, training_weights
from zoo.data.batches.orders import Bucketed, InOrder
from zoo.data.batches.splits import Fold, Split, chance, check_fractions, stratified_split
from zoo.data.reading.faults import listed
from zoo.data.reading.split_files import SPLIT_NAMES
from zoo.data.text import TextData
from zoo.data.words.vocabulary import PADDING, UNKNOWN, Words
from zoo.registry import nearest

HELD_OUT: tuple[Split, ...] = ("val", "test")
Part = tuple[list[str], list[str], list[float]]
"""Texts, labels and, if there are any, weights."""


@final
@DATA.register("hub_text")
class HubText(TextData):
    """Texts with labels from a Hugging Face data set: a folder on disk, or a name on the hub.

    Needs the package datasets, which runs no code of a data set from version 4 on. A folder is one that
    `save_to_disk` has written, or one of CSV, JSON or Parquet files. Splits are taken by their names; what is
    not there is held out of training. The vocabulary is learned from the training texts only. Batches: `x`
    (B, T), words; `y` (B,), the class; `lengths` (B,) if they differ.
    Reference: Lhoest et al., 2021, https://arxiv.org/abs/2109.02846.

    Args:
        root: The folder, or the name on the hub.
        name: Configuration, where a data set has several.
        revision: Commit, branch or tag of a data set on the hub.
        text: Column of the text.
        label: Column of the label.
        lower: Whether to turn texts to lower case.
        min_count: Words that are less frequent in the training texts become `<unk>`.
        vocab_size: Most types of words, `<pad>` and `<unk>` included.
        max_length: Words of a text beyond this number are cut off.
        val_fraction: Share held out of training where there is no validation split, stratified by label.
        test_fraction: Share held out of training where there is no test split, stratified by label.
        batch_size: Texts of one batch.
        seed: Decides what is held out, and shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of a cross-validation in the texts of all splits, of which one is tested; of the others
            val_fraction is held out for validation, and test_fraction says nothing.
        fold: The fold that is tested, from 0.
        weight: Column of what a text counts in training, at least 0; by default all count alike. Nothing that
            is logged of validation and test data is weighed, and their files need no such column.
    """

    def __init__(
        self,
        root: str | Path,
        name: str | None = None,
        revision: str | None = None,
        text: str = "text",
        label: str = "label",
        lower: bool = False,
        min_count: int = 1,
        vocab_size: int | None = None,
        max_length: int | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        batch_size: int = 50,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
        weight: str | None = None,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        self.chance = chance(seed, folds, fold)
        check_counts(min_count=min_count, max_length=1 if max_length is None else max_length)
        check_fractions(val_fraction, test_fraction, by=self.chance)
        self.root, self.name, self.revision = str(root), name, revision
        self.columns, self.weight = (text, label), weight
        self.lower, self.min_count, self.vocab_size, self.max_length = (
            lower,
            min_count,
            vocab_size,
            max_length,
        )
        self.fractions: dict[Split, float] = {"val": val_fraction, "test": test_fraction}
        self.labels: list[str] = []
        self._parts: dict[Split, Part] = {}

    @property
    def sizes(self) -> dict[str, int]:
        return {"vocab_size": len(self.vocabulary), "num_classes": len(self.labels)}

    @property
    def legend(self) -> dict[str, Any]:
        return {"labels": self.labels}

    def examples(self, split: Split) -> tuple[list[str], list[str]]:
        """Texts and labels of a split, in their order.

        Raises:
            ValueError: there is no such data set, split or column, or a text or label is missing.
        """
        if not self._parts:
            self._parts = self._divided(self._loaded())
        return self._parts[split][:2]

    def learn(self) -> Words:
        texts, labels = self.examples("train")
        self.labels = sorted(set(labels))
        if len(self.labels) < 2:
            raise ValueError(f"{self.root}: every label is {labels[0]!r}, expected two different ones")
        text = "\n".join(map(self._cased, texts))
        return Words.learn(text, (PADDING, UNKNOWN), size=self.vocab_size, min_count=self.min_count)

    def load(self, split: Split) -> RaggedSequences:
        texts, labels = self.examples(split)
        items = [self._encoded(text) for text in texts]  # labels are learned with the vocabulary
        numbers = {label: k for k, label in enumerate(self.labels)}
        unknown = [k for k, label in enumerate(labels) if label not in numbers]
        if unknown:
            label = labels[unknown[0]]
            raise ValueError(
                f"{self.root}, {split}, row {unknown[0]}: label {label!r} does not occur in the training "
                f"data, in {len(unknown)} of {len(labels)} rows{nearest(label, numbers) or ';'} Known: "
                f"{listed(self.labels, 10)}"
            )
        classes = torch.tensor([numbers[label] for label in labels])
        weights = self._parts[split][2]
        if split != "train" or not weights:
            return RaggedSequences(items, classes)
        return RaggedSequences(items, classes, training_weights(weights, self.root))

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each text of the test set with the label that it has there."""
        texts, labels = self.examples("test")
        for number, (text, label, record) in enumerate(zip(texts, labels, records, strict=False)):
            yield {"row": number, **record, "given_label": label, "text": text}

    def given(self, items: Sequence[Any]) -> RaggedSequences:
        """Texts as the words of the vocabulary.

        Raises:
            ValueError: one is no text, or has no word.
        """
        for number, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                raise ValueError(f"item {number} is {item!r}; expected a text of at least one word")
        return RaggedSequences([self._encoded(item) for item in items])

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        assert isinstance(data, RaggedSequences)
        return Bucketed(data.lengths, self.whole_batch, self.seed) if split == "train" else InOrder(data)

    def state_dict(self) -> dict[str, Any]:
        """Vocabulary and labels as plain values, for the checkpoint."""
        state = super().state_dict()
        return {**state, "labels": list(self.labels)} if state else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a checkpoint's vocabulary and labels."""
        super().load_state_dict(state_dict)
        self.labels = list(state_dict["labels"])

    def _encoded(self, text: str) -> Tensor:
        return torch.tensor(self.vocabulary.encode(self._cased(text))[: self.max_length])

    def _cased(self, text: str) -> str:
        return text.lower() if self.lower else text

    def _loaded(self) -> dict[str, Any]:
        """The splits of the data set by their names.

        Raises:
            ValueError: there is no such data set, or the package is not installed.
        """
        try:
            import datasets  # an optional package, which takes seconds to import
        except ImportError:
            raise ValueError(
                "HubText needs the package datasets, which is not installed; pip install recurrent-zoo[hub]"
            ) from None
        try:
            if Path(self.root, "dataset_dict.json").is_file() or Path(self.root, "state.json").is_file():
                found = datasets.load_from_disk(self.root)
            else:
                found = datasets.load_dataset(self.root, self.name, revision=self.revision)
        except (OSError, ValueError) as error:  # of the hub as well
            raise ValueError(f"{self.root}: {str(error).splitlines()[0]}; expected a data set") from None
        return {"train": found} if isinstance(found, datasets.Dataset) else dict(found)

    def _divided(self, found: dict[str, Any]) -> dict[Split, Part]:
        """Texts, labels and weights of each split; what is not there is held out of training."""
        homes = {
            split: next((name for name in found if name in names), None)
            for split, names in SPLIT_NAMES.items()
        }
        train = homes["train"]
        if train is None:
            raise ValueError(f"{self.root} has no split for training; splits: {listed(list(found), 10)}")
        parts = {
            split: (*self._read(home, found[home]), self._weights(split, home, found[home]))
            for split, home in homes.items()
            if home is not None
        }
        if isinstance(self.chance, Fold):
            parts = {"train": _joined(list(parts.values()))}
        missing = [split for split in HELD_OUT if split not in parts]
        if missing:
            texts, labels, weights = parts["train"]
            names = sorted(set(labels))
            shares = [self.fractions[split] if split in missing else 0.0 for split in HELD_OUT]
            strata = torch.tensor([names.index(label) for label in labels])
            try:
                chosen = stratified_split(strata, shares[0], shares[1], self.chance, names)
            except ValueError as error:
                raise ValueError(f"{self.root}: {error}") from None
            for split in ("train", *missing):
                rows = chosen[split].tolist()
                own = [weights[k] for k in rows] if weights else []
                parts[split] = [texts[k] for k in rows], [labels[k] for k in rows], own
        return parts

    def _check_column(self, column: str, split: str, rows: Any) -> None:
        if column not in rows.column_names:
            raise ValueError(
                f"{self.root}, {split}: there is no column {column!r}"
                f"{nearest(column, rows.column_names) or ';'} columns: {listed(rows.column_names, 10)}"
            )

    def _weights(self, split: Split, home: str, rows: Any) -> list[float]:
        """The weights of a split that may be trained on; none where there are none.

        Raises:
            ValueError: the column is not there, or one is no weight; names the row.
        """
        if self.weight is None or (split != "train" and not isinstance(self.chance, Fold)):
            return []
        self._check_column(self.weight, home, rows)
        found = list(rows[self.weight])
        weights = [as_weight(value) for value in found]
        if None in weights:
            row = weights.index(None)
            raise ValueError(
                f"{self.root}, {home}, row {row}: the weight is {found[row]}, in {weights.count(None)} of "
                f"{len(found)} rows; {EXPECTED}"
            )
        return [weight for weight in weights if weight is not None]

    def _read(self, split: str, rows: Any) -> tuple[list[str], list[str]]:
        """Texts and labels of a split, labels by their names where the data set has names for them.

        Raises:
            ValueError: a column is not there, or a text or label is missing; names the row.
        """
        for column in self.columns:
            self._check_column(column, split, rows)
        text, label = (list(rows[column]) for column in self.columns)
        for row, pair in enumerate(zip(text, label, strict=True)):
            if pair[1] is None or not isinstance(pair[0], str) or not pair[0].strip():
                raise ValueError(
                    f"{self.root}, {split}, row {row}: {pair[0]!r} and {pair[1]!r} are no text and label"
                )
        names = rows.features[self.columns[1]]
        words = names.names if type(names).__name__ == "ClassLabel" else None
        unlabelled = next((row for row, each in enumerate(label) if words is not None and each < 0), None)
        if unlabelled is not None:
            raise ValueError(
                f"{self.root}, {split}, row {unlabelled}: the label is {label[unlabelled]}, which stands for "
                f"none; expected labels from 0"
            )
        return text, [str(each) if words is None else words[each] for each in label]


def _joined(parts: Sequence[Part]) -> Part:
    """The items of all parts as one."""
    texts = [text for part in parts for text in part[0]]
    labels = [label for part in parts for label in part[1]]
    return texts, labels, [weight for part in parts for weight in part[2]]
