"""A checkpoint of a run with a cell of one's own: it says what to type, and imports nothing by itself."""

import subprocess
import sys
from types import ModuleType

import pytest

from zoo.cells import CELLS
from zoo.cli.verbs.show import show

CELL = """\
from dataclasses import dataclass
from pathlib import Path

import torch
from zoo import Card, Cell, CellSpec, Hidden, register_cell

Path("imported").touch()


@dataclass(frozen=True, kw_only=True)
class MineSpec(CellSpec):
    \"\"\"Options of a cell.\"\"\"


@register_cell("mine", MineSpec)
class Mine(Cell):
    \"\"\"A simple one.\"\"\"

    card = Card(paper="none")
    gates = "h"

    def step(self, pre, state, product):
        h = torch.tanh(pre + product("h", state[0]))
        return h, Hidden(h)
"""
CHECKPOINT = "runs/small/version_0/checkpoints/last.ckpt"


def run(*arguments):
    """Runs a program in a process of its own, as a user would."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def trained(folder):
    """A folder with a checkpoint of a cell of one's own."""
    (folder / "cells_of_mine.py").write_text(CELL)
    cell = ("--model.network.encoder.cell=mine", "--test_after_fit=false")
    outcome = run("-m", "zoo", "fit", "--allow-import=cells_of_mine", "--config=small.yaml", *cell)
    assert outcome.returncode == 0, outcome.stderr
    (folder / "imported").unlink()
    return folder


PROGRAM = f"""\
import zoo
try:
    zoo.SequenceClassifier.load_from_checkpoint({CHECKPOINT!r})
except LookupError as error:
    print(type(error).__name__, error)
import cells_of_mine
zoo.SequenceClassifier.load_from_checkpoint({CHECKPOINT!r})
"""


def test_the_line_to_type_is_said_on_a_command_line_and_in_a_program(trained, zoo):
    rest = f"--ckpt_path {CHECKPOINT} --trainer.accelerator=cpu"
    for command in ("fit", "test"):
        refused = zoo(command, *rest.split())
        line = f"zoo {command} --allow-import=cells_of_mine {rest}"
        assert refused.code == 2
        assert refused.err == (
            f"zoo: error: the checkpoint {CHECKPOINT} is of a run with parts of cells_of_mine, which only "
            f"the command line can let in: {line}\n"
        )
    assert not (trained / "imported").exists()
    done = run("-m", *line.split())
    assert done.returncode == 0, done.stderr
    assert "test/accuracy" in done.stdout
    told = run("-c", PROGRAM)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("UnknownNameError unknown cell 'mine'")
    assert "if it is your own, import its module, on a command line by --allow-import" in told.stdout


def test_a_cell_of_a_notebook_is_shown_though_it_is_in_no_file(folder, monkeypatch):
    typed = ModuleType("typed")
    monkeypatch.setitem(sys.modules, "typed", typed)
    monkeypatch.setattr(CELLS, "_parts", dict(CELLS._parts))
    exec(CELL, vars(typed))
    shown = show("mine")
    assert "A simple one." in shown
    assert "recurrent_init: Literal['orthogonal', 'identity'] = 'orthogonal'" in shown.replace("typing.", "")
