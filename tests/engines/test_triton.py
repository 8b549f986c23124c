"""Triton's kernels, in processes of their own: through its interpreter on the CPU, and compiled for a GPU."""

import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from zoo.engines.program.ir import PRIMITIVES, Op, Ref
from zoo.engines.triton.build import load_kernels, unavailable
from zoo.engines.triton.expressions import TRITON_EXPRESSIONS, ops_without_triton

HERE = Path(__file__).parent
installed = importlib.util.find_spec("triton") is not None
needs_triton = pytest.mark.skipif(not installed, reason="triton is not installed")


def python(*arguments, **environment):
    """Output of a Python process; whatever it says where it fails."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "TRITON_INTERPRET": "0", "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    return done.stdout


@needs_triton
def test_the_kernels_are_exact_in_the_interpreter(tmp_path):
    arguments = [
        "-m",
        "pytest",
        HERE / "interpreted.py",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        tmp_path / "own",
    ]
    assert " passed" in python(*arguments, TRITON_INTERPRET="1")


@needs_triton
def test_the_kernels_compile_for_a_gpu_that_is_not_there(tmp_path):
    folders = {"ZOO_CACHE": str(tmp_path / "zoo"), "TRITON_CACHE_DIR": str(tmp_path / "triton")}
    shared = python(HERE / "compiled_for_gpu.py", **folders)
    assert max(map(int, shared.split())) <= 64 * 1024


def test_every_primitive_has_an_expression():
    assert set(TRITON_EXPRESSIONS) == PRIMITIVES


def test_an_operation_without_an_expression_is_named():
    known = [Op("row_sum", (Ref(0),)), Op("mul.Tensor", (Ref(0), Ref(0)))]
    assert ops_without_triton([*known, Op("lgamma.default", (Ref(0),))]) == ["lgamma.default"]


def test_nothing_imports_triton_before_a_kernel_runs():
    modules = "zoo, zoo.engines.triton.kernel, zoo.engines.triton.linear"
    python("-c", f"import sys, {modules}; sys.exit('triton' in sys.modules)")


def test_a_kernel_lies_in_no_file_that_could_be_damaged(tmp_path, monkeypatch):
    """Triton reads the source of a kernel with `inspect` when the module is made."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "file"))
    source = "def twice(x):\n    return 2 * x\n"
    module = load_kernels(source)
    assert module.twice(3) == 6
    assert inspect.getsource(module.twice) == source
    assert load_kernels(source) is module


def test_it_says_why_no_kernel_can_run(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert unavailable() == "triton is not installed"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert unavailable() == "no CUDA device"
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert unavailable() is None
