"""`zoo --help`, `--version`, `list` and `show`: what they say, and what they must not import."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from zoo.catalogue import MODELS, list_cells, list_wirings
from zoo.cli.recipes.listing import recipes
from zoo.cli.verbs import known_verbs
from zoo.cli.verbs.list import KINDS
from zoo.data import DATA
from zoo.tasks import TASKS

HEAVY = ("torch", "torch._dynamo", "lightning", "wandb", "matplotlib", "rich", "yaml", "jsonargparse")


def imported(*commands):
    """The heavy packages that these commands, run in one new process, import."""
    code = (
        f"import sys; from zoo.cli import main; assert not any(main(command) for command in {commands!r}); "
        f"print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_and_version_import_nothing_heavy():
    assert imported([], ["--help"], ["--version"]) == set()


def test_looking_imports_no_lightning():
    shown = [["show", name] for name in ("lstm", "residual", "digits", "language_model", "zaremba-small")]
    assert imported(["list"], *shown) <= {"torch", "yaml"}


def test_a_mistake_in_a_recipe_is_found_before_anything_heavy_is_imported(folder):
    mistakes = [
        ["fit", "--config", "small.yaml", "--trainer.max_epoch", "1"],
        ["fit", "--config", "small.yaml", "--model.network.encoder.cell", "lstn"],
        ["fit", "--config", "small.yaml", "--model.network.encoder.cell.forget_bais", "1"],
        ["fit", "--config", "smal.yaml"],
        ["test", "--config", "small.yaml", "--data", "digts"],
        ["inspect", "--config", "small.yaml", "--trainer.callbacks+=EarlyStoping"],
    ]
    code = (
        f"import sys; from zoo.cli import main; print([main(line) for line in {mistakes!r}]); "
        f"print([name for name in ('torch', 'lightning', 'numpy', 'jsonargparse') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str([2] * len(mistakes)), "[]"], done.stderr


def test_version(zoo):
    assert zoo("--version").out == f"zoo {version('recurrent-zoo')}\n"


def test_list_names_everything_with_a_summary(zoo):
    outcome = zoo("list")
    assert outcome.code == 0
    for name in [*list_cells(), *list_wirings(), *MODELS, *TASKS.names(), *DATA.names(), *recipes()]:
        assert re.search(rf"^  {re.escape(name)} +\S+", outcome.out, re.MULTILINE), name


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("cells", "models")])
def test_list_one_kind(zoo, kind):
    lines = zoo("list", kind).out.splitlines()
    assert lines[0] == f"{kind}:"
    assert len(lines) > 1
    assert all(line.startswith("  ") for line in lines[1:])


def test_list_cells_shows_what_each_is_and_costs(zoo):
    lines = zoo("list", "cells").out.splitlines()
    assert lines[0].split() == ["cell", "family", "year", "gates", "parameters", "engine"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert sorted(rows) == list_cells()
    assert rows["lstm"] == ["gated", "1997", "ifgo", "131,584", "c"]
    assert rows["gla"] == ["matrix", "2024", "qkvar", "82,560", "chunkwise"]


def test_list_models_shows_what_each_is_and_counts(zoo):
    lines = zoo("list", "models").out.splitlines()
    assert re.split("  +", lines[0]) == ["model", "task", "parameters", "published", "paper", "what it is"]
    rows = {cells[0]: cells[1:] for cells in (re.split("  +", line) for line in lines[1:])}
    assert sorted(rows) == sorted(MODELS)
    assert rows["graves-ctc-timit"][:4] == ["ctc", "114,662", "114,662", "Graves et al., 2006"]
    assert rows["char-rnn"][:3] == ["language_model", "279,873", "Karpathy et al., 2015"]


@pytest.mark.parametrize("kind", ["cells", "models"])
def test_a_narrow_terminal_wraps_words_and_cuts_no_name(zoo, monkeypatch, kind):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("zoo.cli.verbs.list._is_terminal", lambda: True)
    lines = zoo("list", kind).out.splitlines()
    assert max(map(len, lines)) <= 100
    names = {line.split()[0] for line in lines if line.strip()}
    assert set(MODELS if kind == "models" else list_cells()) <= names


def test_list_cells_beside_measurements(zoo, tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("composition,engine,shape,x_torch\nlstm,c (auto),2x3x4,0.5\nlstm,nn.LSTM,2x3x4,1\n")
    lines = zoo("list", "cells", "--bench", str(path)).out.splitlines()
    assert lines[0].endswith("x torch 2x3x4")
    assert [line.split()[-1] for line in lines if line.startswith("lstm ")] == ["0.5"]
    path.write_text("nothing of the kind")
    for arguments in (
        ["cells", "--bench", str(path)],
        ["tasks", "--bench", str(path)],
        ["cells", "--bench", "no"],
    ):
        outcome = zoo("list", *arguments)
        assert outcome.code == 2
        assert "zoo: error: --bench" in outcome.err


@pytest.mark.parametrize("name", [*list_cells(), *list_wirings(), *MODELS, *TASKS.names(), *DATA.names()])
def test_show_knows_every_part(zoo, name):
    outcome = zoo("show", name)
    assert outcome.code == 0
    assert outcome.out.startswith(f"{name} (")


@pytest.mark.parametrize("name", recipes())
def test_show_knows_every_recipe(zoo, name):
    outcome = zoo("show", name)
    assert recipes()[name].read_text(encoding="utf-8").rstrip() in outcome.out
    assert f"zoo fit --config {name}" in outcome.out


def test_show_a_cell(zoo):
    out = zoo("show", "lstm").out
    assert "c_t = f_t ∘ c_{t-1} + i_t ∘ g_t" in out
    assert "h (B, 128), c (B, 128)" in out
    assert "4 H I + 4 H² + 4 H = 131,584 at I = H = 128" in out
    assert "https://doi.org/10.1162/neco.1997.9.8.1735" in out
    assert "auto picks c: its step compiles to C" in out
    assert "forget_bias: float = 1.0" in out
    assert out == zoo("show", "LSTM").out


def test_show_a_cell_whose_recurrent_rows_are_not_its_input_rows(zoo):
    out = zoo("show", "lru").out
    assert "r, i, d; with recurrent weights: r, i" in out
    assert "3 H I + 2 H² + 3 H = 82,304 at I = H = 128" in out
    assert out.count("  bias: bool") == 1
    assert "  bias: bool = False" in out
    assert "z, n; with recurrent weights: none" in zoo("show", "mingru").out


def test_show_a_wiring_a_task_and_data(zoo):
    assert "unequal: Unequal = 'project'" in zoo("show", "residual").out
    assert "optimizer: OptimizerSpec" in zoo("show", "language_model").out
    assert "Images of one batch." in zoo("show", "Digits").out


def test_show_a_model(zoo):
    out = zoo("show", "antisymmetric-mnist").out
    assert re.search(r"^stack +antisymmetric_rnn-1x128$", out, re.MULTILINE)
    assert re.search(r"^parameters +17,930$", out, re.MULTILINE)
    assert "10K (skew-symmetric matrices once, 9,674 here)" in out
    assert "24M (whole model)" in zoo("show", "awd-lstm-ptb").out
    assert "published" not in zoo("show", "char-rnn").out


def test_show_a_model_that_is_more_than_a_stack(zoo):
    translator = zoo("show", "rnnsearch").out
    assert "gru-1x1000,cell.reset=before, attention additive, bridge learned, input feeding" in translator
    assert "embedding_size 620" in translator
    tagger = zoo("show", "lample-lstm-crf").out
    assert re.search(r"^characters +bi-lstm-1x25$", tagger, re.MULTILINE)
    assert "sequence_tagger, crf true" in tagger


def test_show_a_stack_by_its_name(zoo):
    out = zoo("show", "bi-lstm-4x64-residual").out
    assert "395,264 in the stack" in out
    assert "sequence_classifier" in out


def test_a_broken_plug_in_is_marked_and_breaks_nothing(zoo, monkeypatch):
    broken = {"bad_cells": "ImportError: no module named nothing"}
    monkeypatch.setattr("zoo.cli.verbs.list.load_plugins", lambda: broken)
    outcome = zoo("list", "cells")
    assert outcome.code == 0
    assert "lstm" in outcome.out
    assert "broken plug-in bad_cells: ImportError" in outcome.err


def test_a_cell_in_the_users_own_file(zoo, folder, monkeypatch):
    (folder / "own_cells.py").write_text(OWN)
    monkeypatch.setattr("sys.path", [*sys.path])
    out = zoo("show", "--allow-import", "own_cells", "leaky_for_test").out
    assert "H I + H² + H = 32,896" in out
    assert "leak: float = 0.5" in out
    assert "How much is kept." in out
    assert "auto picks c:" in out


OWN = '''
from dataclasses import dataclass
from typing import final

import torch

from zoo import Card, Cell, CellSpec, Hidden, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LeakySpec(CellSpec):
    """Options."""

    leak: float = 0.5
    """How much is kept."""


@final
@register_cell("leaky_for_test", LeakySpec)
class Leaky(Cell):
    """A leaky integrator."""

    card = Card(paper="none")
    gates = "n"

    def step(self, pre, state, product):
        (h,) = state
        h = self.spec.leak * h + (1 - self.spec.leak) * torch.tanh(pre + product("n", h))
        return h, Hidden(h)
'''


def test_help_is_made_from_the_verbs(zoo):
    shown = zoo("--help").out
    assert [line.split()[0] for line in shown.split("\n\n")[1].splitlines()] == list(known_verbs())
    assert list(known_verbs())[:5] == ["fit", "validate", "test", "predict", "inspect"]
    for name, verb in known_verbs().items():
        assert re.search(rf"^  {name} +[a-z].*[^.]$", shown, re.MULTILINE)
        assert verb.load().name == name


@pytest.mark.parametrize("name", known_verbs())
def test_every_verb_has_help_and_answers_a_mistake_in_a_sentence(zoo, name):
    helped, wrong = zoo(name, "--help"), zoo(name, "--no_such_option")
    assert helped.code == 0
    assert helped.out.startswith(f"usage: zoo {name}")
    assert helped.err == ""
    assert wrong.code == 2
    assert "no_such_option" in wrong.err
    assert wrong.err.count("\n") == 1
