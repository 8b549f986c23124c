"""Every switch around every kind of cell: against oracles, on every engine, and what it says of itself."""

import math
import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from oracles import switches
from oracles.cells import Oracle
from oracles.sequence import Batch, run, run_back
from torch import Tensor

import zoo
from conformance.bridge import array, cell_weights, fused, oracle_for, parameters_of
from conformance.cases import (
    HIDDEN,
    INPUT,
    LENGTHS,
    RESETS,
    STRUCTURES,
    THOROUGH,
    VARIANTS,
    Found,
    assert_close,
    evaluate,
    random_state,
    random_x,
    randomised,
    weights_of_sum,
)
from zoo.cells import CELLS, CellSpec, cell_spec
from zoo.engines import ENGINES, Recurrence, Sequences
from zoo.engines.program.trace import trace
from zoo.stack import Stack, StackSpec, map_state
from zoo.stack.layer import Direction
from zoo.stack.spec import DIRECTIONS
from zoo.switches import (
    SWITCHES,
    GateStartSpec,
    ProjectionSpec,
    RecurrentDropoutSpec,
    SwitchSpec,
    WeightDropSpec,
    ZoneoutSpec,
    switch_spec,
)
from zoo.wiring import WIRINGS

VARIED: dict[str, list[dict[str, Any]]] = {
    "gate_start": [{"gates": "f"}],
    "normalisation": [{"kind": "layer"}, {"kind": "rms"}],
    "orthogonal": [{}],
    "projection": [{"size": 4}],
    "weight_norm": [{}],
    "zoneout": [{"h": 0.3}, {"h": 0.0, "c": 0.4}, {"h": 0.3, "c": 0.4}],
    "recurrent_dropout": [{"rate": 0.4}, {"rate": 0.4, "mask": "sequence"}],
    "variational_dropout": [{"recurrent": 0.4}],
    "weight_drop": [{"rate": 0.4}],
}
"""Switch -> options with which it does something."""
FAST = [engine for engine in ENGINES if engine not in ("reference", "triton")]
TYPICAL = [cell_spec(each) for each in ("elman", "lstm", "gru", {"name": "gru", "reset": "after"}, "mgu")]


RANDOM = ("recurrent_dropout", "variational_dropout", "weight_drop", "zoneout")
"""The switches that do one thing in training, and another in evaluation."""
WRITTEN = {"recurrent_dropout": ("lstm", "gru", "mgu"), "normalisation": ("elman", "lstm", "gru")}
"""Switch -> the cells that its oracle has equations for, where it has none for all."""


def specs(names: Iterable[str] = tuple(VARIED)) -> list[SwitchSpec]:
    return [switch_spec({"name": name, **options}) for name in names for options in VARIED[name]]


def with_oracles() -> Iterator[tuple[SwitchSpec, CellSpec, bool]]:
    """Switches with their first options around all typical cells, with others around an LSTM; and modes."""
    for switch in specs():
        first = switch == specs([switch.key])[0]
        for cell in TYPICAL if first else [cell_spec("lstm")]:
            if cell.key in WRITTEN.get(switch.key, (cell.key,)) and not is_refused(switch, cell):
                yield switch, cell, True
                if switch.key in RANDOM and cell.key == "lstm":
                    yield switch, cell, False


def built(switch: Any, cell: Any, engine: str = "auto", **options: Any) -> Stack:
    """A layer in float64, with random parameters."""
    spec = StackSpec(cell=cell, hidden_size=HIDDEN, switches=switch, engine=engine, **options)
    stack = spec.build(INPUT).double()
    return stack if torch.get_default_device().type == "meta" else randomised(stack)


def is_refused(switch: Any, cell: Any) -> str:
    """Why a switch refuses a cell, or nothing."""
    try:
        built(switch, cell, "reference")
    except ValueError as reason:
        return str(reason)
    return ""


@dataclass(frozen=True)
class Seen:
    """What a layer ran."""

    recurrence: Recurrence
    sequences: Sequences


