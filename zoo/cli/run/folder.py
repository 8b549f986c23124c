"""The folder of a run: each has its own."""

import os
from itertools import count
from pathlib import Path

from lightning_utilities.core.rank_zero import rank_zero_only

from zoo.cli.errors import UserError
from zoo.runs.atomic_file import sweep

FOLDER_VARIABLE = "ZOO_RUN_FOLDER"
"""Tells the processes that Lightning starts for further devices which folder the first one made."""


def new_folder(runs: Path, kind: str = "version") -> Path:
    """Makes and returns `runs/<kind>_<k>`, with the first k that is free.

    What killed runs have left half-written there is swept away. Of several processes only the first makes a
    folder. Others return that, or any name if a launcher has started them, which does not tell; Lightning
    tells them before anything is written.

    Args:
        runs: The folder of all runs of a recipe, `runs/NAME`.
        kind: What its name begins with.

    Raises:
        UserError: it cannot be made.
    """
    if rank_zero_only.rank:  # type: ignore[attr-defined]  # an attribute of the function
        return Path(os.environ.get(FOLDER_VARIABLE, runs / f"{kind}_0"))
    try:
        runs.mkdir(parents=True, exist_ok=True)
        folder = _made(runs, kind)
    except OSError as error:
        raise UserError(
            f"no folder for the run can be made in {runs}: {error.strerror}; expected a place that can be "
            f"written to, such as with --trainer.default_root_dir FOLDER"
        ) from error
    for other in runs.glob("version_*/checkpoints"):
        sweep(other)
    os.environ[FOLDER_VARIABLE] = str(folder)
    return folder


def _made(runs: Path, kind: str) -> Path:
    for number in count():
        folder = runs / f"{kind}_{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError
