"""Finding a user's files, and reading them with errors that say which file and which line."""

import re
from pathlib import Path
from typing import final

from zoo.data.splits import Split
from zoo.registry import nearest

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


def existing(path: Path, what: str) -> Path:
    """Returns `path` if it is a file.

    Raises:
        FileNotFoundError: it is not; names what was looked for, and the nearest name in the folder.
    """
    if path.is_file():
        return path
    if path.is_dir():
        raise FileNotFoundError(f"{path} is a folder, expected a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no {what} in {path.parent}, which is not a folder")
    names = [entry.name for entry in path.parent.iterdir()]
    raise FileNotFoundError(f"there is no {what} in {path.parent}{nearest(path.name, names)}")


def read_text(path: Path, encoding: str) -> str:
    r"""Reads a text file whole, with `\n` for any line end.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is empty, a byte is not valid in `encoding` (with its line), or there is no such
            encoding.
    """
    content = existing(path, path.name).read_bytes()
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}: byte 0x{content[error.start]:02x} is not {encoding}; "
            f"give the encoding of the file, for example encoding: latin-1"
        ) from None
    except LookupError:
        raise ValueError(f"encoding {encoding!r} is unknown; utf-8 and latin-1 are the usual ones") from None
    if not text.strip():
        raise ValueError(f"{path} is empty, expected text")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