def watched(stack: Stack) -> list[Seen]:
    """Fills with what the first layer runs."""
    found: list[Seen] = []
    layer, _ = stack.levels()[0]
    layer.watchers.append(lambda name, *ran: found.append(Seen(*ran[:2])))
    return found


def test_every_switch_is_varied_here_and_has_an_oracle() -> None:
    assert sorted(VARIED) == SWITCHES.names() == switches.written()


@pytest.mark.parametrize(("switch", "cell", "training"), list(with_oracles()), ids=str)
def test_values_and_gradients_are_those_of_the_oracle(switch: Any, cell: Any, training: bool) -> None:
    stack = built(switch, cell).train(training)
    seen, state, x = watched(stack), random_state(stack), random_x()
    torch.manual_seed(0)
    found = evaluate(stack, x, state, LENGTHS, RESETS)
    (way,) = stack.layers[0].ways()
    oracle, weights, batch = as_oracle(switch, way, seen[0], training)
    outputs, final = run(oracle, weights, batch)
    d_final = tuple(array(weights_of_sum(torch.from_numpy(part))) for part in final)
    back = run_back(oracle, weights, batch, array(weights_of_sum(torch.from_numpy(outputs))), d_final)
    assert_close(found.outputs, torch.from_numpy(outputs))
    assert_close(found.final, [torch.from_numpy(part) for part in final])
    assert_close(found.gradients["x"], torch.from_numpy(back.x[..., :INPUT]))
    for k, part in enumerate(back.initial):
        assert_close(found.gradients[f"state {k}"], torch.from_numpy(part))
    for name, part in fused(way.cell, back.weights).items():
        assert_close(found.gradients[f"layers.0.directions.forward_.cell.{name}"], torch.from_numpy(part))
    for name, _ in way.switches[0].named_parameters():
        part = torch.from_numpy(back.weights[f"switch.{name}"])
        assert_close(found.gradients[f"layers.0.directions.forward_.switches.0.{name}"], part)


def as_oracle(
    switch: SwitchSpec, way: Direction, seen: Seen, training: bool
) -> tuple[Oracle, dict[str, np.ndarray], Batch]:
    """The oracle of a switched cell, its weights, and what it is to run: the numbers that the stack drew."""
    weights = cell_weights(way.cell)
    weights |= {f"switch.{name}": part for name, part in parameters_of(way.switches[0]).items()}
    masks = dropped(seen.recurrence, weights) if switch.key == "weight_drop" else {}
    equations = switches.Switched(switch.key, oracle_for(way.cell.spec), INPUT, switch, training, masks)
    sequences = seen.sequences
    batch = Batch(
        array(sequences.x.transpose(0, 1)),
        array(LENGTHS),
        tuple(map(array, sequences.state)),
        tuple(map(array, sequences.reset_state)),
        array(RESETS),
    )
    return Oracle(equations), weights, batch


