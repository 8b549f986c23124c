"""A batch that is not what a task needs is refused in a sentence, in every stage."""

import collections

import lightning.pytorch as pl
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import zoo

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers", "ignore:.*but have no `val_dataloader`"
)
STAGES = ["fit", "validate", "test", "predict"]
X, Y = torch.randn(8, 5, 3), torch.arange(8) % 4
TOKENS = torch.arange(40).view(8, 5) % 7
NUMBERS = torch.randn(8, 2)
ENCODER = zoo.StackSpec(cell="gru", hidden_size=4)


def classifier(**changes):
    sizes = {"pooling": "max", "input_size": 3, "output_size": 4}
    return zoo.SequenceClassifier(zoo.ModelSpec(encoder=ENCODER, **(sizes | changes)))


def regressor(**changes):
    sizes = {"pooling": "mean", "input_size": 3, "output_size": 2}
    return zoo.SequenceRegressor(zoo.ModelSpec(encoder=ENCODER, **(sizes | changes)))


def language_model():
    return zoo.LanguageModel(zoo.ModelSpec(encoder=ENCODER, vocab_size=7, output_size=7))


def run(task, loader, stage, tmp_path):
    trainer = pl.Trainer(
        default_root_dir=tmp_path,
        accelerator="cpu",
        max_steps=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    return getattr(trainer, stage)(task, loader)


def said(task, batch, stage, tmp_path):
    with pytest.raises(ValueError, match=f"{type(task).__name__} got ") as caught:
        run(task, DataLoader([batch], batch_size=None), stage, tmp_path)
    return str(caught.value).removeprefix(f"{type(task).__name__} got ")


CLASSES = (
    "expected a dict of x (B, T, 3) of floating-point numbers, y (B,) of integers from 0 to 3 (-100 where "
    "none counts) and, if there are any, lengths (B,) of integers and, if there are any, weight (B,) of "
    "numbers of at least 0"
)
REGRESSION = (
    "expected a dict of x (B, T, 3) of floating-point numbers, y (B, 2) of numbers and, if there are any, "
    "lengths (B,) of integers and, if there are any, weight (B,) of numbers of at least 0"
)
STREAMS = (
    "expected a dict of x (B, T) of integers from 0 to 6, y (B, T) of integers from 0 to 6 (-100 where none "
    "counts) and, if there are any, starts (B,) of booleans"
)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("make", "expected"), [(classifier, CLASSES), (regressor, REGRESSION), (language_model, STREAMS)]
)
def test_tuples_are_told_the_contract(tmp_path, make, expected, stage):
    loader = DataLoader(TensorDataset(X, Y), batch_size=4)
    with pytest.raises(ValueError, match="got a list of") as caught:
        run(make(), loader, stage, tmp_path)
    assert str(caught.value) == (
        f"{type(make()).__name__} got a list of (4, 5, 3) float32, (4,) int64; {expected}; a collate_fn can "
        "make {'x': batch[0], 'y': batch[1]} of it"
    )


