"""The compiled engine: what it keeps, what it does without a compiler, and that threads change nothing."""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import torch

from engines.subjects import (
    EACH_SUBJECT,
    Size,
    assert_close,
    assert_identical,
    engines,
    expected,
    leaves_of,
    module_of,
    results,
    run_of,
    sequences_of,
    weighted,
)
from zoo.cache import cache_folder
from zoo.engines import pick, run_all
from zoo.engines.base import ChosenEngine
from zoo.engines.c import build, engine
from zoo.engines.c.c_products import product_library

BOTH = Size(9, 5, lengths=True, resets=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for compiled libraries."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "kept"))
    product_library.cache_clear()
    yield tmp_path / "kept"
    product_library.cache_clear()


def recurrences(paths: Iterable[Path]) -> list[Path]:
    """The libraries that hold a recurrence, not the product that all of them call."""
    return sorted(path for path in paths if not path.name.startswith("product-"))


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The libraries compiled from now on."""
    made: list[Path] = []
    compile_one = build._compile

    def counted(path: str, source: str, flavour: list[str], library: Path) -> None:
        made.extend(recurrences([library]))
        compile_one(path, source, flavour, library)

    monkeypatch.setattr(build, "_compile", counted)
    return made


@pytest.fixture
def without_caches() -> Iterator[Callable[[], None]]:
    """Forgets which compiler there is, now and after the test."""

    def forget() -> None:
        build.compiler.cache_clear()
        build._version.cache_clear()
        build._flavours.cache_clear()
        engine.warn_once.cache_clear()

    forget()
    yield forget
    forget()


def run_compiled(name: str, width: int = 5, size: Size = BOTH, dtype: torch.dtype = torch.float64) -> None:
    module = module_of(name, width, dtype)
    recurrence = module.recurrence()
    results(run_of("c", recurrence), module, sequences_of(recurrence, size))


def test_one_library_for_all_sizes_and_one_for_each_type(folder: Path, compilations: list[Path]) -> None:
    for width in (5, 7, 1):
        for size in (Size(1, 1), Size(4, 3), Size(9, 5, lengths=True, resets=True)):
            run_compiled("lstm", width, size)
    assert len(compilations) == 1
    run_compiled("lstm without bias")
    assert len(compilations) == 1
    run_compiled("lstm", dtype=torch.float32)
    assert len(compilations) == 2
    run_compiled("gru")
    assert len(compilations) == 3
    assert recurrences(folder.iterdir()) == sorted(compilations)


def test_another_process_finds_what_was_compiled(folder: Path) -> None:
    run_compiled("lstm")
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    code = (
        "import torch; from zoo.stack import StackSpec; from zoo.engines.c import build\n"
        "build._compile = None\n"
        "stack = StackSpec(cell='lstm', hidden_size=3, engine='c').build(2).double()\n"
        "print(stack(torch.ones(1, 2, 2).double())[0].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "torch.Size([1, 2, 3])", done.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_no_half_written_library_is_ever_seen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the compiler writes, nothing lies under the library's name; what failed leaves nothing."""
    seen: list[list[Path]] = []
    run = subprocess.run

    def looking(command: list[str], *args: object, **options: object) -> object:
        done = run(command, *args, **options)  # type: ignore[call-overload]
        seen.append(recurrences(folder.glob("*.so")))
        return done

    monkeypatch.setattr(build.subprocess, "run", looking)
    run_compiled("elman")
    assert seen[-1] == []
    assert len(recurrences(folder.iterdir())) == 1
    monkeypatch.setattr(build, "FLAGS", [*build.FLAGS, "--no-such-option"])
    with pytest.warns(UserWarning, match="could not be compiled"):
        run_compiled("gru")
    assert len(recurrences(folder.iterdir())) == 1


def test_a_library_that_cannot_be_loaded_is_not_fatal(folder: Path, without_caches) -> None:
    """Such as one that another machine left in a shared folder, cut short."""
    run_compiled("elman")
    (library,) = recurrences(folder.iterdir())
    library.unlink()  # the process has it open
    library.write_bytes(b"not a library")
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        module = module_of("elman")
        sequences = sequences_of(module.recurrence(), BOTH)
        found = results(run_of("c", module.recurrence()), module, sequences)
    assert_close(found, expected(module, sequences))


def test_without_a_compiler_auto_takes_another_and_asking_for_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, without_caches, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", str(tmp_path / "no-compiler"))
    recurrence = module_of("gru").recurrence()
    with pytest.warns(UserWarning, match="engine c cannot, for there is no C compiler") as caught:
        choices = [pick("auto", recurrence) for _ in range(3)]
    assert len(caught) == 1
    assert {choice.name for choice in choices} == {"native"}
    assert choices[0].reason.endswith("c cannot, for there is no C compiler; install gcc or clang, or set CC")
    with pytest.raises(ValueError, match="engine 'c' cannot run this: there is no C compiler") as error:
        pick("c", recurrence)
    assert str(error.value).endswith("install gcc or clang, or set CC; use engine 'auto' or 'reference'")


def test_the_compiler_is_that_of_cc_where_it_is_set(
    monkeypatch: pytest.MonkeyPatch, without_caches, tmp_path: Path
) -> None:
    own = tmp_path / "own-compiler"
    own.write_text("#!/bin/sh\nexit 1\n")
    own.chmod(0o755)
    monkeypatch.setenv("CC", str(own))
    assert build.compiler() == (str(own),)


def test_a_compiler_that_fails_gives_one_warning_and_the_result_of_fused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, without_caches, tmp_path: Path
) -> None:
    own = tmp_path / "failing-compiler"
    own.write_text("#!/bin/sh\necho 'disk full' >&2\nexit 1\n")
    own.chmod(0o755)
    monkeypatch.setenv("CC", str(own))
    module = module_of("lstm")
    sequences = sequences_of(module.recurrence(), BOTH)
    run = pick("c", module.recurrence()).run
    with pytest.warns(UserWarning, match="engine 'c': .*disk full; using another engine") as caught:
        found = [results(run, module, sequences) for _ in range(3)]
    assert len(caught) == 1
    assert_identical(found[2], results(run_of("eager", module.recurrence()), module, sequences))


