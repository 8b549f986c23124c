"""The folder of a comparison: what it compares, and the runs that have ended."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, final

from zoo.callbacks.say import say
from zoo.cli.compare.checking import SeenVariant
from zoo.cli.compare.seed_run import SeedRun
from zoo.cli.compare.variants import Variant
from zoo.cli.errors import FailedError, UserError, of_disk
from zoo.comparison.trial import Trial
from zoo.runs.atomic_file import claimed
from zoo.runs.jsonl import append_line, read_lines

RECORD, TRIALS = "compare.json", "runs.jsonl"
"""Of which recipes and which data the runs are; the runs that have ended, a line for each."""


@final
class ComparisonFolder:
    """`runs/compare-NAME`, with a folder for each variant and in it one for each seed.

    Args:
        path: The folder.
        record: The file that says of what the runs are, held by this process.
    """

    def __init__(self, path: Path, record: IO[bytes]) -> None:
        self.path, self._record = path, record

    @classmethod
    def claim(cls, path: Path) -> "ComparisonFolder":
        """The folder, made if there is none, for this process alone.

        Raises:
            UserError: it cannot be made, or another process works in it.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            record = claimed(path / RECORD)
        except OSError as error:
            raise UserError(f"the folder of the comparison cannot be made: {of_disk(error)}") from error
        if record is None:
            raise UserError(f"another process works in {path}; expected --name NAME for another comparison")
        return cls(path, record)

    def check(self, variants: Sequence[Variant], seen: Mapping[str, SeenVariant]) -> None:
        """Refuses variants of other recipes, options or data than those of the same name; notes new ones.

        Raises:
            UserError: one of them has changed.
        """
        kept = self._kept()
        for variant in variants:
            new = {"recipe": plain(variant.inputs.merged), "data": seen[variant.name].data}
            old = kept.setdefault(variant.name, new)
            changed = next(iter(differences(old, new)), None)
            if changed is not None:
                raise UserError(
                    f"{self.path} has runs of {variant.name!r} in which {changed}; expected the same "
                    f"command, --name NAME for another comparison, or that folder removed to begin anew"
                )
        self._record.truncate(0)
        self._record.write(json.dumps(kept, indent=1).encode())
        self._record.flush()

    def _kept(self) -> dict[str, Any]:
        """What the record holds; nothing where it is new, or was not written to its end."""
        self._record.seek(0)
        try:
            content = json.loads(self._record.read())
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def of(self, variant: Variant, seed: int) -> Path:
        """The folder of a run."""
        return self.path / variant.folder_name / f"seed_{seed}"

    def trials(self) -> dict[tuple[str, int | None], Trial]:
        """The runs that have ended, by variant and seed."""
        return trials_in(self.path)

    def add(self, trial: Trial) -> None:
        """Notes a run that has ended.

        Raises:
            FailedError: it cannot be written.
        """
        try:
            append_line(self.path / TRIALS, trial.plain())
        except OSError as error:
            raise FailedError(f"a run cannot be noted: {of_disk(error)}") from error

    def leave(self, left: int) -> None:
        """Lets go of the folder, and says how to go on where runs are left; an empty one is removed."""
        self._record.close()
        entries = list(self.path.iterdir())
        if [entry.name for entry in entries] == [RECORD] and left:
            entries[0].unlink()
            self.path.rmdir()
        elif left:
            what, them = ("1 run is", "it") if left == 1 else (f"{left} runs are", "them")
            say("compare", f"{what} left; the same command goes on with {them} in {self.path}")


def trials_in(path: Path) -> dict[tuple[str, int | None], Trial]:
    """The runs of a comparison's folder that have ended, by variant and seed; the last line counts."""
    if not (path / TRIALS).is_file():
        return {}
    found = (_trial(plain) for plain in read_lines(path / TRIALS))
    return {(trial.variant, trial.seed): trial for trial in found if trial is not None}


def _trial(plain: Mapping[str, Any]) -> Trial | None:
    try:
        return Trial.from_plain(plain)
    except (TypeError, KeyError, AttributeError):
        return None


def plain(recipe: Any) -> Any:
    """A recipe as JSON gives it back."""
    plain: Any = json.loads(json.dumps(recipe, default=str))
    return plain


def differences(old: Any, new: Any, place: str = "") -> list[str]:
    """What differs between two records of how runs were begun, each in a clause."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            clause
            for key in [*new, *(key for key in old if key not in new)]
            for clause in differences(old.get(key), new.get(key), f"{place}.{key}".lstrip("."))
        ]
    if old == new:
        return []
    if place == "data":
        return ["the data was other data"]
    what = place.removeprefix("recipe.").replace("init_args.", "")
    return [f"{what} was {json.dumps(old)}, and now is {json.dumps(new)}"]


def unfinished(runs: Sequence[SeedRun], done: Mapping[tuple[str, int | None], Trial]) -> list[SeedRun]:
    """The runs that have not ended."""
    return [one for one in runs if one.key not in done]
