"""A checkpoint as a folder that is handed on: weights, cards, recipe and pictures."""

from pathlib import Path

from zoo.export.card import task_card
from zoo.export.curves import CURVES, curves_picture
from zoo.export.readme import readme
from zoo.export.run_facts import RECIPE, facts_of
from zoo.pretrained import Handed, write_folder
from zoo.pretrained.folder import check_target
from zoo.runs.checkpoint_file import read_checkpoint
from zoo.runs.folders import checkpoint_in
from zoo.trained import load


def checkpoint_file(path: Path) -> Path:
    """The checkpoint that a path means: itself, or the best one of a run.

    Raises:
        ValueError: there is none.
    """
    return checkpoint_in(path) if path.is_dir() else path


def export_folder(path: Path, target: Path, *, licence: str = "unknown", replace: bool = False) -> None:
    """Writes weights and cards of a checkpoint into a folder, which `zoo.load` reads.

    Args:
        path: A checkpoint, or the folder of a run.
        target: The folder.
        licence: Of the weights, by its SPDX identifier.
        replace: Whether it takes the place of an earlier one.

    Raises:
        ValueError: there is no checkpoint, the folder is there, or safetensors is not installed.
        UnknownNameError: the task or its data is not registered.
        OSError: the folder cannot be written.
    """
    check_target(target, replace)
    file = checkpoint_file(path)
    checkpoint, model = read_checkpoint(str(file)), load(file)
    facts = facts_of(file, int(checkpoint["global_step"]))
    card = task_card(model, checkpoint, facts, licence)
    drawn = curves_picture(facts.curves, f"{card['task']}: losses and metrics")
    files = {
        **facts.pictures,
        "README.md": readme(model, card, facts, target.name, drawn is not None).encode(),
    }
    if drawn is not None:
        files[CURVES] = drawn
    if facts.recipe:
        files[RECIPE] = facts.recipe.encode()
    write_folder(target, Handed(card=card, weights=model.task.state_dict(), files=files), replace)
