"""What docs say about wirings, tasks and callbacks of one's own, typed as it stands there."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from zoo.wiring import WIRINGS

DOCS = Path(__file__).resolve().parents[2] / "docs"
SHORT = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--data.batch_size=16"]
SHORT += [f"--trainer.limit_{split}_batches=1" for split in ("train", "val", "test")]


@pytest.mark.parametrize(
    ("page", "module", "said"),
    [
        ("own-wiring", "my_wirings", "scaled_sum"),
        ("own-task", "my_tasks", "test/mae"),
        ("own-callback", "my_callbacks", "test/accuracy"),
    ],
)
def test_a_part_of_ones_own_works_as_written(page, module, said, zoo, folder, monkeypatch):
    monkeypatch.setattr("sys.path", [*sys.path])
    monkeypatch.setattr(WIRINGS, "_parts", dict(WIRINGS._parts))
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```(python|yaml)\n(.*?)```", text, re.DOTALL))
    (folder / f"{module}.py").write_text(blocks["python"])
    (folder / "median.yaml").write_text(blocks.get("yaml", ""))
    line = re.findall(r"^    (zoo fit .*)$", text, re.MULTILINE)[-1]
    outcome = zoo(*shlex.split(line)[1:], *SHORT)
    sys.modules.pop(module, None)
    assert outcome.code == 0, outcome.err
    assert said in outcome.out


def test_a_gradient_is_debugged_as_written(capsys):
    text = (DOCS / "debug-gradients.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "debug-gradients.md", "exec"), {})
    said = capsys.readouterr().out
    assert "layer_4/forward: 50 steps back there is" in said
    assert "not finite: nothing" in said


def test_the_lines_about_wandb_are_understood(zoo, folder):
    text = (DOCS / "wandb.md").read_text(encoding="utf-8")
    *_, offline, named = re.findall(r"^    (zoo fit .*)$", text, re.MULTILINE)
    outcome = zoo(*shlex.split(offline)[1:], *shlex.split(named)[6:], "--print_config")
    assert outcome.code == 0, outcome.err
    logger = yaml.safe_load(outcome.out)["trainer"]["logger"]
    assert logger["init_args"]["offline"] is True
    assert logger["init_args"]["project"] == "mine"
    assert logger["init_args"]["tags"] == ["lstm", "deep"]
