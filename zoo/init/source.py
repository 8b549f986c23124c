"""The files that a user names, and how the first lines of one look."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

from zoo.data.batches.splits import Split
from zoo.data.reading.faults import listed
from zoo.data.reading.files import existing
from zoo.data.reading.split_files import splits_of
from zoo.init.encodings import HEAD, encoding_of, is_guess

TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".parquet", ".npz", ".ts", ".arff")
"""Endings of files that stand for themselves."""
ARCHIVES = (".ts", ".arff")
"""Endings under which one and the same data set may lie in a folder, and which the zoo reads."""
FIRST = (".src", ".source", ".in")
"""Endings of files of sources, whose translations have another."""


@final
@dataclass(frozen=True)
class Source:
    """What the user named: a file, or a folder of which the training file stands for all.

    Attributes:
        root: The file or the folder.
        file: The file to look at.
        others: Further files of the folder by split: those that validate and test.
        pair: The second of two training files that belong together line by line, such as train.tgt.
    """

    root: Path
    file: Path
    others: tuple[tuple[Split, Path], ...] = ()
    pair: Path | None = None

    @classmethod
    def of(cls, root: Path) -> "Source":
        """What lies at a path.

        Raises:
            FileNotFoundError: there is nothing.
            ValueError: it is a folder without a training file, or the file is empty.
        """
        if not root.is_dir():
            file = existing(root, root.name)
            if not file.stat().st_size:
                raise ValueError(f"{file} is empty; expected data")
            return cls(root, file)
        files = sorted(path for path in root.iterdir() if path.is_file() and path.name[0] != ".")
        named = [(split, path) for path in files for split in splits_of(path)]
        training = [path for split, path in named if split == "train"]
        if len(files) == 1:
            return cls.of(files[0])
        archives = [path for path in training if path.suffix in ARCHIVES]
        if archives and len({path.stem for path in training}) == 1:
            training = archives[-1:]  # of one data set in several formats, .ts
        pair = _pair(training)
        if pair is not None:
            return cls(root, pair[0], tuple(each for each in named if each[0] != "train"), pair[1])
        if len(training) != 1:
            names = listed([path.name for path in files], 8) or "nothing"
            raise ValueError(
                f"{root} has {names}, and {len(training)} files with train in their names; expected one, "
                f"beside dev and test if there are any, or name a file"
            )
        found = cls.of(training[0])
        return cls(root, found.file, tuple((split, path) for split, path in named if split != "train"))

    @cached_property
    def encoding(self) -> str | None:
        """How the files are written, as far as can be seen; None where they are no text."""
        return encoding_of(self._files)

    @property
    def guesses(self) -> tuple[str, ...]:
        """What is said of an encoding that is hardly the right one."""
        if not is_guess(self._files, self.encoding):
            return ()
        return (
            f"The encoding, {self.encoding}, is a guess, and many letters are not ASCII: if they look wrong, "
            f"change it (encoding: cp1251, for example), or write the file in UTF-8.",
        )

    @property
    def _files(self) -> list[Path]:
        return [self.file, *(path for _, path in self.others)]

    @cached_property
    def head(self) -> list[str]:
        """The first lines, whole; none where it is no text."""
        lines = []
        size = 0
        for line in self.lines():
            size += len(line) + 1
            if size > HEAD:
                break
            lines.append(line)
        return lines

    def lines(self) -> Iterator[str]:
        """All lines without their ends, read in pieces; none where it is no text."""
        if self.encoding is None:
            return
        with self.file.open(encoding=self.encoding, errors="replace") as file:
            for line in file:
                yield line.rstrip("\n").removeprefix("\ufeff")


def _pair(files: list[Path]) -> tuple[Path, Path] | None:
    """Two files that differ in their endings alone, such as train.src and train.tgt, the sources first."""
    if len(files) != 2 or files[0].stem != files[1].stem or any(path.suffix in TABLES for path in files):
        return None
    source, target = sorted(files, key=lambda path: (path.suffix not in FIRST, path.suffix))
    return source, target
