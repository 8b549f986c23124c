"""Which file a split is read from, and with which splits it shares that file."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar, final

import torch

from zoo.data.batches.splits import Chance, Fold, Split, check_fractions, stratified_split
from zoo.data.reading.files import tell

SPLIT_NAMES: dict[Split, set[str]] = {
    "train": {"train", "training"},
    "val": {"val", "valid", "validation", "dev"},
    "test": {"test"},
}
HELD_OUT: tuple[Split, ...] = ("train", "val")
Part = TypeVar("Part")


def splits_of(path: Path) -> list[Split]:
    """The splits that a file is called after: `ptb.train.txt` after train."""
    words = set(re.split("[^a-z]+", path.name.lower()))
    return [split for split, names in SPLIT_NAMES.items() if words & names]


class SplitSource(NamedTuple):
    """The file that a split is read from.

    Attributes:
        path: The file.
        splits: The splits that it is divided among, in the order train, val, test.
        cut: The shares to be cut off for validation and for testing; the rest is the first split's.
    """

    path: Path
    splits: tuple[Split, ...]
    cut: tuple[float, float] = (0.0, 0.0)

    def named(self, parts: dict[Split, Part]) -> dict[Split, Part]:
        """The parts of the file by the splits that get them; what is left for training is the first's."""
        first, *others = self.splits
        return {first: parts["train"], **{split: parts[split] for split in others}}

    def check(self, by: Chance) -> None:
        """Refuses folds of a file that is trained on and not tested, or tested and not trained on.

        Raises:
            ValueError: it is such a file.
        """
        if isinstance(by, Fold) and ("train" in self.splits) != ("test" in self.splits):
            raise ValueError(
                f"{self.path} is for {' and '.join(self.splits)} alone, and of folds each is trained on and "
                f"tested in its turn; expected all items in one file, given as root, and no other for train "
                f"and test"
            )

    def divided(self, items: Sequence[Part], by: Chance, labels: Sequence[object]) -> dict[Split, list[Part]]:
        """The items of the file by the splits that get them, with nearly the same mixture of labels in each.

        Args:
            items: All of them, in the order of the file.
            by: Decides the division.
            labels: That of each item; equal ones where it does not matter.

        Raises:
            ValueError: there are too few items, or they cannot be folded; names the file.
        """
        self.check(by)
        if len(self.splits) == 1:
            return {self.splits[0]: list(items)}
        numbers = {label: number for number, label in enumerate(sorted({str(label) for label in labels}))}
        classes = torch.tensor([numbers[str(label)] for label in labels])
        try:
            parts = self.named(stratified_split(classes, *self.cut, by, list(numbers)))
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None
        return {split: [items[index] for index in part.tolist()] for split, part in parts.items()}


