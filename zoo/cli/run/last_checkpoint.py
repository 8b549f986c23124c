"""`--ckpt_path last`: the newest checkpoint of a recipe's runs that is whole."""

import logging
from pathlib import Path
from typing import Any

from zoo.callbacks.say import say
from zoo.cli.errors import UserError
from zoo.cli.run.checkpoints import read_checkpoint

logger = logging.getLogger(__name__)


def last_checkpoint(runs: Path) -> tuple[Path, dict[str, Any]] | None:
    """The newest checkpoint that can be read, and what it holds; says which, and which were passed over.

    Args:
        runs: The folder of all runs of a recipe, `runs/NAME`.

    Returns:
        None where there is no checkpoint.

    Raises:
        UserError: there are some, and none of them can be read.
    """
    found = [path for path in runs.glob("version_*/checkpoints/*.ckpt") if path.is_file()]
    newest_first = sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in newest_first:
        try:
            checkpoint = read_checkpoint(str(path))
        except UserError as error:
            logger.warning("%s; taking the one before it", error)
            continue
        say("from", str(path))
        return path, checkpoint
    if newest_first:
        raise UserError(f"none of the checkpoints in {runs} can be read; the newest is {newest_first[0]}")
    return None