def dropped(recurrence: Recurrence, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """By what each recurrent weight was multiplied."""
    found = {}
    for matmul in trace(recurrence).matmuls:
        blocks = np.split(array(recurrence.recurrent(matmul.gates)[0]), len(matmul.gates))
        for gate, block in zip(matmul.gates, blocks, strict=True):
            found[f"U_{gate}"] = block / weights[f"U_{gate}"]
    return found


@pytest.mark.parametrize(
    ("switch", "training"),
    [(switch, mode) for switch in specs() for mode in (True, False) if mode or switch.key in RANDOM],
    ids=str,
)
def test_engines_agree_in_both_directions_over_all_kinds_of_cells(switch: Any, training: bool) -> None:
    cells = [cell for cell in STRUCTURES if not is_refused(switch, VARIANTS[cell])]
    met = set[str]()
    for cell in cells:
        whole = built(switch, VARIANTS[cell], "reference", direction="bidirectional", merge="sum")
        whole.train(training)
        for engine in sorted(FAST, key=met.__contains__):  # each cell on one, first on those no other was on
            fast = with_engine(whole, engine)
            if fast is not None:
                assert_close(seeded(fast), seeded(whole))
                met.add(engine)
                break
    assert {"c", "eager"} <= met


def with_engine(stack: Stack, engine: str) -> Stack | None:
    """The same stack on another engine, where that can run it."""
    try:
        other = replace(stack.spec, engine=engine).build(INPUT).double().train(stack.training)
        for way in other.layers[0].ways():
            way.choice("cpu")
    except ValueError:
        return None
    other.load_state_dict(stack.state_dict())
    return other


def seeded(stack: Stack) -> Found:
    """What it finds with lengths, resets and a state, after the same seed each time."""
    torch.manual_seed(0)
    return evaluate(stack, random_x(), random_state(stack), LENGTHS, RESETS)


@pytest.mark.parametrize("switch", specs(), ids=str)
def test_in_evaluation_nothing_is_drawn_and_streams_equal_the_whole(switch: Any) -> None:
    stack, x = built(switch, "lstm").eval(), random_x()
    before = torch.random.get_rng_state()
    outputs, final = stack(x)
    assert torch.equal(before, torch.random.get_rng_state())
    state, found = stack.initial_state(len(x)), []
    for t in range(x.shape[1]):
        y, state = stack.step(x[:, t], state)
        found.append(y)
    assert_close(torch.stack(found, 1), outputs)
    assert_close(list(state[0]), list(final[0]))


@pytest.mark.parametrize("switch", specs(RANDOM), ids=str)
def test_in_training_calls_differ_and_the_same_seed_repeats_them(switch: Any) -> None:
    stack, x = built(switch, "lstm"), random_x()
    results = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        results.append(stack(x)[0])
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


@pytest.mark.parametrize("switch", specs(), ids=str)
def test_steps_kept_in_chunks_give_the_same_gradients(switch: Any) -> None:
    whole = built(switch, "lstm")
    chunked = replace(whole.spec, checkpoint_every=2).build(INPUT).double()
    chunked.load_state_dict(whole.state_dict())
    assert_close(seeded(chunked), seeded(whole))


@pytest.mark.parametrize("part", ["input", "output"])
def test_masks_of_inputs_and_outputs_stay_all_through_a_sequence_and_differ_between_them(part: str) -> None:
    switch = switch_spec({"name": "variational_dropout", "recurrent": 0.0, part: 0.5})
    stack = StackSpec(cell="lstm", hidden_size=64, switches=switch).build(64).double()
    x, seen = torch.rand(3, 7, 64, dtype=torch.float64) + 1, watched(stack)
    torch.manual_seed(0)
    outputs, _ = stack(x)
    stack.eval()
    mask = seen[0].sequences.x.transpose(0, 1) / x if part == "input" else outputs / stack(x)[0]
    assert_close(mask, mask[:, :1].expand_as(mask))
    assert set(mask.round(decimals=9).flatten().tolist()) == {0.0, 2.0}
    assert not torch.equal(mask[0], mask[1])


def test_a_dropped_weight_has_no_gradient_and_a_kept_one_has() -> None:
    stack = built(WeightDropSpec(rate=0.5), "elman")
    seen = watched(stack)
    stack(random_x())[0].sum().backward()
    (weight,) = [part for name, part in stack.named_parameters() if name.endswith("weight_hh")]
    kept = seen[0].recurrence.recurrent("h")[0] != 0
    assert weight.grad is not None
    assert 0 < kept.sum() < kept.numel()
    assert torch.equal(weight.grad != 0, kept)


def test_zoneout_in_evaluation_is_the_mean_over_what_is_drawn() -> None:
    switch = ZoneoutSpec(h=0.3)
    stack = built(switch, "elman")
    x = random_x(batch=1, time=1).expand(20_000, -1, -1)
    state = map_state(lambda part: part.expand(20_000, -1), random_state(stack, 1))
    mean = stack(x, state)[0].mean(0)
    assert_close(mean, stack.eval()(x[:1], random_state(stack, 1))[0][0], 0.02)


def test_switches_act_one_around_the_other_and_on_the_layers_that_are_named() -> None:
    switches = [ZoneoutSpec(h=0.2, layers=1), WeightDropSpec(rate=0.3), RecurrentDropoutSpec(layers=(0, 1))]
    stack = built(switches, "lstm", num_layers=2, direction="bidirectional")
    kinds = [[switch.key for switch in way.switches] for layer in stack.layers for way in layer.ways()]
    inner = ["weight_drop", "recurrent_dropout"]
    assert kinds == [inner, inner, ["zoneout", *inner], ["zoneout", *inner]]
    loop = with_engine(stack, "reference")
    assert loop is not None
    assert_close(seeded(stack), seeded(loop))


@pytest.mark.parametrize(
    ("switches", "cell", "message"),
    [
        ("zoneot", "lstm", "unknown switch 'zoneot'; did you mean 'zoneout'?"),
        ("zoneout", "lru", "cell 'lru': zoneout keeps units of the state, and this cell's output is none"),
        (
            ZoneoutSpec(c=0.1),
            "gru",
            "cell 'gru': zoneout has c 0.1, and this cell's state is h; expected",
        ),
        (
            "weight_drop",
            "mingru",
            "cell 'mingru': weight_drop acts on recurrent weights, and this",
        ),
        ("recurrent_dropout", "elman", "this cell marks 0; expected one"),
        ("variational_dropout", "sru", "has recurrent 0.25, and this cell has no recurrent weights"),
        (ZoneoutSpec(c=0.1), "slstm", "zoneout has c 0.1, and this cell's state is"),
        (WeightDropSpec(layers=2), "lstm", "weight_drop names layer 2; expected numbers from 0 to 0"),
    ],
)
def test_what_makes_no_sense_is_refused(switches: Any, cell: str, message: str) -> None:
    with pytest.raises((ValueError, LookupError)) as caught:
        built(switches, cell)
    assert message in str(caught.value)


def test_every_cell_takes_each_switch_or_says_why_not() -> None:
    names, reasons = SWITCHES.names(), {}
    for k, cell in enumerate(CELLS.names()):  # three of them, others from cell to cell
        for switch in names if cell == "lstm" else names[k % 3 :: 3]:
            with torch.device("meta"):
                reasons[cell, switch] = is_refused(switch, cell)
    for (cell, switch), reason in reasons.items():
        assert not reason or (reason.startswith(f"cell {cell!r}: {switch} ") and cell != "lstm")


def test_a_switched_stack_survives_its_plain_form_a_pickle_and_a_name() -> None:
    spec = StackSpec(cell="lstm", hidden_size=4, switches=["zoneout", WeightDropSpec(rate=0.25)])
    assert StackSpec.of(spec.plain()) == spec
    assert zoo.parse_stack(zoo.name_stack(spec)) == spec
    stack = built(spec.switches, "lstm")
    other = pickle.loads(pickle.dumps(stack))
    assert_close(other.eval()(random_x())[0], stack.eval()(random_x())[0])


@pytest.mark.parametrize("name", VARIED)
def test_each_switch_meets_each_wiring_and_each_direction(name: str) -> None:
    switch = specs([name])[0]
    cells = [cell for cell in THOROUGH if not is_refused(switch, cell)]
    for k, wiring in enumerate(WIRINGS.names()):
        if wiring == "cell_highway" and name in ("zoneout", "projection"):  # whose output is h beside c
            continue
        way = DIRECTIONS[k % len(DIRECTIONS)] if wiring != "cell_highway" else "forward"
        cell = cells[k % len(cells)] if wiring != "cell_highway" else "lstm"
        spec = StackSpec(
            cell=cell, hidden_size=INPUT, num_layers=2, direction=way, wiring=wiring, switches=switch
        )
        stack = randomised(spec.build(INPUT).double())
        loop = with_engine(stack, "reference")
        assert loop is not None
        assert_close(seeded(stack), seeded(loop))


def test_zoneout_keeps_other_units_of_h_than_of_c() -> None:
    stack = StackSpec(cell="lstm", hidden_size=64, switches=ZoneoutSpec(h=0.5, c=0.5)).build(2)
    seen = watched(stack)
    stack(torch.rand(3, 4, 2))
    h, c = seen[0].sequences.x[..., 2:].chunk(2, dim=-1)
    assert not torch.equal(h, c)
    assert not torch.equal(h[0], h[1])
    assert not torch.equal(h[:, 0], h[:, 1])


def test_as_much_is_dropped_as_is_asked_for_and_the_mean_is_kept() -> None:
    options = {"rate": 0.2}
    x = torch.zeros(20, 30, 50)
    lstm = cell_spec("lstm").build(50, 50).recurrence()
    for name, drawn in (("variational_dropout", {"recurrent": 0.2}), ("recurrent_dropout", options)):
        mask = switch_spec({"name": name, **drawn}).build(lstm).draw(x)
        assert (mask == 0).float().mean() == pytest.approx(0.2, abs=0.03)
        assert mask.mean() == pytest.approx(1, abs=0.05)
        assert torch.equal(mask[0], mask[1]) == (name == "variational_dropout")
    sequence = switch_spec({"name": "recurrent_dropout", "mask": "sequence", **options}).build(lstm).draw(x)
    assert torch.equal(sequence[0], sequence[-1])
    assert not torch.equal(sequence[0, 0], sequence[0, 1])
    weights = switch_spec({"name": "weight_drop", **options}).build(lstm).around(lstm).recurrent("ifgo")[0]
    share = (weights / lstm.recurrent("ifgo")[0]).detach()
    assert (share == 0).float().mean() == pytest.approx(0.2, abs=0.03)
    assert share.mean() == pytest.approx(1, abs=0.03)
    kept = ZoneoutSpec(h=0.2).build(lstm).draw(x)
    assert kept.mean() == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("pair", list(combinations(VARIED, 2)), ids="+".join)
def test_two_switches_act_together_on_every_engine_and_stay_finite(pair: tuple[str, str]) -> None:
    inner, outer = (specs([name])[0] for name in pair)
    for both in ([inner, outer], [outer, inner]):
        stack = built(both, "lstm")
        loop = with_engine(stack, "reference")
        assert loop is not None
        found = seeded(stack)
        assert_close(found, seeded(loop))
        assert found.outputs.isfinite().all()
    if not is_refused([inner, inner], "lstm"):
        assert seeded(built([inner, inner], "lstm")).outputs.isfinite().all()


@pytest.mark.parametrize("name", RANDOM)
def test_a_switch_in_another_mode_than_its_layer_does_what_its_own_mode_says(name: str) -> None:
    stack = built(specs([name])[0], "lstm").eval()
    stack(random_x())
    stack.layers[0].ways()[0].switches.train()  # Monte Carlo dropout
    loop = with_engine(stack, "reference")
    assert loop is not None
    loop.layers[0].ways()[0].switches.train()
    assert_close(seeded(stack), seeded(loop))
    assert not torch.equal(stack(random_x())[0], stack(random_x())[0])


def test_weight_norm_starts_at_the_lengths_of_the_cells_own_weights() -> None:
    identity = GateStartSpec(bias=None, recurrent="identity")
    for both in (["weight_drop", "weight_norm"], ["weight_norm", identity]):
        way = StackSpec(cell="lstm", hidden_size=16, switches=both).build(3).layers[0].ways()[0]
        (norm,) = [switch for switch in way.switches if switch.key == "weight_norm"]
        assert_close(norm.gain.detach(), way.cell.weight_hh.detach().norm(dim=1), 1e-6)
    encoder = StackSpec(cell="lstm", hidden_size=16, switches="weight_norm")
    model = zoo.ModelSpec(encoder=encoder, input_size=3, output_size=2, init_range=0.1).build()
    assert model.encoder.layers[0].ways()[0].switches[0].gain.min() > 0.5


def test_a_projection_of_states_beside_outputs_and_ends_that_are_mixed_are_refused() -> None:
    with pytest.raises(ValueError, match="passes the state on beside the output, and projection mixes them"):
        StackSpec(cell="lstm", hidden_size=4, wiring="cell_highway", switches=["projection"])
    encoder = StackSpec(hidden_size=4, direction="bidirectional", wiring="block")
    with pytest.raises(ValueError, match="pooling 'last' reads the two directions at opposite ends, and w"):
        zoo.ModelSpec(encoder=encoder, input_size=4, output_size=2, pooling="last")
    stack = StackSpec(hidden_size=4, switches="variational_dropout")
    with pytest.raises(ValueError, match="variational_dropout would draw its masks anew at each"):
        zoo.DecoderSpec(stack=stack, attention="dot", input_feeding=True)


def test_gates_start_where_they_are_told_to() -> None:
    def bias(**options: Any) -> Tensor:
        switch = switch_spec({"name": "gate_start", **options})
        (cell,) = StackSpec(cell="lstm", hidden_size=1000, switches=switch).build(1).cells()
        return cell.bias.detach()

    i, f, g, o = bias(gates="f", bias="uniform", opposite="i").chunk(4)
    assert torch.equal(i, -f)
    assert g.abs().max() == o.abs().max() == 0
    shares, _ = torch.sigmoid(f).sort()
    assert_close(shares, torch.linspace(0, 1, 1000), 0.06)  # evenly spread: Kolmogorov's distance
    f = bias(gates="f", bias="chrono", steps=200).chunk(4)[1]
    assert 0 <= f.min() < f.max() <= math.log(199)
    assert f.exp().mean() == pytest.approx(100, rel=0.1)
    assert bias(gates="og", bias=-3.0).chunk(4)[3].unique().tolist() == [-3.0]


def test_a_models_initial_range_leaves_the_start_of_gates() -> None:
    encoder = StackSpec(hidden_size=4, switches=switch_spec({"name": "gate_start", "bias": 5.0}))
    model = zoo.ModelSpec(encoder=encoder, input_size=2, output_size=2, init_range=0.1).build()
    (cell,) = model.encoder.cells()
    assert cell.bias[cell.rows("f")].unique().tolist() == [5.0]


def test_orthogonal_weights_keep_the_norm_of_what_they_multiply() -> None:
    stack = built("orthogonal", "lstm")
    weight, _ = stack.layers[0].ways()[0].recurrence().recurrent("ifgo")
    for block in weight.chunk(4):
        assert_close(block @ block.T, torch.eye(HIDDEN, dtype=torch.float64), 1e-12)


def test_weight_norm_changes_nothing_at_first() -> None:
    stack = StackSpec(cell="gru", hidden_size=5, switches="weight_norm").build(INPUT).double()
    way = stack.layers[0].ways()[0]
    for gates in ("rz", "n"):
        assert_close(way.recurrence().recurrent(gates)[0], way.cell.recurrent(gates)[0], 1e-6)


def test_two_of_a_kind_both_act() -> None:
    twice = built([RecurrentDropoutSpec(rate=0.5), RecurrentDropoutSpec(rate=0.5)], "lstm")
    seen = watched(twice)
    torch.manual_seed(0)
    found, _ = twice(random_x(batch=1, time=1))
    inner, outer = seen[0].sequences.x[0, 0, INPUT:].chunk(2)
    (cell,) = twice.cells()
    i, _, g, o = cell.project(random_x(batch=1, time=1)[0, 0]).chunk(4)
    c = torch.sigmoid(i) * torch.tanh(g) * inner * outer
    assert_close(found[0, 0], torch.sigmoid(o) * torch.tanh(c))


def test_orthogonal_weights_run_in_half_precision() -> None:
    stack = StackSpec(hidden_size=4, switches="orthogonal").build(INPUT).bfloat16()
    assert stack(torch.randn(2, 3, INPUT, dtype=torch.bfloat16))[0].isfinite().all()


def test_layers_are_one_number_or_several() -> None:
    assert WeightDropSpec(layers=[1]) == WeightDropSpec(layers=1)
    assert WeightDropSpec(layers=[0, 2]).layers == (0, 2)
    for wrong in ("0", 0.5, [0.5]):
        with pytest.raises(ValueError, match="expected the numbers of layers, from 0, or null"):
            WeightDropSpec(layers=wrong)


def test_the_size_of_a_projected_stack_is_that_of_its_projections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.stack.memory._memory", lambda: 200_000.0)
    spec = StackSpec(cell="mingru", hidden_size=200, num_layers=3, switches=ProjectionSpec(size=8))
    assert sum(part.numel() for part in spec.build(8).parameters()) * 4 < 200_000
