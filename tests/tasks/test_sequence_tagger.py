"""What the tagger computes, logs, refuses and keeps."""

import lightning.pytorch as pl
import pytest
import torch
from seqeval.metrics import f1_score
from sklearn.metrics import accuracy_score
from torch.nn import functional as F
from torch.utils.data import DataLoader

import zoo
from zoo.tasks.contract import IGNORED

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers", "ignore:.*but have no `val_dataloader`"
)
TINY = zoo.StackSpec(cell="gru", hidden_size=6)
TAGS = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]
LENGTHS = [5, 3, 1, 4]


def trainer(tmp_path, **options):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(default_root_dir=tmp_path, accelerator="cpu", **(quiet | options))


def loader(batches):
    return DataLoader(batches, batch_size=None, num_workers=0)


def tagger(crf=False, **changes):
    task = zoo.SequenceTagger(zoo.ModelSpec(encoder=TINY, vocab_size=9, output_size=5, **changes), crf=crf)
    if crf:
        for parameter in task.chain.parameters():
            torch.nn.init.normal_(parameter)
    return task


def batches(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        {
            "x": torch.randint(0, 9, (4, 5), generator=generator),
            "y": torch.randint(0, 5, (4, 5), generator=generator),
            "lengths": torch.tensor(LENGTHS),
        }
        for _ in range(2)
    ]


class Sentences(pl.LightningDataModule):
    """Batches, and what their tags are called."""

    def __init__(self, tags):
        super().__init__()
        self.legend = {"tags": tags}
        self.sizes = {"vocab_size": 9, "num_classes": 5}

    def train_dataloader(self):
        return loader(batches())

    val_dataloader = test_dataloader = predict_dataloader = train_dataloader


@pytest.mark.parametrize("crf", [False, True])
def test_metrics_are_those_of_scikit_learn_and_seqeval(tmp_path, crf):
    torch.manual_seed(0)
    task, given, found = tagger(crf), [], []
    results = trainer(tmp_path).test(task, Sentences(TAGS), verbose=False)[0]
    task.eval()
    for batch in batches():
        for row, length in enumerate(LENGTHS):
            predicted = task.predict_step({"x": batch["x"][row : row + 1, :length]}, 0)
            given.append([TAGS[k] for k in batch["y"][row, :length]])
            found.append([TAGS[k] for k in predicted["tags"][0]])
    flat = [[tag for row in rows for tag in row] for rows in (given, found)]
    assert results["test/accuracy"] == pytest.approx(accuracy_score(*flat))
    assert results["test/span_f1"] == pytest.approx(f1_score(given, found))


def test_the_loss_is_the_mean_over_steps(tmp_path):
    torch.manual_seed(0)
    task = tagger()
    results = trainer(tmp_path).test(task, loader(batches()), verbose=False)[0]
    task.eval()
    parts = [
        (task(batch["x"][row : row + 1, :length])[0], batch["y"][row, :length])
        for batch in batches()
        for row, length in enumerate(LENGTHS)
    ]
    scores, y = (torch.cat(each) for each in zip(*parts, strict=True))
    assert results["test/loss"] == pytest.approx(float(F.cross_entropy(scores, y).detach()), abs=1e-5)


def test_the_loss_of_a_crf_is_that_of_whole_sequences_for_each_step(tmp_path):
    torch.manual_seed(0)
    task = tagger(crf=True)
    results = trainer(tmp_path).test(task, loader(batches()), verbose=False)[0]
    task.eval()
    total = 0.0
    for batch in batches():
        for row, length in enumerate(LENGTHS):
            scores = task(batch["x"][row : row + 1, :length])
            y, whole = batch["y"][row : row + 1, :length], torch.tensor([length])
            total -= task.chain.log_likelihood(scores, y, whole).item()
    assert results["test/loss"] == pytest.approx(total / (2 * sum(LENGTHS)), abs=1e-5)


def test_a_crf_that_knows_nothing_is_a_tagger_without(tmp_path):
    torch.manual_seed(0)
    plain, chained = tagger(), tagger(crf=True)
    chained.load_state_dict(plain.state_dict(), strict=False)
    for parameter in chained.chain.parameters():
        torch.nn.init.zeros_(parameter)
    one, two = (
        trainer(tmp_path).test(task, loader(batches()), verbose=False)[0] for task in (plain, chained)
    )
    assert two == pytest.approx(one, abs=1e-6)


