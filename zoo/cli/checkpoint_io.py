"""How the checkpoints of a run are written: whole or not at all."""

from pathlib import Path
from typing import Any, final

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from zoo.cli.atomic_file import atomic_file
from zoo.cli.errors import chain


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
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(target) as file:
                torch.save(checkpoint, file)
        except (OSError, RuntimeError) as error:
            cause = _disk_error(error)
            if cause is None:
                raise
            raise OSError(cause.errno, f"cannot write the checkpoint: {cause.strerror}", str(path)) from error


def _disk_error(error: BaseException) -> OSError | None:
    """The error of the disk that torch reports as a RuntimeError of its own."""
    return next((link for link in chain(error) if isinstance(link, OSError)), None)
