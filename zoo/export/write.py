"""Writes a trained model in the format that is asked for."""

from pathlib import Path

from zoo.export import FORMATS
from zoo.export.graph_folder import export_graphs
from zoo.export.handed import export_folder
from zoo.registry import check_choice


def export(path: Path, target: Path, form: str, *, licence: str = "unknown", replace: bool = False) -> None:
    """Writes a checkpoint into a folder, whole or not at all.

    Args:
        path: A checkpoint, or the folder of a run.
        target: The folder.
        form: One of `FORMATS`.
        licence: Of the weights, by its SPDX identifier.
        replace: Whether it takes the place of an earlier export.

    Raises:
        ValueError: there is no checkpoint, the folder is there, the format cannot say what the model does, or
            a package is not installed.
        OSError: the folder cannot be written.
    """
    check_choice("format", form, FORMATS)
    if form == "safetensors":
        export_folder(path, target, licence=licence, replace=replace)
    else:
        export_graphs(path, target, form, licence=licence, replace=replace)
