"""Loads checkpoints where only `import zoo` was done: `python loads_checkpoints.py FOLDER` prints what fails.

Beside each `NAME.ckpt` lies `NAME.pt`: the class, what it is given, what it gave before it was saved.
"""

import sys
from pathlib import Path

import torch

import zoo


def main(folder):
    for path in sorted(folder.glob("*.ckpt")):
        before = torch.load(path.with_suffix(".pt"), weights_only=True)
        task = getattr(zoo, before["task"]).load_from_checkpoint(path, weights_only=True).eval()
        with torch.no_grad():
            predictions = task(*before["x"])
        for what in ("network", "optimizer", "schedule"):
            part = getattr(task, what)
            if (None if part is None else part.plain()) != before[what]:
                print(f"{path.stem}: another {what}")
        if not torch.equal(predictions, before["predictions"]):
            print(f"{path.stem}: other predictions")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