@pytest.mark.parametrize("tags", [["ADJ", "ADP", "NOUN", "PRON", "VERB"], []])
def test_without_spans_there_is_no_score_of_spans(tmp_path, tags):
    results = trainer(tmp_path).test(tagger(), Sentences(tags), verbose=False)[0]
    assert results.keys() == {"test/accuracy", "test/loss"}


def test_a_checkpoint_gives_the_same_tagger(tmp_path):
    torch.manual_seed(0)
    task = zoo.SequenceTagger({"encoder": TINY}, crf=True)
    fit = trainer(tmp_path, max_epochs=1, enable_checkpointing=False)
    fit.fit(task, Sentences(TAGS))
    assert "val/span_f1" in fit.callback_metrics
    fit.save_checkpoint(tmp_path / "task.ckpt")
    again = zoo.SequenceTagger.load_from_checkpoint(tmp_path / "task.ckpt")
    assert again.crf is True
    one, two = (trainer(tmp_path).test(each, Sentences(TAGS), verbose=False)[0] for each in (task, again))
    assert one == two
    assert "test/span_f1" in one


class Save(pl.Callback):
    """Writes a checkpoint after the first batch."""

    def __init__(self, path):
        self.path = path

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if batch_idx == 0:
            trainer.save_checkpoint(self.path)


def test_a_run_resumed_within_an_epoch_counts_spans_of_the_whole_epoch(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("".join(f"in O\nNew{k} B-LOC\nYork I-LOC\n\nMe B-PER\n\n" for k in range(6)))

    def parts():
        encoder = {"cell": "gru", "hidden_size": 4, "direction": "bidirectional"}
        network = {"encoder": {"hidden_size": 4}, "characters": {"encoder": encoder}}
        task = zoo.SequenceTagger(network, {"lr": 0.1}, crf=True)
        return task, zoo.TaggedText(path, characters=True, batch_size=2)

    torch.manual_seed(0)
    options = {"max_epochs": 1, "enable_checkpointing": False}
    whole = trainer(tmp_path, callbacks=[Save(tmp_path / "half.ckpt")], **options)
    whole.fit(*parts())
    rest = trainer(tmp_path, **options)
    rest.fit(*parts(), ckpt_path=tmp_path / "half.ckpt", weights_only=True)
    for name in ("train/accuracy", "train/span_f1"):
        assert rest.callback_metrics[name] == whole.callback_metrics[name] > 0


@pytest.mark.parametrize("crf", [False, True])
def test_predictions_are_said_in_words(tmp_path, crf):
    torch.manual_seed(0)
    task = tagger(crf)
    predicted = trainer(tmp_path).predict(task, Sentences(TAGS))
    records = task.records(predicted[0], batches()[0], {"tags": TAGS})
    assert [len(record["tags"]) for record in records] == LENGTHS
    assert all(tag in TAGS for record in records for tag in record["tags"])
    assert all(0 < share <= 1 for record in records for share in record["probabilities"])
    numbers = task.records(predicted[0], batches()[0], {})
    assert [TAGS[k] for k in numbers[0]["tags"]] == records[0]["tags"]


@pytest.mark.parametrize("crf", [False, True])
def test_it_learns_what_the_tag_before_decides(tmp_path, crf):
    """A tag is the word of the step before."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(0, 5, (16, 6), generator=generator)
    batch = {"x": x, "y": torch.cat([torch.full((16, 1), IGNORED), x[:, :-1]], dim=1)}
    torch.manual_seed(0)
    task = zoo.SequenceTagger(
        {"encoder": {"cell": "gru", "hidden_size": 16}, "vocab_size": 9, "output_size": 5},
        {"name": "Adam", "lr": 0.05},
        crf=crf,
    )
    quiet = {"enable_checkpointing": False, "limit_val_batches": 0}
    trainer(tmp_path, max_epochs=60, **quiet).fit(task, loader([batch]))
    assert trainer(tmp_path).test(task, loader([batch]), verbose=False)[0]["test/accuracy"] > 0.95


def test_pooling_is_refused():
    with pytest.raises(ValueError, match="got pooling 'max', expected 'none'"):
        tagger(pooling="max")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": torch.full((4, 5), 5)}, "y with values from 5 to 5 .*from 0 to 4"),
        ({"y": torch.zeros(4, dtype=torch.long)}, r"y of shape \(4,\)"),
        ({"characters": torch.zeros(4, 5, 2, dtype=torch.long)}, "expected a network with characters"),
    ],
)
def test_batches_that_do_not_fit_are_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        trainer(tmp_path).test(tagger(), loader([batches()[0] | change]), verbose=False)
