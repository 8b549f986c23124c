import pytest
import torch

import zoo
from zoo.catalogue import MODELS, named_model

# published sizes, where the paper or its code gives one
PUBLISHED = {"zaremba-small": 4.6e6, "zaremba-medium": 20e6, "zaremba-large": 66e6, "lstm-mnist": 70e3}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_named_model_runs_without_lightning_and_trains_all_its_parameters(name):
    torch.manual_seed(0)
    entry = MODELS[name]
    small = {"vocab_size": 12, "embedding_size": 6} if entry.network.vocab_size else {}
    width = entry.network.encoder.hidden_size
    narrow = tuple(min(each, 6) for each in width) if isinstance(width, tuple) else 6
    if entry.task == "language_model":
        small["output_size"] = 12
    task = zoo.create_model(name, hidden_size=narrow, **small)
    assert isinstance(task, zoo.Task)
    assert type(task.model) is zoo.Model
    model = task.model.train()
    x = torch.randint(0, 12, (2, 5)) if entry.network.vocab_size else torch.rand(2, 5, 1)
    model(x)[0].square().sum().backward()
    missing = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    assert missing == []


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_named_model_has_a_paper_a_task_and_a_size(name):
    entry = MODELS[name]
    assert "http" in entry.paper
    assert entry.task in zoo.tasks.TASKS.names()
    assert entry.parameters > 0


@pytest.mark.parametrize(("name", "size"), PUBLISHED.items())
def test_sizes_are_those_of_the_papers(name, size):
    assert MODELS[name].parameters == pytest.approx(size, rel=0.03)


def test_counting_parameters_equals_building():
    small = zoo.create_model("irnn-mnist")
    assert MODELS["irnn-mnist"].parameters == sum(p.numel() for p in small.model.parameters())


def test_a_stack_name_makes_a_model():
    task = zoo.create_model("bi-lstm-4x256-residual", input_size=5, output_size=3)
    assert task.model.encoder.spec == zoo.parse_stack("bi-lstm-4x256-residual")
    assert task.model(torch.randn(2, 7, 5))[0].shape == (2, 3)
    streamed = zoo.create_model("gru-1x8", task="language_model", vocab_size=9, output_size=9)
    assert isinstance(streamed, zoo.LanguageModel)


def test_lists_follow_patterns():
    assert zoo.list_models("zaremba-*") == ["zaremba-large", "zaremba-medium", "zaremba-small"]
    assert {"elman", "gru", "lstm"} <= set(zoo.list_cells())
    assert {"dense", "highway", "plain", "residual"} <= set(zoo.list_wirings())
    assert zoo.list_cells("elm*") == ["elman"]


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("zaremba-smal", {}, "unknown model 'zaremba-smal'; did you mean 'zaremba-small'"),
        ("irnn-mnist", {"hiden_size": 3}, "no option 'hiden_size'; did you mean 'hidden_size'"),
        ("bi-lstm-4x256-residual", {}, "needs output_size, and input_size or vocab_size"),
        ("gru-1x8", {"task": "sequence_clasifier", "input_size": 1, "output_size": 1}, "unknown task"),
        ("bi-gru-1x8", {"task": "language_model", "vocab_size": 5, "output_size": 5}, "left context"),
    ],
)
def test_bad_requests_get_one_sentence(name, changes, message):
    with pytest.raises((ValueError, LookupError)) as caught:
        zoo.create_model(name, **changes)
    assert message in str(caught.value)


def test_named_model_can_be_given_another_task():
    assert named_model("lstm-mnist").task == "sequence_classifier"
    assert named_model("lstm-mnist", "sequence_regressor").task == "sequence_regressor"
