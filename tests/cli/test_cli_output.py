"""What is printed goes to whoever reads it, and to nobody where nobody does."""

import subprocess
import sys
from pathlib import Path

import pytest

LIST = [sys.executable, "-m", "zoo", "list"]


def test_a_reader_that_has_read_enough_is_no_mistake():
    """As with `zoo list | head -1`."""
    process = subprocess.Popen(LIST, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_under_the_output_is_said_in_a_sentence():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(LIST, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "zoo: error: what is printed cannot be written: No space left on device\n"


def test_a_misspelt_option_config_is_recognised(zoo):
    assert "did you mean 'config'?" in zoo("fit", "--confg", "small.yaml").err
