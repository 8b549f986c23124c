"""Under Lightning's Trainer: epochs, resuming, over-fitting, predicting, workers, and no warnings."""

import lightning.pytorch as pl
import pytest
import torch

from zoo.data import DATA
from zoo.data.adding_problem import AddingProblem
from zoo.data.base import SequenceData
from zoo.data.digits import Digits
from zoo.data.labelled_text import LabelledText
from zoo.data.python_docs import PythonDocs
from zoo.data.text_file import TextFile

# All data is in memory and batches are slices: worker processes would only cost time.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers")


class Recorder(pl.LightningModule):
    """Keeps a number for each training batch that it sees."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen = {}

    def training_step(self, batch, index):
        x = batch["x"].double().flatten()
        number = float(x @ torch.arange(1.0, len(x) + 1, dtype=torch.double))
        self.seen.setdefault(self.current_epoch, []).append(number)
        return self.weight.sum() * x.float().mean()

    def validation_step(self, batch, index):
        pass

    def predict_step(self, batch, index):
        return batch["x"]

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Save(pl.Callback):
    """Saves a checkpoint after every step, validation and epoch."""

    def __init__(self, folder):
        self.folder = folder

    def on_train_batch_end(self, trainer, *_):
        trainer.save_checkpoint(self.folder / f"{trainer.global_step}.ckpt")

    def on_validation_end(self, trainer, *_):
        trainer.save_checkpoint(self.folder / f"validated{trainer.current_epoch}.ckpt")

    def on_train_epoch_end(self, trainer, *_):
        trainer.save_checkpoint(self.folder / f"epoch{trainer.current_epoch}.ckpt")


def trainer(tmp_path, **arguments):
    defaults = {
        "accelerator": "cpu",
        "devices": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "max_epochs": 2,
        "log_every_n_steps": 1,
        "default_root_dir": tmp_path,
    }
    return pl.Trainer(**{**defaults, **arguments})


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.tsv"
    lines = (f"{'word ' * (k % 7)}w{k}\t{k % 2}" for k in range(60))
    path.write_text("\n".join(["text\tlabel", *lines]), encoding="utf-8")
    return path


def sources(reviews):
    return {
        "digits": lambda: Digits(batch_size=300),
        "labelled_text": lambda: LabelledText(reviews, batch_size=8),
        "adding_problem": lambda: AddingProblem(length=5, batch_size=4, steps_per_epoch=6, val_size=8),
    }


@pytest.mark.parametrize("name", ["digits", "labelled_text", "adding_problem"])
def test_each_epoch_has_its_own_order_and_a_second_run_the_same(tmp_path, reviews, name):
    seen = []
    for _ in range(2):
        model = Recorder()
        trainer(tmp_path).fit(model, datamodule=sources(reviews)[name]())
        seen.append(model.seen)
    assert seen[0] == seen[1]
    assert len(seen[0][0]) == len(seen[0][1])
    assert set(seen[0][0]).isdisjoint(seen[0][1])


@pytest.mark.parametrize("name", ["digits", "labelled_text", "adding_problem", "python_docs"])
def test_a_run_resumed_in_the_middle_of_an_epoch_sees_what_was_left(tmp_path, reviews, name):
    make = {**sources(reviews), "python_docs": lambda: PythonDocs(batch_size=100, steps=1000)}[name]
    whole = Recorder()
    trainer(tmp_path, callbacks=[Save(tmp_path)]).fit(whole, datamodule=make())
    epoch = len(whole.seen[0])
    assert epoch > 2
    resumed = Recorder()
    path = tmp_path / f"{epoch + 2}.ckpt"
    trainer(tmp_path).fit(resumed, datamodule=make(), ckpt_path=path, weights_only=True)
    assert resumed.seen == {1: whole.seen[1][2:]}


@pytest.mark.parametrize("moment", ["validated0", "epoch0"])
def test_a_run_resumed_between_epochs_sees_the_whole_next_one(tmp_path, moment):
    whole, resumed = Recorder(), Recorder()
    first = trainer(tmp_path, limit_train_batches=3, callbacks=[Save(tmp_path)])
    first.fit(whole, datamodule=Digits(batch_size=100))
    again = trainer(tmp_path, limit_train_batches=3)
    path = tmp_path / f"{moment}.ckpt"
    again.fit(resumed, datamodule=Digits(batch_size=100), ckpt_path=path, weights_only=True)
    assert resumed.seen == {1: whole.seen[1]}


def test_streams_come_in_the_order_of_the_text_in_every_epoch(tmp_path):
    model = Recorder()
    data = PythonDocs(batch_size=50, steps=500)
    trainer(tmp_path).fit(model, datamodule=data)
    assert model.seen[0] == model.seen[1]
    assert len(model.seen[0]) == len(data.dataset("train")) > 10


@pytest.mark.filterwarnings("ignore:You requested to overfit")
@pytest.mark.parametrize("name", ["digits", "labelled_text", "adding_problem"])
def test_over_fitting_repeats_the_same_batches(tmp_path, reviews, name):
    model = Recorder()
    trainer(tmp_path, overfit_batches=2).fit(model, datamodule=sources(reviews)[name]())
    assert model.seen[0] == model.seen[1]
    assert len(set(model.seen[0])) == 2


def test_predictions_keep_the_order_of_the_test_set(tmp_path):
    data = Digits(batch_size=100)
    predicted = trainer(tmp_path).predict(Recorder(), datamodule=data)
    assert [len(batch) for batch in predicted] == [100, 100, 70]
    assert torch.equal(torch.cat(predicted), data.dataset("test").__getitems__(range(270))["x"])


def test_predictions_over_streams_are_the_whole_text(tmp_path):
    text = tmp_path / "input.txt"
    text.write_text("some words to read\n" * 20, encoding="utf-8")
    data = TextFile(train=text, val=text, predict=text, steps=50)
    predicted = trainer(tmp_path).predict(Recorder(), datamodule=data)
    assert (
        data.vocabulary.decode(torch.cat(predicted, dim=1)[0].tolist()) == ("some words to read\n" * 20)[:-1]
    )


def test_a_checkpoint_of_the_trainer_carries_the_vocabulary(tmp_path):
    text = tmp_path / "input.txt"
    text.write_text("some words to read\n" * 40, encoding="utf-8")
    fit = trainer(tmp_path, max_steps=1)
    data = TextFile(text, unit="words", batch_size=2)
    fit.fit(Recorder(), datamodule=data)
    fit.save_checkpoint(tmp_path / "run.ckpt")
    checkpoint = torch.load(tmp_path / "run.ckpt", weights_only=True)
    assert checkpoint["TextFile"] == data.state_dict()
    other = tmp_path / "other.txt"
    other.write_text("to read something new\n", encoding="utf-8")
    alone = TextFile(predict=other, unit="words")
    trainer(tmp_path).predict(Recorder(), alone, ckpt_path=tmp_path / "run.ckpt", weights_only=True)
    assert alone.vocabulary.types == data.vocabulary.types


def test_worker_processes_deliver_the_same_batches(tmp_path):
    def run(workers):
        model = Recorder()
        data = AddingProblem(length=5, batch_size=4, steps_per_epoch=4, val_size=8, num_workers=workers)
        trainer(tmp_path).fit(model, datamodule=data)
        return model.seen

    assert run(2) == run(0)


def test_loaders_can_be_asked_for_again(tmp_path, reviews):
    for make in sources(reviews).values():
        data = make()
        first, again = ([batch["x"] for batch in data.train_dataloader()] for _ in range(2))
        assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))


def test_every_data_module_is_a_documented_sequence_data():
    assert len(DATA.names()) >= 7
    for name in DATA.names():
        source = DATA[name]
        assert issubclass(source, SequenceData)
        assert "Batches: `x`" in " ".join(source.__doc__.split())
        arguments = set(source.__init__.__annotations__) - {"return"}
        documented = source.__doc__.partition("Args:")[2]
        assert {argument for argument in arguments if f"        {argument}: " not in documented} == set()