SEEN_BY_ALL = [
    (classifier, {"inputs": X, "y": Y}, "no x in a dict of inputs (8, 5, 3) float32, y (8,) int64", CLASSES),
    (classifier, {"x": X.tolist(), "y": Y}, "x that is a list in a dict of x list, y (8,) int64", CLASSES),
    (classifier, {"x": X.long(), "y": Y}, "x of type int64 in", CLASSES),
    (classifier, {"x": X[..., 0], "y": Y}, "x of shape (8, 5), not (B, T, 3), in", CLASSES),
    (classifier, {"x": X[..., :2], "y": Y}, "x of shape (8, 5, 2), not (B, T, 3), in", CLASSES),
    (classifier, {"x": X, "y": Y, "lengths": [5] * 8}, "lengths that is a list in", CLASSES),
    (
        classifier,
        {"x": X, "y": Y, "lengths": torch.full((7,), 5)},
        "lengths of shape (7,), not (B,) = (8,), in a dict of x (8, 5, 3) float32, y (8,) int64, lengths "
        "(7,) int64",
        CLASSES,
    ),
    (classifier, {"x": X, "y": Y, "lengths": torch.full((8,), 5.0)}, "lengths of type float32 in", CLASSES),
    (
        classifier,
        {"x": X, "y": Y, "length": torch.full((8,), 2)},
        "length in",
        "expected lengths, or another name for what is not read",
    ),
    (regressor, {"x": X.bool(), "y": NUMBERS}, "x of type bool in", REGRESSION),
    (language_model, {"x": TOKENS.float(), "y": TOKENS}, "x of type float32 in", STREAMS),
    (language_model, {"x": TOKENS[..., None], "y": TOKENS}, "x of shape (8, 5, 1), not (B, T), in", STREAMS),
    (language_model, {"x": TOKENS + 1, "y": TOKENS}, "x with values from 1 to 7 in", STREAMS),
    (language_model, {"x": TOKENS - 100, "y": TOKENS}, "x with values from -100 to -94 in", STREAMS),
    (
        language_model,
        {"x": TOKENS, "y": TOKENS, "starts": torch.zeros(8)},
        "starts of type float32 in",
        STREAMS,
    ),
    (
        language_model,
        {"x": TOKENS, "y": TOKENS, "starts": torch.zeros(7).bool()},
        "starts of shape (7,), not (B,) = (8,), in",
        STREAMS,
    ),
    (
        language_model,
        {"x": TOKENS, "y": TOKENS, "lengths": torch.full((8,), 2)},
        "lengths in",
        "expected no lengths, but -100 in y where nothing is to be predicted",
    ),
]
TARGETS = [
    (classifier, {"x": X, "labels": Y}, "no y in a dict of x (8, 5, 3) float32, labels (8,) int64", CLASSES),
    (classifier, {"x": X, "y": None}, "no y in a dict of x (8, 5, 3) float32, y NoneType", CLASSES),
    (classifier, {"x": X, "y": Y.float()}, "y of type float32 in", CLASSES),
    (classifier, {"x": X, "y": Y.bool()}, "y of type bool in", CLASSES),
    (classifier, {"x": X, "y": Y + 1}, "y with values from 1 to 4 in", CLASSES),
    (classifier, {"x": X, "y": Y - 1}, "y with values from -1 to 2 in", CLASSES),
    (classifier, {"x": X, "y": Y[:7]}, "y of shape (7,), not (B,) = (8,), in", CLASSES),
    (classifier, {"x": X, "y": torch.eye(4)[Y]}, "y of shape (8, 4), not (B,) = (8,), in", CLASSES),
    (
        classifier,
        {"x": X, "y": Y[:, None].expand(8, 5)},
        "y of shape (8, 5), not (B,) = (8,), in",
        "expected pooling 'none' for one class per step, any other for one per sequence",
    ),
    (
        lambda: classifier(pooling="none"),
        {"x": X, "y": Y},
        "y of shape (8,), not (B, T) = (8, 5), in",
        "expected pooling 'none' for one class per step, any other for one per sequence",
    ),
    (regressor, {"x": X, "y": NUMBERS[:, 0]}, "y of shape (8,), not (B, 2) = (8, 2), in", REGRESSION),
    (regressor, {"x": X, "y": NUMBERS > 0}, "y of type bool in", REGRESSION),
    (
        lambda: regressor(pooling="none"),
        {"x": X, "y": NUMBERS},
        "y of shape (8, 2), not (B, T, 2) = (8, 5, 2), in",
        "expected pooling 'none' for (B, T, 2), any other for (B, 2)",
    ),
    (language_model, {"x": TOKENS}, "no y in a dict of x (8, 5) int64", STREAMS),
    (
        language_model,
        {"x": TOKENS, "y": TOKENS[:, 1:]},
        "y of shape (8, 4), not (B, T) = (8, 5), in",
        STREAMS,
    ),
    (language_model, {"x": TOKENS, "y": TOKENS + 1}, "y with values from 1 to 7 in", STREAMS),
    (language_model, {"x": TOKENS, "y": TOKENS - 99}, "y with values from -99 to -93 in", STREAMS),
]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(("make", "batch", "got", "expected"), SEEN_BY_ALL)
def test_every_stage_says_what_it_got_and_what_it_expects(tmp_path, make, batch, got, expected, stage):
    message = said(make(), batch, stage, tmp_path)
    assert message.startswith(got)
    assert message.endswith(f"; {expected}")


