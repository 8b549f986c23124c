"""The C as other machines compile it: without threads, without the widest vectors, for ARM."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engines.subjects import Size, assert_close, expected, module_of, results, run_of, sequences_of
from zoo.cells import CELLS
from zoo.engines import ENGINES
from zoo.engines.c import build
from zoo.engines.c.c_products import product_library
from zoo.engines.c.c_source import c_source

SUBJECTS = ("lstm", "gru before", "layernorm_lstm", "sru peephole")
LACKS = {
    "-alone": "*-fopenmp' '*",
    "-plain": "*-fopenmp' '*|*-march=native*",
}
"""Flavour -> the options that a compiler lacks which gets by with this one, as a pattern of the shell."""
TOLERANCES = {torch.float64: 1e-9, torch.float32: 2e-4}
PRODUCT = Path(build.__file__).with_name("product.c")
ARM = "aarch64-linux-gnu-gcc"


@pytest.fixture(params=LACKS)
def flavour(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What a compiler comes down to that does not have all options."""
    found = build.compiler()
    assert found is not None
    poor = tmp_path / "poor-compiler"
    refusal = f"case \"$*\" in {LACKS[request.param]}) echo 'error: unknown option' >&2; exit 1;; esac"
    poor.write_text(f'#!/bin/sh\n{refusal}\nexec {" ".join(found)} "$@"\n')
    poor.chmod(0o755)
    monkeypatch.setenv("CC", str(poor))
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "kept"))
    caches = (build.compiler, product_library)
    for cache in caches:
        cache.cache_clear()
    yield request.param
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_a_poor_compiler_gives_the_same_values_and_gradients(
    flavour: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    for name in SUBJECTS:
        module = module_of(name, 21, dtype)
        sequences = sequences_of(module.recurrence(), Size(7, 5, lengths=True, resets=True))
        found = results(run_of("c", module.recurrence()), module, sequences)
        assert_close(found, expected(module, sequences), TOLERANCES[dtype])
    kept = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert len(kept) > len(SUBJECTS)
    assert all(name.endswith(f"{flavour}.so") for name in kept), kept


@pytest.mark.skipif(shutil.which(ARM) is None, reason=f"needs {ARM}, a compiler for ARM")
def test_the_c_of_a_cell_and_its_product_compile_for_arm_into_vectors(tmp_path: Path) -> None:
    run = ENGINES["c"].prepare(CELLS["lstm"].spec_class().build(5, 21).recurrence())
    sources = {
        "product": f"typedef float real;\n{PRODUCT.read_text()}",
        "lstm": c_source(run.kernel.layout, "float"),
    }
    for name, source in sources.items():
        code, assembly = tmp_path / f"{name}.c", tmp_path / f"{name}.s"
        code.write_text(build.MACHINE + source)
        options = [*build.FLAGS, *build.FLAVOURS["-plain"], "-Wall", "-Werror", "-Wno-unknown-pragmas"]
        command = [ARM, *options, "-Wno-unused", "-S", str(code), "-o", str(assembly)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "fmla\tv" in assembly.read_text()