def test_a_folder_that_cannot_be_written_gives_one_warning_and_the_result_of_fused(
    monkeypatch: pytest.MonkeyPatch, without_caches, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "file" / "kept"))
    module = module_of("lstm")
    sequences = sequences_of(module.recurrence(), BOTH)
    with pytest.warns(UserWarning, match="using another engine") as caught:
        found = results(run_of("c", module.recurrence()), module, sequences)
    assert len(caught) == 1
    assert_close(found, expected(module, sequences))


def test_where_libraries_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", "/a")
    assert cache_folder() == Path("/a")
    monkeypatch.delenv("ZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert cache_folder() == Path("/b/zoo")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "zoo"


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Sets how many threads there are, and has the least work be worth them all."""
    before = torch.get_num_threads()
    monkeypatch.setattr("zoo.engines.c.c_products.SHARE", 1)
    yield torch.set_num_threads
    torch.set_num_threads(before)


@EACH_SUBJECT
def test_threads_change_nothing(name: str, threads: Callable[[int], None]) -> None:
    if "c" not in engines(name):
        return
    module = module_of(name)
    run = run_of("c", module.recurrence())
    for size in (Size(6, 17, lengths=True, resets=True), Size(3, 1)):
        sequences = sequences_of(module.recurrence(), size)
        alone = results(run, module, sequences)
        threads(3)
        assert_close(results(run, module, sequences), alone, 1e-12)
        threads(1)


@pytest.mark.parametrize("name", ["lstm", "gru before", "decay", "peephole_lstm"])
@pytest.mark.parametrize("count", [1, 3])
def test_two_runs_at_once_equal_two_single_ones(
    name: str, count: int, threads: Callable[[int], None]
) -> None:
    threads(count)
    modules = [module_of(name), module_of(name)]
    with torch.no_grad():
        for parameter in modules[1].parameters():
            parameter.mul_(-0.5)
    runs = [
        (module.recurrence(), sequences_of(module.recurrence(), Size(7, 4, k == 1, k == 0), seed=k))
        for k, module in enumerate(modules)
    ]
    choices = [pick("c", recurrence) for recurrence, _ in runs]
    leaves = [
        {f"{key} {k}": part for key, part in leaves_of(module, sequences).items()}
        for k, (module, (_, sequences)) in enumerate(zip(modules, runs, strict=True))
    ]
    sources = leaves[0] | leaves[1]
    found = []
    for results_of in (run_all, one_by_one):
        parts = [part for outputs, final in results_of(choices, runs) for part in (outputs, *final)]
        gradients = torch.autograd.grad(
            weighted(parts), list(sources.values()), allow_unused=True, materialize_grads=True
        )
        values = {f"value {k}": part.detach() for k, part in enumerate(parts)}
        found.append(values | dict(zip(sources, gradients, strict=True)))
    assert_close(*found, 1e-12)


def one_by_one(choices: list[ChosenEngine], runs: list) -> list:
    return [choice.run(*run) for choice, run in zip(choices, runs, strict=True)]
