"""Pairs: both sequences through one encoder, compared as InferSent compares them."""

import lightning.pytorch as pl
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch.nn import functional as F
from torch.utils.data import DataLoader

import zoo

pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers", "ignore:.*`val_dataloader`")
NETWORK = zoo.ModelSpec(
    encoder=zoo.StackSpec(cell="lstm", hidden_size=5, direction="bidirectional"),
    vocab_size=9,
    output_size=3,
    pooling="max",
    pairs=True,
)


def batch(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        "x": torch.randint(0, 9, (4, 6), generator=generator),
        "second": torch.randint(0, 9, (4, 3), generator=generator),
        "lengths": torch.tensor([6, 4, 1, 2]),
        "second_lengths": torch.tensor([1, 3, 2, 3]),
        "y": torch.tensor([0, 2, 1, 1]),
    }


def trainer(tmp_path, **options):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(default_root_dir=tmp_path, accelerator="cpu", **(quiet | options))


def loader(batches):
    return DataLoader(batches, batch_size=None, num_workers=0)


def test_scores_and_metrics_are_those_of_the_formula(tmp_path):
    torch.manual_seed(0)
    task, given = zoo.PairClassifier(NETWORK), batch()
    results = trainer(tmp_path).test(task, loader([given]), verbose=False)[0]
    model, rows = task.model.eval(), []
    for k in range(4):
        vectors = []
        for name, count in (("x", "lengths"), ("second", "second_lengths")):
            words = given[name][k, : given[count][k]]
            vectors.append(model.encoder(model.embedding(words)[None])[0][0].amax(0))
        u, v = vectors
        rows.append(model.head.weight @ torch.cat([u, v, (u - v).abs(), u * v]) + model.head.bias)
    scores = torch.stack(rows).detach()
    torch.testing.assert_close(task.predictions(given), scores)
    guesses = scores.argmax(-1)
    assert results["test/loss"] == pytest.approx(float(F.cross_entropy(scores, given["y"])), abs=1e-6)
    assert results["test/accuracy"] == pytest.approx(accuracy_score(given["y"], guesses))
    assert results["test/macro_f1"] == pytest.approx(f1_score(given["y"], guesses, average="macro"))


def test_it_tells_equal_sequences_from_others_and_says_so_in_words(tmp_path):
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(0, 9, (64, 3), generator=generator)
    second = torch.where(torch.arange(64)[:, None] % 2 == 0, x, torch.randint(0, 9, (64, 3)))
    y = (x == second).all(1).long()
    torch.manual_seed(0)
    plain = {**NETWORK.plain(), "output_size": 2, "pooling": "last"}
    task, data = zoo.PairClassifier(plain, {"lr": 0.02}), {"x": x, "second": second, "y": y}
    quiet = {"enable_checkpointing": False, "limit_val_batches": 0}
    trainer(tmp_path, max_epochs=60, **quiet).fit(task, loader([data]))
    (predicted,) = trainer(tmp_path).predict(task, loader([data]))
    records = task.records(predicted, data, {"labels": ["other", "same"]})
    right = [record["label"] == ["other", "same"][k] for record, k in zip(records, y.tolist(), strict=True)]
    assert sum(right) > 60
    assert records[0]["probability_same"] > 0.5


def test_a_checkpoint_gives_the_same_model(tmp_path):
    task = zoo.PairClassifier(NETWORK)
    run = trainer(tmp_path)
    run.strategy.connect(task)
    run.save_checkpoint(tmp_path / "task.ckpt")
    again = zoo.PairClassifier.load_from_checkpoint(tmp_path / "task.ckpt")
    assert torch.equal(again.eval().predictions(batch()), task.eval().predictions(batch()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zoo.PairClassifier({**NETWORK.plain(), "pairs": False}), "expected a network with pairs"),
        (lambda: zoo.ModelSpec.of({**NETWORK.plain(), "pooling": "none"}), "got pooling 'none'"),
        (
            lambda: zoo.ModelSpec.of({**NETWORK.plain(), "tie_weights": True}),
            "pairs is true with tie_weights",
        ),
        (lambda: NETWORK.build()(batch()["x"]), "expected `compare`"),
        (lambda: zoo.SequenceClassifier(NETWORK)(batch()["x"]), "expected `compare`"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
