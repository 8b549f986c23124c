"""The libraries that are kept: nothing that lies under their names, nor any other process, ends a run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zoo import cache
from zoo.engines.c import build, c_products

BEGIN = """\
import os, sys, time
from pathlib import Path
from zoo import cache
from zoo.engines.c import build

def source(number):
    return f"int answer(void) {{ return {number}; }}"

def answer(number):
    return build.load_library(source(number), "double")["answer"]()

def forked(work):
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    return child

def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
"""A process that imports torch once and forks: each fork opens its libraries anew."""

DAMAGED = """
first, second = 1, 2
for number in (first, second):
    assert ended(forked(lambda: answer(number))) == 0
folder = Path(os.environ["ZOO_CACHE"])
whole = {path: path.read_bytes() for path in sorted(folder.iterdir())}
(path, content), (_, other) = whole.items()
damages = {
    "cut short": content[:len(content) // 3],
    "of another content": other,
    "with a bit flipped": content[:5000] + bytes([content[5000] ^ 4]) + content[5001:],
    "garbage": b"not a library",
    "empty": b"",
}
for name, damaged in damages.items():
    path.unlink()
    path.write_bytes(damaged)
    def look():
        assert {answer(first), answer(second)} == {first, second}
    code = ended(forked(look))
    print(f"{name}: ended with {code}, {'mended' if path.read_bytes() == content else 'left'}", flush=True)
"""
CROWDED = """
numbers, workers, rounds = 2, int(sys.argv[1]), int(sys.argv[2])

def works(worker):
    for turn in range(rounds):
        number = (worker + turn) % numbers
        def use():
            assert answer(number) == number
        if ended(forked(use)) != 0:
            sys.exit(1)

def clears():
    while True:
        cache.clear(cache.cache_folder())
        time.sleep(0.005)

clearer = forked(clears)
children = [forked(lambda: works(worker)) for worker in range(workers)]
codes = [ended(child) for child in children]
os.kill(clearer, 9)
os.waitpid(clearer, 0)
print(codes)
"""
KILLED = """
import random, signal
kills, left = int(sys.argv[1]), 0
for turn in range(kills):
    child = forked(lambda: answer(turn % 3))
    time.sleep(random.Random(turn).uniform(0, 0.15))
    os.kill(child, signal.SIGKILL)
    ended(child)
    def look():
        assert answer(turn % 3) == turn % 3
    left += ended(forked(look)) != 0
    if turn % 5 == 0:
        cache.clear(cache.cache_folder())
print(left)
"""


def run(program: str, folder: Path, *arguments: object) -> str:
    """What a program prints that keeps its libraries in a folder."""
    command = [sys.executable, "-c", BEGIN + program, *map(str, arguments)]
    environment = {**os.environ, "ZOO_CACHE": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def compile_one(folder: Path) -> Callable[[int], Path]:
    """Compiles the library of a number, and returns its file."""

    def compiled(number: int) -> Path:
        before = set(folder.glob("*"))
        build.load_library(f"int answer(void) {{ return {number}; }}", "double")
        (made,) = set(folder.glob("*")) - before
        return made

    return compiled


def test_what_is_no_library_of_this_name_is_made_anew(tmp_path: Path) -> None:
    lines = run(DAMAGED, tmp_path / "kept").splitlines()
    assert len(lines) == 5
    assert all(line.endswith("ended with 0, mended") for line in lines), lines


def test_processes_compile_and_load_while_another_clears(tmp_path: Path) -> None:
    assert run(CROWDED, tmp_path / "kept", 3, 8) == "[0, 0, 0]"


@pytest.mark.exhaustive
def test_many_processes_compile_and_load_while_another_clears(tmp_path: Path) -> None:
    assert run(CROWDED, tmp_path / "kept", 8, 100) == str([0] * 8)


@pytest.mark.exhaustive
def test_a_process_that_is_killed_leaves_nothing_that_ends_the_next(tmp_path: Path) -> None:
    assert run(KILLED, tmp_path / "kept", 200) == "0"


def test_the_least_recently_used_go_first(
    folder: Path, compile_one: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [compile_one(number) for number in range(3)]
    for age, path in enumerate(paths):
        os.utime(path, (1000 + age, 1000))
    build.load_library("int answer(void) { return 0; }", "double")  # the oldest is used again
    size = paths[0].stat().st_size
    monkeypatch.setattr(cache, "LIMIT", 3 * size + size // 2)
    paths.append(compile_one(3))
    assert sorted(folder.iterdir()) == sorted([paths[0], paths[2], paths[3]])


def test_a_library_larger_than_the_limit_is_kept_until_the_next(
    folder: Path, compile_one: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "LIMIT", 1)
    first = compile_one(0)
    assert list(folder.iterdir()) == [first]
    second = compile_one(1)
    assert list(folder.iterdir()) == [second]


def test_what_a_crash_left_is_swept_and_files_of_others_are_not(
    folder: Path, compile_one: Callable[[int], Path]
) -> None:
    made = compile_one(0)
    own, running, abandoned = folder / "own.so", folder / "compiling-now", folder / "compiling-once"
    own.write_text("of somebody else")
    for left in (running, abandoned):
        left.mkdir()
        (left / "recurrence.so").write_text("half")
    os.utime(abandoned, (1000, 1000))
    assert list(cache.clear(folder)) == [made]
    assert sorted(folder.iterdir()) == sorted([own, running])


def test_those_of_the_matrix_products_go_too(folder: Path) -> None:
    c_products.product_library.__wrapped__("double")
    c_products.bf16_products.__wrapped__()  # none where the processor has no such products
    made = set(folder.glob("*.so"))
    assert made
    assert set(cache.clear(folder)) == made
    assert not list(folder.iterdir())


def test_a_library_is_on_the_disk_before_it_has_its_name(
    folder: Path, compile_one: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    flush, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: order.append("flushed") or flush(handle))
    monkeypatch.setattr(Path, "replace", lambda path, target: order.append("renamed") or rename(path, target))
    compile_one(0)
    assert order == ["flushed", "renamed", "flushed"]
