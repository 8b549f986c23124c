"""What can happen while a checkpoint is written: it is whole, or the one before it is still there."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.cli.run.checkpoints import AtomicCheckpointIO
from zoo.cli.run.folder import new_folder
from zoo.runs.atomic_file import PARTIAL, atomic_file, sweep

SAVES = Path(__file__).with_name("saves_in_a_loop.py")
DIES = """
import os, sys
from pathlib import Path
from zoo.runs import atomic_file

def die(*arguments):
    os.kill(os.getpid(), 9)

with atomic_file.atomic_file(Path(sys.argv[1])) as file:
    file.write(b"new")
    {at}
"""
MOMENTS = {
    "while it writes": ("file.flush(); die()", b"old"),
    "before it is on the disk": ("os.fsync = die", b"old"),
    "before it has its name": ("Path.replace = die", b"old"),
    "after it has its name": ("atomic_file._flush = die", b"new"),
}


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, **options
    )


def other_file_system(folder):
    """A folder for temporary files that cannot be renamed into this one."""
    others = (Path(name) for name in ("/dev/shm", "/run/shm", "/tmp"))
    return next(
        (path for path in others if path.is_dir() and path.stat().st_dev != folder.stat().st_dev), folder
    )


@pytest.mark.skipif(os.name != "posix", reason="it forks")
@pytest.mark.parametrize("tries", [5, pytest.param(100, marks=pytest.mark.exhaustive)])
def test_the_process_is_killed_at_any_moment_of_its_saving(tmp_path, tries):
    temporary = os.fspath(other_file_system(tmp_path))
    done = run(SAVES, tmp_path, str(tries), env={**os.environ, "TMPDIR": temporary})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["steps"]) == tries + 1
    assert found["steps"] == sorted(found["steps"])
    if tries > 50:
        assert found["leftovers"] > tries / 10, "else no kill came while a file was being written"
        assert found["steps"][-1] > tries / 10


@pytest.mark.skipif(os.name != "posix", reason="it kills")
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_process_is_killed(tmp_path, moment):
    at, kept = MOMENTS[moment]
    target = tmp_path / "last.ckpt"
    target.write_bytes(b"old")
    assert run("-c", DIES.format(at=at), target).returncode == -9
    assert target.read_bytes() == kept
    assert len(list(tmp_path.iterdir())) == (2 if kept == b"old" else 1)
    AtomicCheckpointIO().save_checkpoint({"step": 2}, target)
    assert list(tmp_path.iterdir()) == [target]


def test_a_killed_run_is_followed_by_another_in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("ZOO_RUN_FOLDER", raising=False)
    killed = new_folder(tmp_path) / "checkpoints"
    killed.mkdir()
    (killed / f"{PARTIAL}0123456789abcdef").write_bytes(b"half of it")
    (killed / "last.ckpt").write_bytes(b"whole")
    assert new_folder(tmp_path).name == "version_1"
    assert [path.name for path in killed.iterdir()] == ["last.ckpt"]


def test_two_processes_save_into_one_folder(tmp_path):
    first, second = tmp_path / "first.ckpt", tmp_path / "second.ckpt"
    with atomic_file(first) as file:
        file.write(b"first")
        with atomic_file(second) as other:
            other.write(b"second")
        sweep(tmp_path)
    assert first.read_bytes() == b"first"
    assert {path.name for path in tmp_path.iterdir()} == {"first.ckpt", "second.ckpt"}


def test_a_sweep_takes_a_file_before_it_is_locked(tmp_path, monkeypatch):
    taken = []

    def lock(file, waits):
        if not taken:
            taken.append(Path(file.name))
            taken[0].unlink()

    monkeypatch.setattr("zoo.runs.atomic_file._lock", lock)
    with atomic_file(tmp_path / "last.ckpt") as file:
        file.write(b"whole")
    assert (tmp_path / "last.ckpt").read_bytes() == b"whole"
    assert taken


def test_files_of_others_are_swept_away(tmp_path):
    others = [".partial", ".hidden", "partial-1", "last.ckpt", ".tmp-1.ckpt"]
    for name in others:
        (tmp_path / name).write_text("not ours")
    (tmp_path / f"{PARTIAL}folder").mkdir()
    AtomicCheckpointIO().save_checkpoint({"step": 1}, tmp_path / "new.ckpt")
    assert {path.name for path in tmp_path.iterdir()} == {*others, f"{PARTIAL}folder", "new.ckpt"}


@pytest.mark.skipif(os.name != "posix", reason="Windows has no mask")
def test_colleagues_cannot_read_the_checkpoints_of_a_shared_folder(tmp_path):
    before = os.umask(0o027)
    try:
        AtomicCheckpointIO().save_checkpoint({"step": 1}, tmp_path / "last.ckpt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "last.ckpt").stat().st_mode) == 0o640


def test_the_file_system_has_no_locks_and_folders_cannot_be_flushed(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(38, "Function not implemented")

    left = tmp_path / f"{PARTIAL}0123456789abcdef"
    left.write_bytes(b"perhaps of a process on another machine")
    monkeypatch.setattr("zoo.runs.atomic_file._lock", refuse)
    monkeypatch.setattr("os.open", refuse)
    AtomicCheckpointIO().save_checkpoint({"step": 1}, tmp_path / "last.ckpt")
    assert {path.name for path in tmp_path.iterdir()} == {left.name, "last.ckpt"}
