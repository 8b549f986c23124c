"""Sizes that no machine can hold are refused before anything is allocated, with what they would take."""

import pytest
import torch

import zoo as package

IMPOSSIBLE = [
    ("model.network.encoder.hidden_size=1000000000", "hidden_size 1000000000", "GB"),
    ("model.network.encoder.num_layers=1000000", "num_layers is 1000000", "at most 1000"),
    ("seed_everything=1000000000000000000", "seed_everything is 1000000000000000000", "from 0 to 4294967295"),
    ("seed_everything=-1", "seed_everything is -1", "from 0 to 4294967295"),
    (f"seed_everything={10**30}", "seed_everything is", "expected"),
    ("data.num_workers=1000000", "num_workers is 1000000", "at most 512"),
    ("trainer.devices=1000000", "trainer.devices is 1000000", "at most 512"),
    ("trainer.devices='1000000'", "trainer.devices is", "at most 512"),
    ("trainer.num_nodes=1000000", "trainer.num_nodes is 1000000", "at most 4096"),
]


@pytest.mark.parametrize(("option", "said", "also"), IMPOSSIBLE)
def test_from_a_recipe(zoo, folder, option, said, also):
    outcome = zoo("fit", "--config", "small.yaml", f"--{option}")
    assert outcome.code == 2
    assert said in outcome.err
    assert also in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not (folder / "runs").exists()


def test_data_that_does_not_fit_ends_with_a_sentence(zoo, folder):
    network = "{encoder: {hidden_size: 4}, pooling: last}"
    model = f"model: {{class_path: SequenceRegressor, init_args: {{network: {network}}}}}"
    data = "data: {class_path: AddingProblem, init_args: {length: 100000000000}}"
    (folder / "long.yaml").write_text(f"{model}\n{data}\ntrainer: {{max_epochs: 1}}\n")
    outcome = zoo("fit", "--config", "long.yaml")
    assert outcome.code == 1
    assert outcome.err.startswith("zoo: error: there is not enough memory, for ")
    assert len(outcome.err.splitlines()) == 1


def test_from_python():
    with pytest.raises(ValueError, match=r"hidden_size 300000, num_layers 4 .* GB, and this machine has"):
        package.StackSpec(hidden_size=300_000, num_layers=4).build(5)
    network = {"encoder": {"hidden_size": 4}, "vocab_size": 10**9, "embedding_size": 10**5, "output_size": 2}
    with pytest.raises(ValueError, match="vocab_size 1000000000 and embedding_size 100000"):
        package.ModelSpec.of(network).build()


def test_a_network_without_weights_may_have_any_size():
    with torch.device("meta"):
        stack = package.StackSpec(hidden_size=300_000, num_layers=4).build(5)
    assert sum(parameter.numel() for parameter in stack.parameters()) > 10**12


@pytest.mark.parametrize("cell", package.list_cells())
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_what_is_counted_is_no_more_than_there_is(monkeypatch, cell, direction):
    counted = []
    monkeypatch.setattr("zoo.stack.memory.check_weights", lambda count, sizes: counted.append(count))
    stack = package.StackSpec(cell=cell, hidden_size=40, num_layers=3, direction=direction).build(50)
    there = sum(parameter.numel() for parameter in stack.parameters())
    assert 0.95 * there < counted[0] <= there
