"""Piano rolls: which keys sound, frame by frame."""

import zipfile
from typing import final

import numpy as np

from zoo.data.reading.roll_files import NPZ_NAMES, read_rolls
from zoo.init.forms import FORMS
from zoo.init.found import Asked, Form, Found, counted
from zoo.init.sizes import trainer
from zoo.init.source import Source

NAMES = {name for names in NPZ_NAMES.values() for name in names}


@final
@FORMS.register("piano_rolls")
class PianoRollsForm(Form):
    """Piano rolls."""

    rank = 11
    expects = "piano rolls: .mat with traindata, validdata and testdata, or .npz with train_0, train_1, ..."

    def look(self, source: Source, asked: Asked) -> Found | None:
        if source.file.suffix.lower() != ".mat" and not _has_rolls(source):
            return None
        pieces = read_rolls(source.file)
        rolls = pieces["train"]
        frames, width = [len(roll) for roll in rolls], rolls[0].shape[1]
        sounding = sum(float(roll.sum()) for roll in rolls) / sum(frames)
        counts = ", ".join(f"{len(found)} for {split}" for split, found in pieces.items())
        return Found(
            what=f"Piano rolls: {counts}, of {source.file.name}",
            facts=(
                f"{counted(width, 'key')}, {min(frames)} to {max(frames)} frames of a piece, {sounding:.1f} "
                f"keys sounding at a time.",
            ),
            guesses=("The next frame is predicted from all before it.",),
            recipe={
                "seed_everything": 1,
                "model": {
                    "class_path": "MultiLabel",
                    "init_args": {
                        "network": {"encoder": {"cell": "lstm", "hidden_size": 200}, "output_dropout": 0.2},
                        "optimizer": {"name": "Adam", "lr": 0.003},
                    },
                },
                "data": {
                    "class_path": "PianoRolls",
                    "init_args": {"root": str(source.root), "batch_size": 16},
                },
                "trainer": trainer(60, patience=10),
            },
            comments={"trainer.callbacks": "training ends when val/loss has not fallen for ten epochs"},
        )


def _has_rolls(source: Source) -> bool:
    """Whether a file of numpy has arrays that are called like pieces."""
    if source.file.suffix.lower() != ".npz" or not zipfile.is_zipfile(source.file):
        return False
    with np.load(source.file) as arrays:
        return {name.partition("_")[0] for name in arrays.files} <= NAMES
