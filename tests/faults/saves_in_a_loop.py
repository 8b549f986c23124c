"""Kills processes that save checkpoints: `saves_in_a_loop.py FOLDER TRIES` prints what is left, as JSON.

A process of its own, with one thread, so that it may fork: each child begins at once, with torch imported.
"""

import json
import os
import random
import sys
import time
from itertools import count
from pathlib import Path

import torch

from zoo.runs.atomic_file import atomic_file, sweep

LONGEST = 0.03
"""Seconds before a process is killed, in which it saves some checkpoints."""


def save(folder, first):
    for step in count(first):
        with atomic_file(folder / "last.ckpt") as file:
            torch.save({"step": step, "weights": torch.full((200_000,), float(step))}, file)


def is_whole(checkpoint):
    return bool((checkpoint["weights"] == checkpoint["step"]).all())


def main(folder, tries):
    chance = random.Random(0)
    path, steps, leftovers = folder / "last.ckpt", [0], 0
    torch.save({"step": 0, "weights": torch.zeros(200_000)}, path)
    for _ in range(tries):
        child = os.fork()
        if child == 0:
            save(folder, steps[-1] + 1)
        time.sleep(chance.uniform(0, LONGEST))
        os.kill(child, 9)
        os.waitpid(child, 0)
        checkpoint = torch.load(path, weights_only=True)
        assert is_whole(checkpoint)
        steps.append(checkpoint["step"])
        leftovers += len(list(folder.iterdir())) - 1
        sweep(folder)
        assert [file.name for file in folder.iterdir()] == ["last.ckpt"]
    print(json.dumps({"steps": steps, "leftovers": leftovers}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
