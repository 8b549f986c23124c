"""Claims: each says what it must, follows its rule, and what was measured is kept, read again and shown."""

import csv
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from zoo.claims import CLAIMS, run
from zoo.claims.base import Measured, Number, Resources, Verdict, claim, in_order
from zoo.claims.l3_no_guarantee import STARTS
from zoo.claims.picture import picture
from zoo.claims.record import Record, read, write
from zoo.claims.training import each, over_seeds
from zoo.cli import main

MEASURE = run.measure
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


HOLDS, IN_PART, CONTRADICTED = Verdict.HOLDS, Verdict.IN_PART, Verdict.CONTRADICTED
V4, G3 = {"distances": (5, 80)}, {"tasks": ("agreement", "digits by pixels", "adding over 50 steps")}
ELMAN = "elman, distance 80", "elman, orthogonal, distance 80"
NEAR = {"elman, distance 5": 1.0, "elman, orthogonal, distance 5": 1.0}
GATED = {f"{cell}, distance 80": 0.2 for cell in ("lstm", "gru")} | {"lstm, open, distance 80": 1.0}
KINDS = ("symmetric", "not normal")
LOST = ("without clipping", "with clipping")
SLOPE = "slope of the logarithm"
RULES = [
    ("s5", {}, {"output": 1e-16}, HOLDS),
    ("s5", {}, {"output": 1e-3}, CONTRADICTED),
    *(
        (
            "v1",
            {"largest": (0.5,)},
            {
                f"{kind}, λ = 0.5: {what}": value
                for kind in ("symmetric", "not normal")
                for what, value in pair
            },
            verdict,
        )
        for pair, verdict in (
            ([("largest relative error", 1e-12), (SLOPE, math.log(0.5))], HOLDS),
            ([("largest relative error", 1e-12), (SLOPE, math.log(0.5) + 0.1)], CONTRADICTED),
            ([("largest relative error", 1e-3), (SLOPE, math.log(0.5))], CONTRADICTED),
        )
    ),
    ("v4", V4, NEAR | GATED | dict.fromkeys(ELMAN, 0.1), HOLDS),
    ("v4", V4, NEAR | GATED | {ELMAN[0]: 0.1, ELMAN[1]: 0.9}, IN_PART),
    ("v4", V4, NEAR | GATED | dict.fromkeys(ELMAN, 0.9), CONTRADICTED),
    *(
        ("v5", {}, {"elman, 0 attractors: error": 0.0, "elman, 5 attractors: error": error}, verdict)
        for error, verdict in ((0.6, HOLDS), (0.3, IN_PART), (0.05, CONTRADICTED))
    ),
    *(
        (
            "x1",
            {},
            {"share of runs lost without clipping": lost, "share of runs lost with clipping": kept},
            verdict,
        )
        for lost, kept, verdict in (
            (1.0, 0.0, HOLDS),
            (0.4, 0.0, IN_PART),
            (1.0, 0.2, IN_PART),
            (0.4, 0.4, CONTRADICTED),
        )
    ),
    *(
        (
            "l3",
            {},
            {f"{start}, update 0: exponent": value for start, value in zip(STARTS, exponents, strict=True)},
            verdict,
        )
        for exponents, verdict in (
            ((-0.05, 0.0, -1.0, 0.2), HOLDS),
            ((-0.2, -0.2, -1.0, 0.2), IN_PART),
            ((-0.05, 0.0, -0.05, 0.005), CONTRADICTED),
        )
    ),
    *(
        (
            "g3",
            G3,
            {
                f"{task}: {what}": value
                for task, (better, p) in zip(G3["tasks"], won, strict=True)
                for what, value in (("gru better by", better), ("p", p))
            },
            verdict,
        )
        for won, verdict in (
            ([(1, 0.2), (1, 0.3), (-1, 0.9)], HOLDS),
            ([(1, 0.01), (-1, 0.01), (-1, 0.9)], HOLDS),
            ([(1, 0.01), (1, 0.3), (-1, 0.9)], IN_PART),
            ([(1, 0.01), (1, 0.01), (-1, 0.9)], CONTRADICTED),
        )
    ),
    *(
        (
            "d2",
            {},
            {
                f"{side}, {wiring}, {depth} layers: token accuracy": 0.2
                if (wiring, depth) == ("plain", 8) and side in bad
                else 1.0
                for side in ("encoder", "decoder")
                for wiring in ("plain", "residual", "dense")
                for depth in (2, 4, 8)
            },
            verdict,
        )
        for bad, verdict in ((("encoder", "decoder"), HOLDS), (("decoder",), IN_PART), ((), CONTRADICTED))
    ),
    *(
        (
            "b2",
            {},
            {
                "refused for want of a left context, 1 for yes": refused,
                "forward: perplexity": 8.0,
                "bidirectional: perplexity": leaky,
            },
            verdict,
        )
        for refused, leaky, verdict in ((1.0, 1.1, HOLDS), (0.0, 1.1, CONTRADICTED), (1.0, 7.9, CONTRADICTED))
    ),
]


