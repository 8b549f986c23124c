"""The best checkpoint of a training that may have begun in another run."""

from pathlib import Path
from typing import Any, final

from lightning.pytorch.callbacks import ModelCheckpoint


@final
class BestCheckpoint(ModelCheckpoint):
    """Keeps the best checkpoint, and takes that of the run it goes on from into account.

    Lightning's begins anew in another folder, so that what comes after would be the best however bad it is.
    Files in the other run's folder stay.
    """

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over the best score so far, if the checkpoint that has it is still there."""
        kept = Path(state_dict["best_model_path"])
        # Lightning takes scores over only if the folder is its own, and so it is told that it is.
        super().load_state_dict({**state_dict, "dirpath": self.dirpath} if kept.is_file() else state_dict)
