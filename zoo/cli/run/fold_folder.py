"""The folder of a cross-validation: the runs of its folds, and which of them are done."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, final

from zoo.callbacks.say import say
from zoo.cli.errors import FailedError, UserError, of_disk
from zoo.cli.run.folder import new_folder
from zoo.runs.atomic_file import claimed
from zoo.runs.fold_table import FOLDS, Metrics, read_folds, write_folds

RECORD = "folds.json"
"""How many folds there are, of which recipe and which data; locked by the process that trains them."""

DATA = "data"
"""What the fingerprint of the data is called there."""


@final
class FoldFolder:
    """`folds_K`, with the folders `fold_0`, `fold_1`, ... of all versions of each fold, and their table.

    Args:
        path: The folder; None keeps nothing.
        folds: How many folds there are.
        record: The file that says what they are folds of, held by this process.

    Attributes:
        done: What the folds that are done measured.
    """

    def __init__(self, path: Path | None, folds: int, record: IO[bytes] | None = None) -> None:
        self.path, self.folds, self._record = path, folds, record
        self._goes_on = True
        self.done: dict[int, Metrics] = {} if path is None else read_folds(path / FOLDS)

    @classmethod
    def found(cls, runs: Path, folds: int, recipe: Mapping[str, Any]) -> "FoldFolder":
        """The newest folder whose folds are of this recipe and not all done, else a new one.

        One that another process works in is left to it.

        Args:
            runs: The folder of all runs of a recipe, `runs/NAME`.
            folds: How many folds there are.
            recipe: All that decides what is trained.

        Raises:
            UserError: no folder can be made.
        """
        said = _record({"folds": folds, "recipe": recipe})
        for path in sorted(runs.glob("folds_*"), key=lambda path: path.stat().st_mtime_ns, reverse=True):
            file = claimed(path / RECORD)
            if file is None:
                continue
            kept = _kept(file)
            same = _record({key: value for key, value in kept.items() if key != DATA}) == said
            folder = cls(path, folds, file)
            if same and len(folder.done) < folds:
                say(
                    "folds",
                    f"{path} goes on: {len(folder.done)} of {folds} are done (remove it to begin anew)",
                )
                return folder
            file.close()
        path = new_folder(runs, "folds")
        file = claimed(path / RECORD)
        if file is not None:
            file.write(said)
            file.flush()
        return cls(path, folds, file)

    def check_data(self, fingerprint: str) -> None:
        """Refuses other data than that of the folds which are done or begun; of the first it is noted.

        Args:
            fingerprint: Of the data of fold 0.

        Raises:
            UserError: it is other data.
        """
        if self._record is None:
            return
        kept = _kept(self._record)
        if kept.get(DATA, fingerprint) != fingerprint:
            self._goes_on = False
            raise UserError(
                f"the data is not that of the folds in {self.path} which are done or begun, so that items "
                f"would be tested twice or never; expected the same data, or that folder removed to begin "
                f"anew"
            )
        if DATA not in kept:
            self._record.truncate(0)
            self._record.write(_record({**kept, DATA: fingerprint}))
            self._record.flush()

    def of(self, number: int) -> Path | None:
        """The folder of all versions of a fold."""
        return None if self.path is None else self.path / f"fold_{number}"

    def has_checkpoint(self, number: int) -> bool:
        """Whether a fold has been begun, so that its training can go on."""
        own = self.of(number)
        return own is not None and any(own.glob("version_*/checkpoints/*.ckpt"))

    def add(self, number: int, metrics: Metrics) -> None:
        """Notes what a fold measured.

        Raises:
            FailedError: the table cannot be written.
        """
        self.done[number] = metrics
        if self.path is None:
            return
        try:
            write_folds(self.path / FOLDS, self.done, self.folds)
        except OSError as error:
            raise FailedError(f"the table of the folds cannot be written: {of_disk(error)}") from error

    def leave(self) -> None:
        """Lets go of the folder, says how to go on if that is needed, and removes it if nothing is in it."""
        if self._record is not None:
            self._record.close()
        if self.path is None:
            return
        if not any(self.path.glob("fold_*/version_*")):
            shutil.rmtree(self.path, ignore_errors=True)
        elif len(self.done) < self.folds:
            if self._goes_on:
                told = f"{len(self.done)} of {self.folds} are done; the same command goes on with the others"
                say("folds", told)
        else:
            say("folds", str(self.path / FOLDS))


def _record(content: Mapping[str, Any]) -> bytes:
    """The text of a record."""
    return json.dumps(content, indent=1, default=str).encode()


def _kept(file: IO[bytes]) -> dict[str, Any]:
    """What a record holds; nothing where it is new, or was not written to its end."""
    file.seek(0)
    try:
        content = json.loads(file.read())
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