@final
class SplitFiles:
    """Where the files of the splits are: in a folder, named one by one, or one file for all others.

    A split whose file is named reads that file and no other. One file as root is divided among the splits
    that are not named. Where training and testing have files and validation has none, it is held out of
    training, which is said once.

    Args:
        root: A folder with files called like train, valid and test (`ptb.train.txt`), one file, or nothing.
        given: Files named one by one.
        val_fraction: Share of a divided file for validation; may be 0 where validation has a file.
        test_fraction: Share of a divided file for testing; may be 0 where testing has a file.
        counts: Which files of a folder count; None is all.
        by: Decides how a file is divided; with a fold, test_fraction says nothing.

    Raises:
        ValueError: no file is named at all, or the fractions leave nothing to train on.
    """

    def __init__(
        self,
        root: str | Path | None,
        given: dict[Split, str | Path | None],
        val_fraction: float,
        test_fraction: float,
        counts: Callable[[Path], bool] | None = None,
        by: Chance = 0,
    ) -> None:
        check_fractions(val_fraction, test_fraction, zero=True, by=by)
        self.root = None if root is None else Path(root)
        self.given = {split: Path(path) for split, path in given.items() if path is not None}
        if self.root is None and not self.given:
            raise ValueError("no data is named: give root (a folder or a file), or train, val and test")
        self._fractions: dict[Split, float] = {"val": val_fraction, "test": test_fraction}
        self._counts, self._by = counts, by
        self._told: set[str] = set()

    def find(self, split: Split) -> SplitSource:
        """The file of a split.

        Raises:
            FileNotFoundError: there is none.
            ValueError: several files could be meant, or two splits would read the same one.
        """
        if split == "predict":
            return SplitSource(self.given[split], (split,))
        homes = self._homes()
        if split not in homes:
            raise self._unclear(split)
        home = homes[split]
        for other in dict.fromkeys(homes.values()):
            if other != home and _same(home.path, other.path):
                self._check_named_twice(home, other)
        if len(home.splits) == 1:
            return home
        divided = home._replace(cut=self.cut(home.splits))
        if self._candidates("train") and home.path.is_file():
            self._tell_held_out(home.path)
        return divided

    def _homes(self) -> dict[Split, SplitSource]:
        """The file of each split that has one, before any is opened."""
        own = {split: found[0] for split in SPLIT_NAMES if len(found := self._candidates(split)) == 1}
        homes = {split: SplitSource(path, (split,)) for split, path in own.items()}
        if self.root is not None and not self.root.is_dir():
            others = tuple(split for split in SPLIT_NAMES if split not in own)
            if not others and self.root.is_file():
                raise ValueError(
                    f"root is the file {self.root}, to be divided among the splits that have none, and "
                    f"train, val and test have one; leave root out, or one of them"
                )
            return homes | dict.fromkeys(others, SplitSource(self.root, others))
        if own.keys() == {"train", "test"} and not self._candidates("val"):
            return homes | dict.fromkeys(HELD_OUT, SplitSource(own["train"], HELD_OUT))
        return homes

    def _candidates(self, split: Split) -> list[Path]:
        """The files that are for this split alone: the one named, or those of the folder."""
        if split in self.given:
            return [self.given[split]]
        return [path for path in self._files() if split in splits_of(path)]

    def _files(self) -> list[Path]:
        if self.root is None or not self.root.is_dir():
            return []
        files = sorted(path for path in self.root.iterdir() if path.is_file() and path.name[0] != ".")
        return files if self._counts is None else list(filter(self._counts, files))

    def cut(self, splits: tuple[Split, ...]) -> tuple[float, float]:
        """The shares of validation and test data where a file is divided among these splits.

        Raises:
            ValueError: one is 0 that is needed.
        """
        shares = {split: self._fractions[split] for split in splits if split != "train"}
        for split, share in shares.items():
            if share == 0 and not (split == "test" and isinstance(self._by, Fold)):
                raise ValueError(
                    f"{split}_fraction is 0, and {split} has no file; expected a file as {split}, or a "
                    f"fraction above 0"
                )
        if "train" not in splits:
            return 0.0, shares["test"] / sum(shares.values())
        return shares.get("val", 0.0), shares.get("test", 0.0)

    def _check_named_twice(self, home: SplitSource, other: SplitSource) -> None:
        """Refuses that two splits read one file, unless it was named for both."""
        first, second = sorted((home, other), key=lambda each: list(SPLIT_NAMES).index(each.splits[0]))
        words = " and ".join(first.splits), " and ".join(second.splits)
        if first.splits[0] not in self.given or second.splits[0] not in self.given:
            raise ValueError(
                f"{home.path} is read for {words[0]} and for {words[1]}; name another file for one of them, "
                f"or this one for both"
            )
        self._tell(f"{home.path} is named for {words[0]} and for {words[1]}: its texts are in both")

    def _unclear(self, split: Split) -> Exception:
        found, place = self._candidates(split), self.root
        if found:
            names = ", ".join(path.name for path in found)
            return ValueError(f"{place} has {len(found)} files for {split}: {names}; name one")
        if place is None:
            return FileNotFoundError(f"there is no file for {split}; give {split}, or root")
        expected = " or ".join(sorted(SPLIT_NAMES[split]))
        return FileNotFoundError(
            f"{place} has no file for {split}, which has {expected} in its name; give one as {split} "
            f"(files: {self._names()})"
        )

    def _names(self) -> str:
        return ", ".join(path.name for path in self._files()) or "none"

    def _tell_held_out(self, train: Path) -> None:
        place = "" if self.root is None else f" in {self.root} (files: {self._names()})"
        self._tell(
            f"there is no file for val{place}: the share {self._fractions['val']} (val_fraction) of {train} "
            f"is held out of training for validation"
        )

    def _tell(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            tell(message)


def _same(one: Path, other: Path) -> bool:
    return one == other or (one.exists() and other.exists() and one.samefile(other))
