"""The wheel, without the clone that it was built from."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of a wheel's files."""
    build = pytest.importorskip("hatchling.build")
    folder = tmp_path_factory.mktemp("wheel")
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        name = build.build_wheel(str(folder))
    finally:
        os.chdir(before)
    with zipfile.ZipFile(folder / name) as wheel:
        wheel.extractall(folder / "installed")
    return folder / "installed"


def test_recipes_are_found_by_name_with_no_clone_about(installed, tmp_path):
    code = (
        "from zoo.cli.recipes.recipe import RecipeInputs; "
        "given = RecipeInputs.of(['--config', 'digits_bilstm_residual']); "
        "print(given.files[0]); print(given.merged['model']['class_path'])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    path, model = done.stdout.splitlines()
    assert Path(path) == installed / "zoo/_recipes/classification/digits_bilstm_residual.yaml"
    assert model.endswith(".SequenceClassifier")
    assert (installed / "zoo/py.typed").is_file()
