"""How a trained module comes back from a checkpoint: as data, and as what it was."""

from abc import ABC
from pathlib import Path
from typing import Any, TypeVar

import lightning.pytorch as pl
import torch

from zoo.registry import UnknownNameError

Loaded = TypeVar("Loaded", bound="SafelyLoaded")


class SafelyLoaded(pl.LightningModule, ABC):
    """A module whose checkpoints run nothing when they are read, and say of which class they are."""

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]  # hyper-parameters are those of the checkpoint
        cls: type[Loaded],
        checkpoint_path: str | Path,
        map_location: torch.device | str | None = None,
        strict: bool = True,
        weights_only: bool = True,
    ) -> Loaded:
        """A module that was trained, from a file or an address.

        Lightning would let a checkpoint from an address run what it likes when it is read.

        Args:
            checkpoint_path: The checkpoint.
            map_location: Where its tensors go; by default where they were.
            strict: Whether all weights must be there, and no others.
            weights_only: Only true will do.

        Raises:
            ValueError: it is of another class, or is to be more than data.
        """
        if not weights_only:
            raise ValueError("a checkpoint is data; got weights_only=False, expected True")
        try:
            module = super().load_from_checkpoint(
                checkpoint_path, map_location=map_location, strict=strict, weights_only=True
            )
        except UnknownNameError as error:
            raise UnknownNameError(
                f"{error}; if it is your own, import its module, on a command line by --allow-import"
            ) from error
        assert isinstance(module, cls)
        return module

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the name of the class."""
        checkpoint["task"] = type(self).__name__

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Looks at the name of the class.

        Raises:
            ValueError: it is none that this one derives from.
        """
        own = [kind.__name__ for kind in type(self).__mro__]
        if checkpoint.get("task", own[0]) not in own:
            raise ValueError(f"the checkpoint is of a {checkpoint['task']}; expected one of a {own[0]}")
