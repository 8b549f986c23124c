"""Claims: each says what it must, follows its rule, and what was measured is kept, read again and shown."""

import csv
import math

import numpy as np
import pytest

from zoo.claims import CLAIMS
from zoo.claims.base import Measured, Number, Resources, Verdict, claim, in_order
from zoo.claims.picture import picture
from zoo.claims.record import Record, read, write
from zoo.claims.training import each
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
        rule="holds if so",
        command="zoo claims V1",
        seconds=2.0,
        versions=("0", "1", "2"),
        fingerprint="abc",
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


SMALL = {
    **{f"s{number}": {} for number in range(1, 15)},
    "s11": {"length": 4000, "epochs": 1},
    "s13": {"updates": 5},
    "v1": {"steps": 60},
    "v2": {"units": 32, "steps": 60},
    "v3": {"steps": 40, "seeds": (1,)},
    "x2": {"steps": 60, "starts": 20},
    "l1": {"steps": 200},
    "l2": {"steps": 20},
    "g1": {"steps": 200},
    "b2": {"length": 20_000, "seeds": (1,)},
}
"""Claims that take a moment, with sizes that take less; the verdict is the same."""
VERDICTS = {"l2": Verdict.IN_PART}
"""Of those that do not simply hold: f never exceeds 1."""


@pytest.mark.parametrize("key", SMALL)
def test_a_quick_claim_holds(key):
    asked = claim(key, sizes=SMALL[key])
    found = asked.measure(Resources())
    assert asked.judge(found) is VERDICTS.get(key, Verdict.HOLDS), found.numbers
    assert picture(asked, found).axes


TINY = {
    "v4": {"distances": (2, 3), "updates": 2, "seeds": (1,), "units": 4},
    "v5": {"updates": 2, "test_size": 60, "seeds": (1,), "units": 4},
    "x1": {"steps": 3, "length": 5, "seeds": (1,), "units": 4},
    "x3": {"steps": 9, "bad": 5, "every": 2, "length": 5, "units": 4, "seeds": (1,)},
    "l3": {"updates": 2, "every": 1, "probe": 30, "units": 4, "seeds": (1,)},
    "g2": {"shapes": ("8x4x8",), "repeats": 1},
    "g3": {"tasks": ("recall over 20 steps", "agreement"), "params": 500, "share": 0.001, "seeds": (1, 2)},
    "d1": {"wirings": ("plain", "residual"), "depths": (2, 3), "epochs": 1, "seeds": (1,), "units": 4},
    "d2": {
        "wirings": ("plain", "dense"),
        "depths": (1, 2),
        "updates": 2,
        "test_size": 6,
        "longest": 5,
        "units": 4,
        "seeds": (1,),
    },
    "b1": {"updates": 2, "epochs": 1, "units": 4, "seeds": (1,)},
}
"""Claims that train, with sizes at which nothing is learned: all of it runs, and the numbers are there."""


@pytest.mark.parametrize("key", TINY)
def test_a_claim_that_trains_runs(key, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"{k % 2} word{k % 2} and {k}\n" for k in range(60)))
    asked = claim(key, sizes=TINY[key])
    found = asked.measure(Resources(root=texts))
    assert isinstance(asked.judge(found), Verdict)
    assert all(np.isfinite(number.value) for number in found.numbers)
    assert picture(asked, found).axes


def test_every_claim_is_run_by_these_tests():
    assert set(SMALL) | set(TINY) == set(KEYS)


def test_several_processes_measure_the_same():
    assert each(math.sqrt, [9.0, 4.0, 1.0], jobs=2) == each(math.sqrt, [9.0, 4.0, 1.0], jobs=1) == [3, 2, 1]


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