@pytest.mark.parametrize(("key", "sizes", "values", "verdict"), RULES)
def test_a_rule_follows_the_numbers(key, sizes, values, verdict):
    limit = 1e-9 if key.startswith("s") else None
    numbers = (Number(what=what, value=float(value), limit=limit) for what, value in values.items())
    assert claim(key, sizes=sizes).judge(Measured(tuple(numbers))) is verdict


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
    assert "Of 1 measured: 1 × holds." in first
    folder = tmp_path / "runs" / "claims"
    assert {path.name for path in folder.iterdir()} == {"X2.png", "claims.csv", "claims.md"}
    rows = list(csv.DictReader((folder / "claims.csv").read_text().splitlines()))
    assert {row["claim"] for row in rows} == {"X2"}
    written = (folder / "X2.png").stat().st_mtime_ns
    assert main(["claims", "x2"]) == 0
    assert capsys.readouterr().out == first
    assert (folder / "X2.png").stat().st_mtime_ns == written


def test_what_decides_the_numbers_is_measured_again(tmp_path, monkeypatch, capsys):
    """Sizes that the words do not tell, and texts; what was measured in full is kept."""
    monkeypatch.chdir(tmp_path)
    told, measured = [], []
    monkeypatch.setattr(run, "measure", lambda claim, *rest: measured.append(claim) or MEASURE(claim, *rest))
    small, other = claim("s5"), claim("v1", sizes={"largest": (0.5,)})
    wider, full = replace(other, units=8), claim("v4", sizes=TINY["v4"])
    monkeypatch.setattr(type(full), "full", lambda self: full)
    for asked in (small, small, other, other, wider, wider, full, claim("v4")):
        run.measure_all([asked], Resources(), tmp_path, False, told.append)
    assert measured == [small, other, wider, full]
    assert told[-1].command == "zoo claims V4 --full"
    names = {"S5.png", "V1.png", "V4.png", "claims.csv", "claims.md"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_lost_run_is_a_number():
    assert math.isnan(over_seeds("x", [1.0, math.inf]).spread)


def test_the_page_has_as_many_cells_in_each_row(tmp_path):
    run.measure_all([claim("l1", sizes=SMALL["l1"])], Resources(), tmp_path, False, lambda record: None)
    rows = [line for line in (tmp_path / "claims.md").read_text().splitlines() if line.startswith("| ")]
    numbers = [row for row in rows if "c_T - c_0" in row]
    assert numbers
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in numbers} == {7}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["V1", "--jobs", "0"], "--jobs is 0; expected a number of processes, from 1"),
        (["V1", "--root", "texts.txt"], "V1 reads no texts; expected B1, or no --root"),
        (["B1", "--root", "nowhere.txt"], "--root is 'nowhere.txt': No such file"),
        (["V1", "--output", "taken"], "--output is 'taken', which cannot be written"),
        (["V1", "--output", "broken"], "cannot be read as a table of claims"),
    ],
)
def test_a_mistake_is_a_sentence(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "claims.csv").write_text("claim,what\nV1,x\n")
    assert main(["claims", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_claim_is_a_sentence(capsys):
    assert main(["claims", "v44"]) != 0
    assert "unknown claim 'v44'; did you mean 'V4'" in capsys.readouterr().err
