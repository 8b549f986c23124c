"""How the checkpoints of a run are written: whole or not at all."""

from pathlib import Path
from typing import Any, final

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from zoo.cli.errors import chain
from zoo.runs.atomic_file import atomic_file


@final
class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its place, then moves it there: a crash leaves the old or the new one."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Saves a checkpoint.

        Raises:
            OSError: it cannot be written; nothing is left under its name that was not there before.
        """
        try:
            save(checkpoint, Path(path))
        except OSError as error:
            text = f"cannot write the checkpoint: {error.strerror}"
            raise OSError(error.errno, text, str(path)) from error


def save(content: Any, target: Path) -> None:
    """Saves as torch does, whole or not at all.

    Raises:
        OSError: it cannot be written; nothing is left under its name that was not there before.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(target) as file:
            torch.save(content, file)
    except (OSError, RuntimeError) as error:
        refused = next((link for link in chain(error) if isinstance(link, OSError)), None)
        if refused is None:  # torch reports what the disk refuses as an error of its own
            raise
        raise OSError(refused.errno, refused.strerror, str(target)) from error
