"""Claims: each says what it must, follows its rule, and what was measured is kept, read again and shown."""

import csv

import numpy as np
import pytest

from zoo.claims import CLAIMS
from zoo.claims.base import Measured, Number, Resources, Verdict, claim, in_order
from zoo.claims.picture import picture
from zoo.claims.record import Record, read, write
from zoo.cli import main

KEYS = in_order(CLAIMS.names())


@pytest.mark.parametrize("key", KEYS)
def test_a_claim_says_what_it_must(key):
    asked = claim(key)
    assert asked.says.endswith(".")
    assert asked.says[0].isupper()
    assert "holds if" in asked.rule
    assert "contradicted" in asked.rule
    assert asked.source
    assert asked.ran
    assert claim(key, is_full=True).key == key


def test_claims_come_in_the_order_of_the_notes():
    assert in_order(["b1", "x2", "v10", "s1", "v2", "g1", "l1", "d1"]) == [
        *("s1", "v2", "v10", "x2", "l1", "g1", "d1", "b1")
    ]


def test_what_was_measured_is_read_as_it_was_written(tmp_path):
    numbers = (
        Number(what="a, b", value=1.5, spread=0.25, seeds=3, published="2 (x)"),
        Number(what="c", value=0.0),
    )
    record = Record(
        key="v1",
        numbers=numbers,
        verdict=Verdict.IN_PART,
        finding='"so"',
        ran="this",
        seconds=2.0,
        versions=("0", "1", "2"),
    )
    write([record], tmp_path)
    (again,) = read(tmp_path).values()
    assert tuple(again.numbers) == numbers
    assert again == Record(**{**vars(record), "numbers": again.numbers})


@pytest.mark.parametrize("slope_off", [0.0, 0.5])
def test_a_rule_follows_the_numbers(slope_off):
    asked = claim("v1", sizes={"largest": (0.5,)})
    numbers = [
        number
        for kind in ("symmetric", "not normal")
        for number in (
            Number(what=f"{kind}, λ = 0.5: largest relative error", value=1e-12),
            Number(what=f"{kind}, λ = 0.5: slope of the logarithm", value=np.log(0.5) + slope_off),
        )
    ]
    expected = Verdict.CONTRADICTED if slope_off else Verdict.HOLDS
    assert asked.judge(Measured(tuple(numbers))) is expected


SMALL = {"v1": {"steps": 60}, "x2": {"steps": 60, "starts": 20}}
"""Claims that take a moment, with sizes that take less; the verdict is the same."""


@pytest.mark.parametrize("key", SMALL)
def test_a_quick_claim_holds(key):
    asked = claim(key, sizes=SMALL[key])
    found = asked.measure(Resources())
    assert asked.judge(found) is Verdict.HOLDS, found.numbers
    assert picture(asked, found).axes


TINY = {"v4": {"distances": (2, 3), "updates": 2, "seeds": (1,), "units": 4}}
"""Claims that train, with sizes at which nothing is learned: all of it runs, and the numbers are there."""


@pytest.mark.parametrize("key", TINY)
def test_a_claim_that_trains_runs(key):
    asked = claim(key, sizes=TINY[key])
    found = asked.measure(Resources())
    assert isinstance(asked.judge(found), Verdict)
    assert all(np.isfinite(number.value) for number in found.numbers)
    assert picture(asked, found).axes


def test_the_command_measures_keeps_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["claims", "X2"]) == 0
    first = capsys.readouterr().out
    assert "rule   holds if" in first
    assert "Of 1 measured: 1 holds." in first
    folder = tmp_path / "runs" / "claims"
    assert {path.name for path in folder.iterdir()} == {"X2.png", "claims.csv", "claims.md"}
    rows = list(csv.DictReader((folder / "claims.csv").read_text().splitlines()))
    assert {row["claim"] for row in rows} == {"X2"}
    written = (folder / "X2.png").stat().st_mtime_ns
    assert main(["claims", "x2"]) == 0
    assert capsys.readouterr().out == first
    assert (folder / "X2.png").stat().st_mtime_ns == written


def test_an_unknown_claim_is_a_sentence(capsys):
    assert main(["claims", "v44"]) != 0
    assert "unknown claim 'v44'; did you mean 'V4'" in capsys.readouterr().err
