"""Which file a split is read from."""

import re
from pathlib import Path
from typing import final

from zoo.data.files import existing
from zoo.data.splits import Split

SPLIT_NAMES: dict[Split, set[str]] = {
    "train": {"train", "training"},
    "val": {"val", "valid", "validation", "dev"},
    "test": {"test"},
}


@final
class SplitFiles:
    """Where the files of the splits are: in a folder, named one by one, or all in one file.

    Args:
        root: A folder with files called like train, valid and test (`ptb.train.txt`), or one file that is to
            be split, or nothing.
        given: Files named one by one; they come before those of a folder.

    Raises:
        ValueError: no file is named at all.
    """

    def __init__(self, root: str | Path | None, given: dict[Split, str | Path | None]) -> None:
        self.root = None if root is None else Path(root)
        self.given = {split: Path(path) for split, path in given.items() if path is not None}
        if self.root is None and not self.given:
            raise ValueError("no data is named: give root (a folder or a file), or train, val and test")

    def find(self, split: Split) -> tuple[Path, bool]:
        """The file of a split, and whether it holds all splits and is to be divided.

        Raises:
            FileNotFoundError: there is none.
            ValueError: two files of the folder look like the same split.
        """
        if split in self.given:
            return self.given[split], False
        if self.root is None:
            raise FileNotFoundError(f"there is no file for {split}; give {split}, or root")
        if not self.root.is_dir():
            return existing(self.root, self.root.name), True
        return self._in_folder(self.root, split), False

    @staticmethod
    def _in_folder(folder: Path, split: Split) -> Path:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and entry.name[0] != ".")
        found = [name for name in names if SPLIT_NAMES[split] & set(re.split("[^a-z]+", name.lower()))]
        if len(found) > 1:
            raise ValueError(f"{folder} has {len(found)} files for {split}: {', '.join(found)}; name one")
        if not found:
            expected = " or ".join(sorted(SPLIT_NAMES[split]))
            raise FileNotFoundError(
                f"{folder} has no file for {split}, which has {expected} in its name; give one as {split} "
                f"(files: {', '.join(names) or 'none'})"
            )
        return folder / found[0]
