"""`zoo cache`: where compiled libraries are, how many and how large, and that they can be removed."""

import os
import subprocess
import sys

import pytest

from zoo.engines.c import build


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def compile_one(number):
    return build.load_library(f"int answer(void) {{ return {number}; }}", "double")["answer"]()


def test_it_says_where_they_are_how_many_and_how_large(zoo, kept):
    assert zoo("cache").out == f"cache     {kept}\nkept      0 libraries, 0 kB of at most 64 MB\n"
    compile_one(1)
    size = sum(path.stat().st_size for path in kept.iterdir())
    assert zoo("cache").out.endswith(f"\nkept      1 library, {size / 1e3:.0f} kB of at most 64 MB\n")


def test_clearing_removes_them_and_they_are_made_anew(zoo, kept):
    compile_one(1)
    compile_one(2)
    (kept / "notes.txt").write_text("of the user")
    size = sum(path.stat().st_size for path in kept.glob("*.so"))
    done = zoo("cache", "--clear")
    assert (done.code, done.out) == (0, f"cleared   2 libraries, {size / 1e3:.0f} kB: {kept}\n")
    assert [path.name for path in kept.iterdir()] == ["notes.txt"]
    assert compile_one(2) == 2
    assert len(list(kept.glob("*.so"))) == 1


def test_there_need_be_no_folder(zoo, kept):
    done = zoo("cache", "--clear")
    assert (done.code, done.out) == (0, f"cleared   0 libraries, 0 kB: {kept}\n")
    assert not kept.exists()


def test_a_folder_of_no_use_is_said_to_be_so(zoo, kept):
    kept.mkdir()
    kept.chmod(0o777)
    assert f"not used  others can write to {kept}" in zoo("cache").out
    kept.rmdir()
    kept.write_text("in the way")
    assert f"not used  {kept} is a file" in zoo("cache").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--claer",), "did you mean '--clear'"), (("clear",), "takes no 'clear'; did you mean '--clear'")],
)
def test_a_mistake_is_answered_in_a_sentence(zoo, kept, arguments, words):
    done = zoo("cache", *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1


def test_it_never_imports_torch(tmp_path):
    code = (
        "import sys; from zoo.cli import main\n"
        "for arguments in (['--help'], [], ['--clear']): assert main(['cache', *arguments]) == 0\n"
        "print('torch' in sys.modules)"
    )
    environment = {**os.environ, "ZOO_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.startswith("usage: zoo cache [--clear]")
    assert done.stdout.splitlines()[-1] == "False"
