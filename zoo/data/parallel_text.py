"""Translation on the user's own files."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from zoo.data import DATA
from zoo.data.base import Record, SequenceData, check_counts
from zoo.data.batches.datasets import Batch, SequenceDataset
from zoo.data.batches.orders import Bucketed, ByLength, InOrder
from zoo.data.batches.pair_sequences import PairSequences
from zoo.data.batches.splits import Split, chance
from zoo.data.reading.files import tell
from zoo.data.reading.pair_files import Pair, PairFiles
from zoo.data.reading.split_files import SplitFiles
from zoo.data.words.framed import EOS, Framed, Side


@final
@DATA.register("parallel_text")
class ParallelText(SequenceData):
    """Texts and their translations, from tables of two columns or from two files line by line.

    Each side has a vocabulary of its own, learned from the training pairs only: `<pad>` is 0, `<unk>` 1,
    `<bos>` 2, `<eos>` 3. Pairs of similar length are batched together; to predict, they come in the order of
    the file.
    Batches: `x` (B, S), the source as it stands; `lengths` (B,) if they differ; `y` (B, U), the target and an
    `<eos>` behind it, -100 beyond. No `<bos>` is in them: it is what a decoder reads before the first target.

    Args:
        root: A folder with tables called like train.tsv, dev.tsv and test.tsv, or with two files for each,
            train.src and train.tgt; or one file, which is divided by chance among those of train, val and
            test that are not given.
        train: Training file, instead of the one in root; of two files, that of the sources.
        val: Validation file, instead of the one in root; with train and test but without val, a part of the
            training file is held out.
        test: Test file, instead of the one in root.
        predict: File to predict on, for which translations are not needed; the test set if not given.
        source: Ending of files that hold the sources only, such as de.
        target: Ending of the files beside them that hold the targets, such as en.
        header: Whether the first line of a table names the columns.
        encoding: Encoding of the files.
        empty: Whether to refuse or to skip pairs of which a side is empty.
        source_unit: words, characters or bpe.
        target_unit: words, characters or bpe.
        source_vocab_size: Most types of sources, the four of their own included; needed for bpe.
        target_vocab_size: Most types of targets, the four of their own included; needed for bpe.
        lower: Whether to turn both sides to lower case.
        min_count: Words that are less frequent on their side of the training pairs become `<unk>`.
        max_length: Training pairs with a side of more pieces than this are left out, which is said.
        val_fraction: Share of a divided file for validation; may be 0 with a validation file.
        test_fraction: Share of a divided file for testing; may be 0 with a test file.
        batch_size: Pairs of one batch.
        seed: Decides split and shuffles.
        num_workers: Processes that load batches; 0 loads in the training process.
        folds: Folds of a cross-validation, of which one is tested; of the others val_fraction is held out for
            validation, and test_fraction says nothing. Needs one file, given as root.
        fold: The fold that is tested, from 0.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        train: str | Path | None = None,
        val: str | Path | None = None,
        test: str | Path | None = None,
        predict: str | Path | None = None,
        source: str = "src",
        target: str = "tgt",
        header: bool = False,
        encoding: str = "utf-8",
        empty: str = "refuse",
        source_unit: str = "words",
        target_unit: str = "words",
        source_vocab_size: int | None = None,
        target_vocab_size: int | None = None,
        lower: bool = False,
        min_count: int = 1,
        max_length: int | None = None,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        batch_size: int = 64,
        seed: int = 0,
        num_workers: int = 0,
        folds: int | None = None,
        fold: int = 0,
    ) -> None:
        super().__init__(batch_size, seed, num_workers)
        self.chance = chance(seed, folds, fold)
        check_counts(min_count=min_count, max_length=1 if max_length is None else max_length)
        self.sides = {
            "source": Side("source", source_unit, source_vocab_size),
            "target": Side("target", target_unit, target_vocab_size),
        }
        self.format = PairFiles(source=source, target=target, header=header, encoding=encoding, empty=empty)
        files: dict[Split, str | Path | None] = {"train": train, "val": val, "test": test, "predict": predict}
        self.files = SplitFiles(root, files, val_fraction, test_fraction, self.format.is_alone, self.chance)
        self.lower, self.min_count, self.max_length = lower, min_count, max_length
        self._pairs: dict[Split, list[Pair]] = {}
        self._vocabularies: dict[str, Framed] = {}

    @property
    def source(self) -> Framed:
        """The vocabulary of the sources.

        Raises:
            FileNotFoundError: there is neither a checkpoint nor a training file.
        """
        return self._learned()["source"]

    @property
    def target(self) -> Framed:
        """The vocabulary of the targets."""
        return self._learned()["target"]

    @property
    def sizes(self) -> dict[str, int]:
        return {"vocab_size": len(self.source), "output_size": len(self.target)}

    @property
    def legend(self) -> dict[str, Any]:
        """`decode` makes a text of a target's numbers, `decode_source` of a source's."""
        return {"decode": self.target.decode, "decode_source": self.source.decode}

    def setup(self, stage: str | None = None) -> None:
        """Loads what `stage` needs, and the vocabularies; a checkpoint's will do to test or predict."""
        if stage not in (None, "fit"):
            try:
                self._learned()
            except FileNotFoundError:
                return  # Lightning restores checkpoints after setup; the loaders then read the data
        super().setup(stage)

    def pairs(self, split: Split) -> list[Pair]:
        """The pairs of a split, in the order of their file.

        Raises:
            FileNotFoundError: there is no file for the split.
            ValueError: the file is malformed; names the line.
        """
        if split not in self._pairs:
            found = self.files.find(split)
            pairs = self.format.read(found.path, paired=split != "predict")
            self._pairs |= found.divided(pairs, self.chance, [0] * len(pairs))
        return self._pairs[split]

    def load(self, split: Split) -> PairSequences:
        pairs = self.pairs(split)
        sources = [self._encoded(self.source, pair.source) for pair in pairs]
        if split == "predict":
            return PairSequences(sources)
        end = torch.tensor([EOS])
        targets = [torch.cat([self._encoded(self.target, str(pair.target)), end]) for pair in pairs]
        if split == "train" and self.max_length is not None:
            sources, targets = self._short(sources, targets, self.max_length)
        return PairSequences(sources, targets)

    def load_predict(self) -> Dataset[Batch]:
        return self.load("predict") if "predict" in self.files.given else self.dataset("test")

    def rows(self, records: Iterable[Record]) -> Iterator[Record]:
        """Each source with its line in the file, and the translation that the file gives it, if any."""
        split: Split = "predict" if "predict" in self.files.given else "test"
        for pair, record in zip(self.pairs(split), records, strict=False):
            reference = {} if pair.target is None else {"reference": pair.target}
            yield {"line": pair.line, **record, **reference, "source": pair.source}

    def given(self, items: Sequence[Any]) -> PairSequences:
        """Texts to translate, as numbers of the sources' vocabulary.

        Raises:
            ValueError: one is no text, or is empty.
        """
        for number, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                raise ValueError(f"item {number} is {item!r}; expected a text that is not empty")
        return PairSequences([self._encoded(self.source, item) for item in items])

    def order(self, split: Split, data: SequenceDataset) -> Sampler[int]:
        assert isinstance(data, PairSequences)
        if split == "train":
            return Bucketed(data.lengths, self.whole_batch, self.seed)
        return InOrder(data) if split == "predict" else ByLength(data.lengths)

    def state_dict(self) -> dict[str, Any]:
        """Both vocabularies as plain values, for the checkpoint."""
        return {side: vocabulary.state_dict() for side, vocabulary in self._vocabularies.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a checkpoint's vocabularies: the numbers that its model was trained with."""
        if state_dict == self.state_dict():
            return
        self._vocabularies = {side: Framed.restored(state) for side, state in state_dict.items()}
        self._datasets.clear()

    def _learned(self) -> dict[str, Framed]:
        if not self._vocabularies:
            pairs = self.pairs("train")
            lines = {
                "source": [self._cased(pair.source) for pair in pairs],
                "target": [self._cased(str(pair.target)) for pair in pairs],
            }
            self._vocabularies = {
                name: side.learn(lines[name], self.min_count) for name, side in self.sides.items()
            }
        return self._vocabularies

    def _cased(self, text: str) -> str:
        return text.lower() if self.lower else text

    def _encoded(self, vocabulary: Framed, text: str) -> Tensor:
        return torch.tensor(vocabulary.encode(self._cased(text)))

    def _short(
        self, sources: list[Tensor], targets: list[Tensor], most: int
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The training pairs with no side of more than `most` pieces."""
        both = zip(sources, targets, strict=True)
        kept = [(x, y) for x, y in both if len(x) <= most and len(y) - 1 <= most]
        if not kept:
            raise ValueError(
                f"max_length is {most}, and every training pair has a longer side; expected more"
            )
        if len(kept) < len(sources):
            left = len(sources) - len(kept)
            tell(f"leaving out {left} of {len(sources)} training pairs, longer than max_length {most}")
        return [x for x, _ in kept], [y for _, y in kept]
