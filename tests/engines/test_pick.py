"""Which engine `auto` takes on which device, why, and what a refusal says."""

import subprocess
import sys

import pytest

from engines.subjects import EACH_SUBJECT, SUBJECTS, engines, module_of
from zoo.engines import DEPRECATED, ENGINES, Recurrence, pick, table
from zoo.engines.choice import ELSEWHERE, PREFERENCE
from zoo.engines.program import trace
from zoo.engines.program.ir import Program
from zoo.stack import StackSpec


@EACH_SUBJECT
def test_what_auto_takes_can_run_it_and_the_reason_is_the_engines(name: str) -> None:
    recurrence = module_of(name).recurrence()
    for device in ("cpu", "cuda", "mps"):
        choice = pick("auto", recurrence, device)
        assert ENGINES[choice.name].refusal(recurrence, device) is None
        why_not = "; eager cannot, for it " if choice.name == "reference" else ""
        assert choice.reason.startswith(ENGINES[choice.name].reason + why_not)


@pytest.mark.parametrize(
    ("name", "device", "expected"),
    [
        ("lstm", "cpu", "c"),
        ("gru", "cpu", "c"),
        ("elman", "cpu", "c"),
        ("gru before", "cpu", "c"),
        ("layernorm_lstm", "cpu", "c"),
        ("highway", "cpu", "c"),
        ("running", "cpu", "c"),
        ("lstm", "mps", "native"),
        ("gru before", "mps", "eager"),
        ("running", "mps", "reference"),
    ],
)
def test_what_auto_takes(name: str, device: str, expected: str) -> None:
    assert pick("auto", module_of(name).recurrence(), device).name == expected


def test_the_last_resort_is_the_reference_loop_everywhere() -> None:
    for order in (*PREFERENCE.values(), ELSEWHERE):
        assert order[-1] == "reference"
        assert set(order) <= set(ENGINES)


@EACH_SUBJECT
def test_an_engine_that_was_asked_for_is_taken_or_refused_in_one_sentence(name: str) -> None:
    recurrence = module_of(name).recurrence()
    for engine in ENGINES:
        if engine == "reference" or engine in engines(name):
            choice = pick(engine, recurrence)
            assert (choice.name, choice.reason) == (engine, "asked for")
            continue
        with pytest.raises(ValueError, match=f"engine '{engine}' cannot run this: ") as error:
            pick(engine, recurrence)
        assert str(error.value).endswith("; use engine 'auto' or 'reference'")
        assert "\n" not in str(error.value)


def test_the_compiled_engine_runs_on_the_cpu_only() -> None:
    with pytest.raises(ValueError, match="it runs on the CPU, not on cuda"):
        pick("c", module_of("gru").recurrence(), "cuda")


def test_the_subjects_meet_every_engine_of_this_device() -> None:
    met = {engine for name in SUBJECTS for engine in engines(name)}
    assert set(PREFERENCE["cpu"]) <= met | {"reference", "chunkwise"}  # that one has subjects of its own


@pytest.mark.parametrize(("old", "new"), DEPRECATED.items())
def test_a_name_of_earlier_versions_is_still_read_with_one_warning(old: str, new: str) -> None:
    table._warn_deprecated.cache_clear()
    recurrence = module_of("lstm").recurrence()
    with pytest.warns(FutureWarning, match=f"engine '{old}' is deprecated.* use engine '{new}'"):
        assert StackSpec(engine=old).engine == new
    # warnings are errors in the tests: there is no second one
    assert StackSpec.of({"engine": old}).engine == new
    assert pick(old, recurrence).name == new
    assert ENGINES[old] is ENGINES[new]
    assert old not in list(ENGINES)


def test_only_engines_that_are_asked_for_are_imported() -> None:
    others = ("zoo.engines.triton", "zoo.engines.scan", "sympy")
    code = (
        "import sys, zoo; from zoo.stack import StackSpec\n"
        "StackSpec(cell='lstm', hidden_size=3, direction='bidirectional').build(2)\n"
        f"print([name for name in sys.modules if name.startswith({others})])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", ["lstm", "running", "highway"])
def test_a_step_is_watched_once_whichever_engines_are_asked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = []

    def counted(recurrence: Recurrence) -> Program:
        watched.append(recurrence)
        return watch(recurrence)

    watch = trace._watched
    monkeypatch.setattr(trace, "_watched", counted)
    recurrence = module_of(name).recurrence()
    for engine in ("auto", *engines(name)):
        pick(engine, recurrence)
    pick("auto", recurrence, "cuda")
    assert watched == [recurrence]


def test_an_engine_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="engine is 'refrence'; did you mean 'reference'\\?"):
        StackSpec(engine="refrence")
