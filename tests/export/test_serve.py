"""The examples of docs/export.md, run: they say what the model itself says."""

import contextlib
import importlib.util
import io
import json
import re
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import torch

import zoo
from zoo.cli import main

for package in ("safetensors", "onnxruntime", "onnxscript"):
    pytest.importorskip(package)

PAGE = (Path(__file__).parents[2] / "docs/export.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def block(containing):
    (text,) = [code for code in CODE if containing in code]
    return text


@pytest.fixture(scope="module")
def exports(trained, tmp_path_factory):
    """The same run in all three forms, as the examples name them."""
    folder = tmp_path_factory.mktemp("exports")
    jaxtyping.config.update("jaxtyping_disable", True)  # while torch traces, a size is a symbol
    with contextlib.chdir(folder):
        for form in ("safetensors", "onnx", "torch"):
            assert main(["export", "--ckpt_path", str(trained / "runs/small"), "--format", form]) == 0
    jaxtyping.config.update("jaxtyping_disable", False)
    return folder


def run(code, folder, **names):
    found = {"__name__": "example", **names}
    with contextlib.chdir(folder):
        exec(code, found)
    return found


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 17, (3, 8, 8)).astype(np.float32)


def scores_of(trained, images):
    task = zoo.load(trained / "runs/small").task
    with torch.no_grad():
        return task(torch.from_numpy(images)).numpy()


def test_a_stream_in_onnxruntime(exports, trained, images):
    found = run(block("class Stream"), exports)
    with contextlib.chdir(exports):
        stream = found["Stream"]("small-onnx")
    for row in images[0]:
        scores = stream(row.tolist())
    np.testing.assert_allclose(scores, scores_of(trained, images)[0], atol=1e-5)


def test_batches_in_torch_alone(exports, trained, images, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(images.tolist()) + "\n"))
    run(block("torch.export.load"), exports)
    said = json.loads(capsys.readouterr().out)
    expected = torch.from_numpy(scores_of(trained, images)).softmax(-1)
    torch.testing.assert_close(torch.tensor(said), expected, atol=1e-5, rtol=0)


@pytest.mark.skipif(importlib.util.find_spec("litserve") is None, reason="litserve is not installed")
def test_a_service_of_litserve(exports, trained, images):
    api = run(block("litserve"), exports)["Predictions"]()
    with contextlib.chdir(exports):
        api.setup("cpu")
    answers = api.encode_response(api.predict(api.decode_request({"items": images.tolist()})))
    assert json.loads(json.dumps(answers))["answers"] == zoo.load(trained / "runs/small").predict(
        list(images)
    )


def test_the_functions_shown_run(tmp_path, capsys):
    run(block("save_pretrained"), tmp_path)
    assert capsys.readouterr().out == "True True\n"


def test_examples_are_short():
    assert all(len(code.splitlines()) <= 30 for code in CODE)
