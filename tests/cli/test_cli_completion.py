"""What a shell is answered that asks what may be typed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import zoo

pytest.importorskip("argcomplete")
RECIPE = "--config digits_rows_lstm"


def answers(line, folder):
    """The completions of a line, of which the last word has been begun."""
    answer = folder / "answer.txt"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
        "PYTHONPATH": os.pathsep.join([str(Path(zoo.__file__).parents[1]), *sys.path]),
    }
    code = "import sys, zoo.cli; sys.exit(zoo.cli.main())"
    subprocess.run([sys.executable, "-c", code], env=os.environ | asked, check=False)
    return [each.strip() for each in answer.read_text().split("\n")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("zoo sw", ["sweep"]),
        (f"zoo fit {RECIPE} --model.network.encoder.num", ["--model.network.encoder.num_layers"]),
        (f"zoo sweep {RECIPE} --model.network.encoder.cell gr", ["gru", "gru_d"]),
        ("zoo sweep --no-p", ["--no-pruning"]),
    ],
)
def test_what_is_begun_is_completed(tmp_path, line, expected):
    assert answers(line, tmp_path) == expected
