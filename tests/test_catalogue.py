import csv
import re
import runpy
from pathlib import Path

import pytest
import torch
from small_models import TYPES, inputs, small

import zoo
from zoo.catalogue import MODELS, models, named_model
from zoo.catalogue.counting import count
from zoo.seq2seq import EncoderDecoder

ROOT = Path(__file__).parent.parent
RESULTS, PAGE = ROOT / "recipes/results", (ROOT / "docs/models.md").read_text(encoding="utf-8")
WITH_A_NUMBER = sorted(name for name, entry in MODELS.items() if entry.published is not None)


def outputs(task):
    """What the network of a task says of two sequences, with gradients."""
    x = inputs(task.network)
    if isinstance(task.model, EncoderDecoder):
        return task.model(*x, torch.randint(0, TYPES, (2, 4))).logits
    if task.network.pairs:
        return task.model.compare(*x)
    return task.model(x[0], characters=x[-1] if len(x) > 1 else None)[0]


@pytest.mark.parametrize("name", MODELS)
def test_every_named_model_runs_and_trains_all_its_parameters(name):
    torch.manual_seed(0)
    task = small(name)
    assert type(task) is zoo.tasks.TASKS[MODELS[name].task]
    task.train()
    outputs(task).square().sum().backward()
    parameters = task.model.named_parameters()
    assert [key for key, parameter in parameters if parameter.requires_grad and parameter.grad is None] == []


@pytest.mark.parametrize("name", MODELS)
def test_every_card_is_complete(name):
    entry = MODELS[name]
    assert entry.summary
    assert entry.authors.rstrip("abc")[-4:].isdigit()
    assert "http" in entry.paper
    assert entry.task in zoo.tasks.TASKS.names()
    assert (entry.decoder is not None) == (entry.task == "sequence_to_sequence")
    assert entry.network.is_complete
    assert entry.parameters > 0


@pytest.mark.parametrize("name", WITH_A_NUMBER)
def test_sizes_are_those_of_the_papers(name):
    """Exactly, or to the last digit that is given; some papers round it, some cut it off."""
    entry = MODELS[name]
    assert abs(entry.count(entry.counted) - entry.published) < entry.rounded_to


def test_there_are_as_many_models_as_promised():
    assert len(MODELS) >= 40
    assert len(WITH_A_NUMBER) >= 30


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("graves-ctc-timit", "114,662"),
        ("hyper-lstm-ptb-characters", "4.91M"),
        ("cornn-mnist", "134K"),
        ("lstm-2048-512", "830M"),
        ("big-lstm", "1.8B"),
        ("char-rnn", ""),
    ],
)
def test_numbers_are_written_as_papers_do(name, stated):
    assert MODELS[name].stated == stated


def test_counting_parameters_equals_building():
    assert MODELS["irnn-mnist"].parameters == sum(
        parameter.numel() for parameter in zoo.create_model("irnn-mnist").model.parameters()
    )


def test_a_skew_symmetric_matrix_is_counted_once():
    encoder = zoo.StackSpec(cell="antisymmetric_rnn", hidden_size=7)
    model = zoo.ModelSpec(encoder=encoder, vocab_size=11, embedding_size=5, output_size=3).build()
    embedding, head, rest = 11 * 5, 3 * 8, 7 * 5 + 7
    assert count(model) == embedding + head + rest + 7 * 7
    assert count(model, "skew-symmetric matrices once") == embedding + head + rest + 7 * 6 // 2


def test_a_file_is_all_that_a_model_takes(tmp_path, monkeypatch):
    (tmp_path / "of_a_test.py").write_text(
        "from zoo.catalogue.models.irnn import MODELS as OTHERS\n\n"
        "MODELS = {'of-a-test': OTHERS['irnn-mnist']}\n"
    )
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path)])
    assert models._found()["of-a-test"] is MODELS["irnn-mnist"]


def test_the_table_of_the_docs_is_that_of_the_catalogue():
    """After a change `python recipes/results/models.py` writes it, and `tables.py` beside it the page."""
    written = runpy.run_path(str(RESULTS / "models.py"))
    kept = csv.DictReader((RESULTS / "models.csv").read_text(encoding="utf-8").splitlines())
    assert list(written["rows"]()) == list(kept)
    assert {entry.task for entry in MODELS.values()} <= set(re.findall(r"\w+", PAGE))


def test_a_stack_name_makes_a_model():
    task = zoo.create_model("bi-lstm-4x256-residual", input_size=5, output_size=3)
    assert task.model.encoder.spec == zoo.parse_stack("bi-lstm-4x256-residual")
    assert task.model(torch.randn(2, 7, 5))[0].shape == (2, 3)
    streamed = zoo.create_model("gru-1x8", task="language_model", vocab_size=9, output_size=9)
    assert isinstance(streamed, zoo.LanguageModel)


def test_what_a_task_is_given_beside_its_network_can_be_changed():
    stack = zoo.StackSpec(hidden_size=4)
    decoder = zoo.DecoderSpec(stack=stack, attention="dot")
    task = zoo.create_model(
        "cho-encoder-decoder", hidden_size=4, vocab_size=9, output_size=8, decoder=decoder
    )
    assert task.decoder == decoder
    assert (task.network.vocab_size, task.network.output_size) == (9, 8)
    assert small("lample-lstm-crf").chain is not None
    assert zoo.create_model("lample-lstm-crf", crf=False).chain is None


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
        ("rnnsearch", {"decodr": None}, "no option 'decodr'; did you mean 'decoder'"),
        ("bi-lstm-4x256-residual", {}, "needs output_size, and input_size or vocab_size"),
        ("gru-1x8", {"vocab_size": 5}, "needs output_size, and input_size or vocab_size"),
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
    assert named_model("lample-lstm-crf", "sequence_classifier").arguments == {}
