"""Every notebook runs from its first cell to its last, and shows what it promises.

A cell whose numbers make a notebook long says in its metadata what they are here: `"short": {"EPOCHS": 1}`.
"""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def shortened(path):
    """A notebook with the numbers that it names for a short run."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for name, value in cell.metadata.get("short", {}).items():
            cell.source, times = re.subn(rf"^{name} = .*$", f"{name} = {value!r}", cell.source, flags=re.M)
            assert times == 1, f"{name} is not set once, in a line of its own"
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# nbclient's own event loop, not ours, leaves its sockets to the garbage collector
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = shortened(path)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures, "a lesson shows what it says"
    assert not any(output.output_type == "error" for output in outputs)
    assert not any("zoo: error" in output.get("text", "") for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_its_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source]
    assert all(cell.execution_count for cell in code)
