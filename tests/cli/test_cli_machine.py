"""`zoo show` without a name: what this machine has, and which engines can be used on it."""

from pathlib import Path

import pytest

from zoo.cli import main
from zoo.cli.verbs.machine_facts import engine_facts, machine_facts
from zoo.engines import ENGINES


def test_it_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show"]) == 0
    said = capsys.readouterr().out
    for name in ("processor", "cores", "compiler", "torch", *ENGINES):
        assert any(line.startswith(f"{name} ") for line in said.splitlines())
    assert "auto takes it for an LSTM" in said


def test_an_engine_that_cannot_be_used_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.engines.c.engine.compiler", lambda: None)
    monkeypatch.setattr("zoo.cli.verbs.machine_facts.compiler", lambda: None)
    found = engine_facts()
    assert found["c"] == "no: there is no C compiler; install gcc or clang, or set CC"
    assert found["native"] == "yes; auto takes it for an LSTM"
    assert found["reference"] == "yes"
    assert machine_facts()["compiler"].startswith("none")


def test_features_are_those_of_the_processor(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text("model name\t: One\nflags\t\t: fpu avx2 avx512f\n")
    assert machine_facts(path)["processor"].endswith(", AVX2, AVX-512")
    path.write_text("Features\t: fp asimd\n")
    assert machine_facts(path)["processor"].endswith(", NEON")
