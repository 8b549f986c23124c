"""`zoo inspect`: networks built to vanish, explode and saturate, and a healthy one."""

from dataclasses import replace

import pytest
import torch
from lightning.pytorch import Trainer
from torch.utils.data import DataLoader

import zoo as library
from zoo.cli.run.inspect import inspecting
from zoo.verdict.facts import Learning
from zoo.verdict.judge import judge
from zoo.verdict.measurements import Network

SMALL = ("inspect", "--config", "small.yaml", "--batches", "3", "--probe", "false")
DEEP = ("num_layers=12", "wiring=plain", "direction=forward")
DEFAULTS = {"callbacks": [], "accelerator": "cpu"}


def inspected(stack, prepare, steps=24):
    """The findings on a classifier whose weights were set by hand, on sequences of noise."""
    torch.manual_seed(0)
    network = library.ModelSpec(encoder=stack, input_size=3, output_size=4, pooling="last")
    task = library.SequenceClassifier(network, library.OptimizerSpec(lr=1e-3))
    with torch.no_grad():
        prepare(task.model.encoder)
    before = [parameter.clone() for parameter in task.parameters()]
    batch = {"x": torch.randn(16, steps, 3), "y": torch.randint(4, (16,))}
    inspection, trainer = inspecting(DEFAULTS, replace(Network.of(network.plain()), lr=1e-3), batches=2)
    assert isinstance(trainer, Trainer)
    trainer.fit(task, DataLoader([batch, batch], batch_size=None))
    moved = max(
        float((new - old).detach().abs().max()) for new, old in zip(task.parameters(), before, strict=True)
    )
    assert moved <= 1.001e-3, "only the last of the steps is taken"
    return judge(inspection.measured)


@pytest.mark.filterwarnings("ignore:.*(does not have many workers|have no `val_dataloader`).*")
class TestBuilt:
    """Networks with one fault each."""

    def test_one_that_vanishes_with_depth(self):
        stack = library.StackSpec(cell="lstm", hidden_size=12, num_layers=12)
        rules = {finding.rule: finding for finding in inspected(stack, lambda encoder: None, steps=8)}
        assert "wiring: residual" in rules["vanishes with depth"].advice

    def test_one_that_explodes_through_time(self):
        def prepare(encoder):
            encoder.cells()[0].weight_hh.mul_(1.5)

        stack = library.StackSpec(cell=library.ElmanSpec(activation="identity"), hidden_size=12)
        rules = {finding.rule: finding for finding in inspected(stack, prepare)}
        assert rules["explodes through time"].advice == ()

    def test_one_that_vanishes_through_time(self):
        def prepare(encoder):
            encoder.cells()[0].weight_hh.mul_(0.2)

        stack = library.StackSpec(cell="elman", hidden_size=12)
        (finding,) = inspected(stack, prepare)
        assert finding.rule == "vanishes through time"
        assert "cell: gru" in finding.advice

    def test_one_whose_forget_gate_is_shut(self):
        stack = library.StackSpec(cell=library.LSTMSpec(forget_bias=-8.0), hidden_size=12)
        rules = {finding.rule: finding for finding in inspected(stack, lambda encoder: None)}
        remedy = "cell: {class_path: LSTMSpec, init_args: {forget_bias: 1.0}}"
        assert rules["forget gate starts shut"].advice == (remedy,)

    def test_a_healthy_one(self):
        stack = library.StackSpec(cell="lstm", hidden_size=12, num_layers=4, wiring="residual")
        (finding,) = inspected(stack, lambda encoder: None)
        assert finding.severity == "good"


def test_it_measures_and_judges_and_keeps_nothing(zoo, folder):
    outcome = zoo(*SMALL)
    assert outcome.code == 0
    assert "3 batches of training data, weights as initialised" in outcome.out
    assert "layer 2" in outcome.out
    assert outcome.out.count("backward") == 2
    assert "gradient: root mean square" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("good")
    assert not (folder / "runs").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["small.yaml"]


def test_it_says_what_to_try(zoo):
    outcome = zoo(*SMALL, *(f"--model.network.encoder.{option}" for option in DEEP))
    assert outcome.code == 0
    assert "vanishes with depth" in " ".join(outcome.out.split())
    assert "try       --model.network.encoder.wiring=residual" in outcome.out


def test_it_looks_at_trained_weights(zoo, folder):
    assert zoo("fit", "--config", "small.yaml").code == 0
    checkpoint = "runs/small/version_0/checkpoints/last.ckpt"
    content = (folder / checkpoint).read_bytes()
    outcome = zoo(*SMALL, "--ckpt_path", checkpoint)
    assert outcome.code == 0
    assert f"weights of {checkpoint}" in outcome.out
    assert outcome.out.split("saturated", 1)[1] != zoo(*SMALL).out.split("saturated", 1)[1]
    assert (folder / checkpoint).read_bytes() == content


def test_it_says_what_short_trainings_have_shown_and_what_that_explains(zoo, monkeypatch):
    rates = {1e-8: 2.3, 1e-2: 0.5}
    shown = Learning(steps=160, start=2.3, end=2.3, baseline=2.3, rates=rates, rate=1e-8, rate_steps=50)
    monkeypatch.setattr("zoo.cli.run.examination.Probe.learning", lambda probe: shown)
    monkeypatch.setattr("zoo.cli.run.examination.Probe.tried", lambda probe, found, lines: found)
    outcome = zoo("inspect", "--config", "small.yaml", "--batches", "2", "--model.optimizer.lr", "1.0e-8")
    assert outcome.code == 0, outcome.err
    told = " ".join(outcome.out.split())
    assert "in 50 steps the loss comes to 0.5 with 0.01, and with 1e-08 to 2.3. (likely)" in told
    assert outcome.out.splitlines()[-2:] == [
        "explains  small updates",
        "try       --model.optimizer='{name: Adam, lr: 0.01}'",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--batches", "0"), "--batches is 0; expected at least 1"),
        (("--batches", "many"), "batches is 'many'; expected int"),
        (("--ckpt_path", "none.ckpt"), "there is no checkpoint none.ckpt"),
        (("--batchs", "2"), "batchs"),
    ],
)
def test_a_mistake_is_one_sentence(zoo, arguments, message):
    outcome = zoo("inspect", "--config", "small.yaml", *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert "Traceback" not in outcome.err
