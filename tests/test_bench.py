"""`zoo bench`: who takes part, what is computed from the times, what is printed, written and refused."""

import csv
import importlib
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import pytest
import torch
from torch import nn

import zoo.cli.verbs.bench as command
from zoo.bench import PEERS, Plan, Setting, Shape, Timing, compare, composition, measure
from zoo.bench.busy import busy
from zoo.bench.child import answer
from zoo.bench.contender import Contender, built, engines_of, stack_refusal
from zoo.bench.floor import floor_work
from zoo.bench.layers import torch_layers
from zoo.bench.peers import peer_refusal
from zoo.bench.timing import SAMPLE, interleaved
from zoo.bench.work import TrainingStep, on_threads, random_lengths, stack_work
from zoo.cells import CELLS
from zoo.cli import main
from zoo.engines import ENGINES
from zoo.layouts.torch import to_torch
from zoo.names import parse_stack

SMALL = Shape.parse("3x2x4")
MEASURED = (Path(__file__).parent.parent / "docs/measured.md").read_text(encoding="utf-8")


OWN = """
from dataclasses import dataclass
from zoo import Card, Cell, CellSpec, Hidden, register_cell

@dataclass(frozen=True, kw_only=True)
class LeakSpec(CellSpec):
    pass

@register_cell("bench_leak", LeakSpec)
class Leak(Cell):
    card = Card(paper="none")
    gates = "h"

    def step(self, pre, state, product):
        (h,) = state
        h = (h + (pre + product("h", h)).tanh()) / 2
        return h, Hidden(h)
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


def fake_timer(works, repeats, settle):
    """Runs each work, and says that torch took 4 ms, the floor 2 ms, all others 6 ms; lengths double it."""
    for work in works.values():
        work()

    def seconds(label):
        base = {"nn": 0.004, "products": 0.002}.get(re.split(r"[. ]", label)[0], 0.006)
        return 2 * base if label.endswith("with lengths") else base

    return {label: Timing(seconds=seconds(label), first=1.5) for label in works}


FAKE = {"timer": fake_timer, "meter": lambda contender: 3 * 2**20}


@pytest.fixture
def bench(monkeypatch, capsys, tmp_path):
    """Runs `zoo bench` with a timer and a memory meter that make their numbers up."""
    monkeypatch.setattr(command, "Plan", lambda **options: Plan(**options, **FAKE))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = main(["bench", *arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


def lines(out, *words):
    return [line for line in out.splitlines() if all(word in line for word in words)]


def labels(rows):
    return [row.contender.label for row in rows]


# ---- shapes and compositions


@pytest.mark.parametrize(
    ("text", "sizes", "tokens"), [("7x3x5", (7, 3, 5, 5), 21), ("7x3x5x2", (7, 3, 5, 2), 21)]
)
def test_a_shape_reads_and_writes_itself(text, sizes, tokens):
    shape = Shape.parse(text)
    assert (shape.steps, shape.batch_size, shape.input_size, shape.width) == sizes
    assert str(shape) == text
    assert shape.tokens == tokens


@pytest.mark.parametrize("text", ["", "3x2", "3x2x4x5x6", "3x0x4", "3xax4", "3,2,4"])
def test_a_shape_that_does_not_parse_is_refused(text):
    with pytest.raises(ValueError, match="expected TxBxH"):
        Shape.parse(text)


def test_a_bare_cell_takes_its_width_from_the_shape():
    shape = Shape.parse("3x2x4x6")
    assert composition("gru", shape) == parse_stack("gru-1x6")
    assert composition("bi-gru,cell.reset=before", shape) == parse_stack("bi-gru-1x6,cell.reset=before")
    assert composition("alt-lstm-2x8-residual", shape) == parse_stack("alt-lstm-2x8-residual")


# ---- times


class Clock:
    """A clock that moves only when a work runs."""

    def __init__(self):
        self.now, self.ran = 0.0, []

    def __call__(self):
        return self.now

    def work(self, name, durations):
        left = iter(durations)

        def run():
            self.ran.append(name)
            self.now += next(left)

        return run


def test_works_take_turns_and_the_best_counts():
    clock = Clock()
    works = {
        "a": clock.work("a", [9.0, 5.0, 1.0, 1.0, 0.5, 2.0]),
        "b": clock.work("b", [7.0, 5.0, 3.0, 3.0, 2.0, 4.0]),
    }
    timings = interleaved(works, 3, lambda: None, clock)
    assert timings == {"a": Timing(seconds=0.5, first=9.0), "b": Timing(seconds=2.0, first=7.0)}
    assert "".join(clock.ran[-6:]) == "ababab"


def test_a_short_work_is_repeated_within_a_sample():
    clock = Clock()
    works = {"a": clock.work("a", [SAMPLE / 3.5] * 100)}
    assert interleaved(works, 2, lambda: None, clock)["a"].seconds == pytest.approx(SAMPLE / 3.5)
    assert len(clock.ran) == 3 + 2 * 4


def test_the_median_counts_where_it_is_asked_for():
    clock = Clock()
    works = {"a": clock.work("a", [1.0, 1.0, 1.0, 2.0, 9.0, 3.0])}
    assert interleaved(works, 3, lambda: None, clock, median)["a"].seconds == 3.0


def test_busy_processes_end_with_the_block():
    with busy(2) as processes:
        assert [process.poll() for process in processes] == [None, None]
    assert None not in [process.poll() for process in processes]


def test_one_thread_is_one_thread_and_only_within_the_work():
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        on_threads(1, lambda: seen.append(torch.get_num_threads()))()
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(before)


def test_ratios_are_those_of_the_times():
    plan = Plan(lengths=True, **FAKE)
    rows = compare("lstm", composition("lstm", SMALL), SMALL, Setting(), plan)
    engine, torch_row, floor = rows[0], rows[-2], rows[-1]
    assert (torch_row.contender.label, floor.contender.label) == ("nn.LSTM", "products only")
    assert (engine.to_torch, engine.to_floor, engine.ragged) == (1.5, 3.0, 2.0)
    assert (torch_row.to_torch, torch_row.to_floor) == (1.0, 2.0)
    assert (floor.to_floor, floor.ragged, floor.timing.memory) == (1.0, None, None)
    assert engine.tokens_per_second == pytest.approx(6 / 0.006)
    assert engine.timing.memory == 3 * 2**20


def test_the_time_of_a_stream_is_that_of_one_moment():
    rows = compare("gru", composition("gru", SMALL), SMALL, Setting(mode="streaming"), Plan(**FAKE))
    assert labels(rows) == ["stack.stream", "nn.GRUCell"]
    assert rows[0].timing.seconds == pytest.approx(0.006 / 3)
    assert rows[0].tokens_per_second == pytest.approx(2 / 0.002)


# ---- who takes part


@pytest.mark.parametrize("cell", CELLS.names())
def test_every_cell_has_a_row_for_each_engine_that_can_run_it(cell):
    spec = composition(cell, SMALL)
    able = [
        name
        for name, engine in ENGINES.items()
        if engine.refusal(spec.build(4).cells()[0].recurrence()) is None
    ]
    contenders = engines_of(spec, SMALL, Setting(), ())
    assert sorted(each.spec.engine for each in contenders) == sorted(able)
    assert sum(each.label.endswith("(auto)") for each in contenders) == 1
    assert (
        labels(compare(cell, spec, SMALL, Setting(), Plan(engines=("reference",), **FAKE)))[0] == "reference"
    )


def test_auto_alone_is_named_after_what_it_picks():
    (contender,) = engines_of(parse_stack("lstm-1x4"), SMALL, Setting(), ("auto",))
    assert contender.label == f"{contender.spec.engine} (auto)"


def test_an_engine_in_the_name_is_the_only_one():
    spec = composition("lstm,engine=reference", SMALL)
    assert [each.label for each in engines_of(spec, SMALL, Setting(), ())] == ["reference"]


@pytest.mark.parametrize("name", ["lstm-2x4", "bi-gru-2x4", "elman-1x4,cell.activation=relu"])
def test_torch_layers_are_those_of_the_twin(name):
    stack = parse_stack(name).build(5)
    equivalent, (layer,) = to_torch(stack), torch_layers(stack).layers
    assert repr(layer) == repr(equivalent)


def test_torch_layers_follow_widths_and_directions():
    stack = parse_stack("bi+fwd+fwd-lstm+gru+gru-3x4+6+6-residual").build(5)
    first, second = torch_layers(stack).layers
    assert repr(first) == repr(nn.LSTM(5, 4, batch_first=True, bidirectional=True))
    assert repr(second) == repr(nn.GRU(8, 6, num_layers=2, batch_first=True))


def test_the_floor_takes_the_products_of_the_cell_and_nothing_else():
    stack = built(parse_stack("gru-1x4,cell.reset=before"), SMALL, Setting())
    work = floor_work(stack, SMALL, Setting())
    with torch.profiler.profile() as profile:
        work()
    calls = {event.key: event.count for event in profile.key_averages()}
    # the input product, and two recurrent ones a step; as many for the operands; one for each weight
    assert calls["aten::mm"] == 2 * (1 + 2 * SMALL.steps) + 3
    assert not {"aten::mul", "aten::sigmoid", "aten::tanh", "aten::add"} & set(calls)


def test_random_lengths_are_the_same_each_time_and_fill_the_batch():
    shape = replace(SMALL, batch_size=50, steps=9)
    lengths = random_lengths(shape, Setting())
    assert torch.equal(lengths, random_lengths(shape, Setting()))
    assert (int(lengths.min()), int(lengths.max())) == (1, 9)


def test_a_training_step_leaves_the_gradients_of_one_step():
    torch.manual_seed(0)
    stack = built(parse_stack("lstm-1x4"), SMALL, Setting())
    work = stack_work(stack, SMALL, Setting(), ragged=False)
    assert isinstance(work, TrainingStep)
    work()
    once = [parameter.grad.clone() for parameter in stack.parameters()]
    work()
    for parameter, gradient in zip(stack.parameters(), once, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
    assert work.x.grad is not None


def test_forward_only_takes_no_gradient():
    stack = built(parse_stack("gru-1x4"), SMALL, Setting(mode="forward"))
    stack_work(stack, SMALL, Setting(mode="forward"), ragged=True)()
    assert all(parameter.grad is None for parameter in stack.parameters())


# ---- memory


def test_a_contender_travels_to_another_process():
    spec = parse_stack("bi-gru-2x4-highway,cell.reset=before")
    contender = Contender(
        kind="engine", label="x", spec=spec, shape=SMALL, setting=Setting(dtype="float64"), ragged=True
    )
    assert Contender.from_plain(contender.plain()) == contender


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux forgets a peak")
def test_memory_grows_with_the_batch():
    def order(size):
        shape = Shape(8, size, 64, 64)
        contender = Contender(
            kind="engine", label="x", spec=parse_stack("elman-1x64"), shape=shape, setting=Setting()
        )
        return {"contender": contender.plain(), "modules": ["zoo.cells"], "threads": 1}

    outputs = 8 * 4096 * 64 * 4
    assert answer(order(4096)) > answer(order(8)) + outputs


def test_measure_gives_time_and_memory(monkeypatch):
    monkeypatch.setattr("zoo.bench.comparison.peak_memory", lambda contender: 17)
    monkeypatch.setattr("zoo.bench.comparison.interleaved", fake_timer)
    timing = measure(parse_stack("lstm-1x4"), SMALL, "reference")
    assert timing == Timing(seconds=0.006, first=1.5, memory=17)


# ---- other libraries


@pytest.fixture
def torchrecurrent(monkeypatch, tmp_path):
    """A stand-in for the library, of torch's own layers."""
    classes = "\n".join(f"{name} = nn.GRU" for name in PEERS["torchrecurrent"].classes.values())
    (tmp_path / "torchrecurrent.py").write_text(f"from torch import nn\n{classes}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("torchrecurrent", None)


def test_each_cell_of_a_peer_is_registered():
    for peer in PEERS.values():
        assert set(peer.classes) <= set(CELLS.names())
        assert set(peer.classes.values()) <= set(vars(importlib.import_module(peer.package)))
    assert len(PEERS["torchrecurrent"].classes) == 41


def test_a_peer_has_a_row_where_it_has_the_cell(bench, torchrecurrent):
    out = bench("mgu", "lstm", "bi-mgu", "--shape", "3x2x4", "--against", "torchrecurrent").out
    assert len(lines(out, "  torchrecurrent ", "6.00")) == 1
    assert "torchrecurrent has no row for lstm: it has no lstm." in out
    assert "torchrecurrent has no row for bi-mgu: its layers are forward and plain." in out


def test_a_peer_takes_uniform_stacks_only():
    assert peer_refusal("torchrecurrent", parse_stack("mgu-2x4")) is None
    assert peer_refusal("torchrecurrent", parse_stack("mgu-2x4+8")) == "its layers are alike"
    assert peer_refusal("torchrecurrent", parse_stack("mgu-2x4-residual")) is not None


# ---- the command


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_shows_every_contender_and_fits(bench, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    out = bench("lstm", "bi-gru-2x8-residual", "--shape", "3x2x4", "--shape", "2x2x4x6", "--lengths").out
    assert max(len(line) for line in out.splitlines()) <= width
    assert "…" not in out
    for words in (("lstm",), ("bi-gru-2x8-residual",), ("  reference", "6.00", "1.50", "3.00", "2.00")):
        assert lines(out, *words), words
    assert [len(lines(out, name)) for name in ("  nn.LSTM", "  nn.GRU", "  products only")] == [2, 2, 4]
    said = " ".join(out.split())
    assert "3x2x4: training step (forward and backward), T 3, B 2, I 4, H 4, float32, cpu" in said
    assert lines(out, "2x2x4x6:", "I 4, H 6")
    assert re.match(rf"cpu .*, threads \d+, torch {re.escape(torch.__version__)}, python 3", said)
    assert re.search(r"Load average [\d.]+ at the start, [\d.]+ at the end", said)


def test_the_defaults_are_quick_ones(bench, monkeypatch):
    monkeypatch.setattr(command, "SHAPES", ("2x2x3", "3x2x4", "4x2x5"))
    out = bench("--engine", "auto").out
    assert [line for line in out.splitlines() if line.strip() in CELLS.names()] == [
        line for line in out.splitlines() if line.strip() in command.CELLS_FIRST
    ]
    assert len(lines(out, "(auto)")) == 6


def test_all_takes_every_cell_at_every_shape(bench, monkeypatch):
    monkeypatch.setattr(command, "SHAPES", ("2x2x3", "3x2x4", "4x2x5"))
    few = ["lru", "mlstm", "skip_rnn"]  # that each can be measured is said above
    monkeypatch.setattr(CELLS, "names", lambda: few)
    assert len(lines(bench("--all", "--engine", "auto").out, "(auto)")) == 3 * len(few)


def test_the_file_holds_every_number(bench, tmp_path):
    outcome = bench(
        "lstm", "--engine", "reference", "--shape", "3x2x4", "--csv", "times.csv", "--forward-only"
    )
    assert outcome.code == 0
    rows = list(csv.DictReader((tmp_path / "times.csv").read_text().splitlines()))
    assert [row["engine"] for row in rows] == ["reference", "nn.LSTM", "products only"]
    expected = {
        "composition": "lstm",
        "kind": "engine",
        "shape": "3x2x4",
        "mode": "forward",
        "ms": "6.0000",
        "tokens/s": "1000",
        "memory_mib": "3.0",
        "first_s": "1.500",
        "torch_layer": "nn.LSTM",
        "x_torch": "1.500",
        "x_floor": "3.000",
        "x_lengths": "",
        "dtype": "float32",
        "device": "cpu",
        "repeats": "10",
        "torch": torch.__version__,
    }
    assert rows[0].items() >= expected.items()
    assert {"cpu", "cores", "threads", "python", "load_start", "load_end"} <= set(rows[0])


def test_a_named_model_is_a_composition(bench):
    assert bench("zaremba-small", "--shape", "2x1x3", "--streaming").code == 0


def test_it_imports_no_lightning():
    program = "import sys, zoo.cli.verbs.bench; print([name for name in sys.modules if 'lightning' in name])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_threads_are_given_back(bench):
    before = torch.get_num_threads()
    out = bench("lstm", "--shape", "2x1x3", "--engine", "auto", "--threads", str(before + 1)).out
    assert f"threads {before + 1}" in out
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("lstn", "did you mean 'lstm'"),
        ("a-b-c", "'a-b-c' names no composition"),
        ("lstm,forget_bias=2", "has no option 'forget_bias=2'"),
        ("lstm --engine natve", "did you mean 'native'"),
        ("mgu --engine native", "engine 'native' cannot run mgu: torch has no kernel"),
        ("lstm --shape 3x", "a shape is '3x'; expected TxBxH"),
        ("lstm --against torchrecurent", "did you mean 'torchrecurrent'"),
        ("lstm --streaming --lengths", "--lengths does nothing with --streaming"),
        ("bi-lstm --streaming", "cannot stream"),
        ("lstm --streaming --forward-only", "not allowed with"),
        ("lstm --dtype float3", "did you mean 'float32'"),
        ("lstm --device tpu", "device is 'tpu'"),
        ("lstm --repeats 0", "repeats is 0"),
        ("lstm --threads 0", "--threads is 0"),
        ("lstm --repeats many", "invalid int value"),
        ("lstm --csv missing/times.csv", "there is no folder missing"),
        ("lstm --shap 3x2x4", "did you mean '--shape'"),
        ("lstm --all", "'lstm' is named too"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_timed(bench, arguments, said):
    outcome = bench(*shlex.split(arguments))
    assert outcome.code == 2
    assert outcome.err.startswith("zoo: error: ")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


def test_a_library_that_is_not_installed_is_asked_for(bench, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = bench("mgu", "--against", "torchrecurrent")
    assert outcome.code == 2
    assert (
        "--against torchrecurrent needs the package torchrecurrent; pip install torchrecurrent" in outcome.err
    )


def test_a_cell_of_ones_own_is_timed_in_two_processes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(CELLS, "_parts", dict(CELLS._parts))
    (tmp_path / "bench_cells.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    options = ["--engine", "reference", "--shape", "64x64x64", "--repeats", "1"]
    code = main(["bench", "bench_leak", "--allow-import", "bench_cells", *options])
    sys.modules.pop("bench_cells", None)
    out = capsys.readouterr().out
    assert code == 0
    assert "MiB" in out
    (row,) = lines(out, "  reference")
    assert float(row.split()[3]) >= 64 * 64 * 64 * 4 / 2**20


def test_the_command_of_the_readme_writes_the_table_of_the_readme(bench, tmp_path):
    (line,) = re.findall(r"^    (zoo bench --all .*)$", MEASURED, re.MULTILINE)
    words = shlex.split(line.replace("--all", "lstm mgu"))[2:]  # all take minutes, and differ in their names
    at = words.index("--csv") + 1
    path = words[at]
    words[at] = "times.csv"
    shapes = [k + 1 for k, word in enumerate(words) if word == "--shape"]
    for k in shapes:
        words[k] = "2x2x3"
    assert bench(*words).code == 0
    (columns,) = re.findall(rf"<!-- {re.escape(path)}(?: where \S+)?: (.*) -->", MEASURED)
    assert set(columns.split(", ")) <= set((tmp_path / "times.csv").read_text().splitlines()[0].split(","))


@pytest.mark.parametrize("name", ["lstm-1x4,switches=weight_drop", "lstm-2x4-cell_highway"])
def test_what_is_around_a_cell_decides_what_can_run_it(name):
    spec = parse_stack(name)
    able = [engine for engine in ENGINES if stack_refusal(engine, spec.build(4)) is None]
    assert "native" not in able
    assert "reference" in able
    assert torch_layers(spec.build(4))