@pytest.mark.parametrize("stage", STAGES[:3])
@pytest.mark.parametrize(("make", "batch", "got", "expected"), TARGETS)
def test_targets_are_told_what_they_should_be(tmp_path, make, batch, got, expected, stage):
    message = said(make(), batch, stage, tmp_path)
    assert message.startswith(got)
    assert message.endswith(f"; {expected}")


@pytest.mark.parametrize(("make", "batch"), [case[:2] for case in TARGETS])
def test_predicting_does_not_look_at_targets(tmp_path, make, batch):
    assert len(run(make(), DataLoader([batch], batch_size=None), "predict", tmp_path)[0]) == 8


@pytest.mark.parametrize("lengths", [[6] * 8, [-1] * 8])
def test_lengths_are_within_the_batch(tmp_path, lengths):
    batch = {"x": X, "y": Y, "lengths": torch.tensor(lengths)}
    for stage in STAGES:
        with pytest.raises(ValueError, match=r"lengths holds values from .* expected 0 to T = 5"):
            run(classifier(), DataLoader([batch], batch_size=None), stage, tmp_path)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
def test_integers_of_every_size_are_taken(tmp_path, dtype):
    classes = {"x": X, "y": Y.to(dtype)}
    tokens = {"x": TOKENS.to(dtype), "y": TOKENS.to(dtype)}
    for stage in STAGES:
        for task, batch in ((classifier(), classes), (language_model(), tokens)):
            run(task, DataLoader([batch], batch_size=None), stage, tmp_path)


def test_what_a_task_does_not_read_may_be_anything(tmp_path):
    batch = collections.UserDict({"x": X, "y": Y, "lengths": None, "id": ["a"] * 8, "stats": {}})
    run(classifier(), DataLoader([batch], batch_size=None), "test", tmp_path)


def test_ignored_targets_are_no_values_out_of_range(tmp_path):
    y = TOKENS.clone()
    y[:, 0] = -100
    run(language_model(), DataLoader([{"x": TOKENS, "y": y}], batch_size=None), "test", tmp_path)


def test_empty_batches_and_lengths_of_nothing_are_let_through(tmp_path):
    batch = {"x": X[:, :0], "y": Y, "lengths": torch.zeros(8, dtype=torch.long)}
    run(classifier(), DataLoader([batch], batch_size=None), "test", tmp_path)


def test_a_long_batch_is_shown_in_part(tmp_path):
    message = said(classifier(), tuple(X for _ in range(40)), "test", tmp_path)
    assert message.count("(8, 5, 3) float32") == 6
    assert "and 34 more" in message


class OwnData(pl.LightningDataModule):
    """A user's own data module, which touches batches on their way."""

    def train_dataloader(self):
        return DataLoader(TensorDataset(X, Y), batch_size=4)

    def on_before_batch_transfer(self, batch, dataloader_idx):
        return tuple(batch)


def test_a_data_module_of_the_user_is_told_as_well(tmp_path):
    trainer = pl.Trainer(default_root_dir=tmp_path, accelerator="cpu", max_steps=1, logger=False,
                         enable_checkpointing=False, enable_progress_bar=False)  # fmt: skip
    with pytest.raises(ValueError, match=r"SequenceClassifier got a tuple of \(4, 5, 3\) float32, "):
        trainer.fit(classifier(), datamodule=OwnData())
