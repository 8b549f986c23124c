"""What README and docs say, done: code runs, commands work, tables are those of the files."""

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from zoo.claims import CLAIMS
from zoo.layouts import LAYOUTS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^    (.*)$", README, re.MULTILINE)
ZOO = str(Path(sys.executable).parent / "zoo")
SHORT = [
    "--trainer.max_epochs=1",
    *(f"--trainer.limit_{split}_batches=2" for split in ("train", "val", "test")),
]


def block(language, containing):
    (text,) = [text for kind, text in BLOCKS if kind == language and containing in text]
    return text


def zoo_command(line):
    """The arguments of the zoo command in a line of the README, with recipes found from any folder."""
    words = shlex.split(line[line.index("zoo ") :])[1:]
    return [ZOO, *(str(ROOT / word) if word.startswith("recipes/") else word for word in words)]


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_python_example_runs(tmp_path):
    done = run([sys.executable, "-c", block("python", "create_model")], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "(4, 10, 16) 3" in done.stdout
    assert "LSTM(5, 8, num_layers=2, batch_first=True, bidirectional=True)" in done.stdout


def test_the_quickstart_trains(tmp_path):
    (line,) = [line for line in COMMANDS if "pip install" in line and "zoo fit" in line]
    done = run([*zoo_command(line), *SHORT], tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs/digits_bilstm_residual/version_0/gradients.png").exists()


def test_the_recipe_shown_is_a_recipe(tmp_path):
    (tmp_path / "mine.yaml").write_text(block("yaml", "seed_everything"))
    assert yaml.safe_load(block("yaml", "seed_everything"))["data"]["init_args"] == {"batch_size": 64}
    done = run([ZOO, "fit", "--config", "mine.yaml", *SHORT], tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_cell_of_ones_own_trains_and_reloads(tmp_path):
    cell = block("python", "register_cell")
    assert len(cell.strip().splitlines()) <= 25
    (tmp_path / "my_cells.py").write_text(cell)
    (line,) = [line for line in COMMANDS if "--allow-import" in line]
    done = run([*zoo_command(line), *SHORT], tmp_path)
    assert done.returncode == 0, done.stderr
    (checkpoint,) = (tmp_path / "runs/digits_bilstm_residual/version_0/checkpoints").glob("last.ckpt")
    test = [*zoo_command(line.replace("zoo fit", "zoo test")), f"--ckpt_path={checkpoint}"]
    done = run(test, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "test/accuracy" in done.stdout


def test_a_cell_of_ones_own_is_let_in_from_outside_only(tmp_path):
    (tmp_path / "my_cells.py").write_text(block("python", "register_cell"))
    (line,) = [line for line in COMMANDS if "--allow-import" in line]
    words = zoo_command(line)
    at = words.index("--allow-import")
    done = run([*words[:at], *words[at + 2 :], *SHORT], tmp_path)
    assert done.returncode == 2
    assert "my_mgu" in done.stderr


def test_the_tables_are_those_of_the_measurements():
    tables = runpy.run_path(str(ROOT / "recipes/results/tables.py"))
    pages = [page.read_text(encoding="utf-8") for page in tables["PAGES"]]
    for page in pages:
        assert tables["filled"](page) == page
    assert sum(page.count("| seed |") + page.count("| recipe |") for page in pages) >= 3


def test_the_page_of_claims_is_that_of_the_table():
    """What `python recipes/results/claims.py FOLDER` writes; each claim that there is has been measured."""
    written = runpy.run_path(str(ROOT / "recipes/results/claims.py"))
    assert written["written"]() == (ROOT / "docs/claims.md").read_text(encoding="utf-8")
    assert sorted(written["read"](ROOT / "recipes/results")) == CLAIMS.names()


def test_a_table_shows_means_side_by_side_of_the_rows_that_are_asked_for(tmp_path):
    file = tmp_path / "found.csv"
    rows = ["who,where,when,score", "a,x,1,1", "a,x,1,4", "a,y,1,7", "b,x,1,9", "b,x,2,100", "b,z,1,100"]
    file.write_text("\n".join(rows))
    mark = f"<!-- {file} by who across where where when=1 and where=x|y: score -->\n"
    filled = runpy.run_path(str(ROOT / "recipes/results/tables.py"))["filled"]
    assert filled(mark) == mark + "| who | x | y |\n| --- | --- | --- |\n| a | 2.5 | 7 |\n| b | 9 |  |\n"


def test_the_readme_is_read_in_one_sitting():
    assert len(README.splitlines()) < 120


def test_links_lead_to_files():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("name", ["gradients.md", "weights.md"])
def test_the_functions_shown_run(name, tmp_path):
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    done = run([sys.executable, "-c", code], tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_layouts_shown_are_those_there_are():
    page = (ROOT / "docs/weights.md").read_text(encoding="utf-8")
    firsts = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert sorted(name.strip("`") for row in firsts for name in row.split(", ")) == LAYOUTS.names()


def test_install_lines_pin_torch():
    for line in COMMANDS:
        if "pip install" in line:
            assert "-c constraints.txt" in line


def test_the_verdict_shown_is_the_one_that_inspect_gives(tmp_path):
    page = (ROOT / "docs/gradients.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^    (zoo inspect .*)$", page, re.MULTILINE)
    (shown,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    done = run(zoo_command(line), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(shown)
