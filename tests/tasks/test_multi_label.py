"""Several labels at once: the likelihood and the scores as the papers count them."""

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import zoo

LENGTHS = torch.tensor([6, 3, 1])


def trainer(tmp_path):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(default_root_dir=tmp_path, accelerator="cpu", **quiet)


def loader(items):
    return DataLoader(items, batch_size=None, num_workers=0)


def task(direction="forward", pooling="none", **options):
    torch.manual_seed(0)
    encoder = zoo.StackSpec(cell="gru", hidden_size=4, direction=direction)
    return zoo.MultiLabel(
        zoo.ModelSpec(encoder=encoder, input_size=5, output_size=4, pooling=pooling), **options
    )


def batches(count=2):
    generator = torch.Generator().manual_seed(0)
    return [
        {
            "x": torch.randint(0, 2, (3, 6, 5), generator=generator).float(),
            "y": torch.randint(0, 2, (3, 6, 4), generator=generator).float(),
            "lengths": LENGTHS,
        }
        for _ in range(count)
    ]


def test_likelihood_and_scores_are_those_of_the_papers(tmp_path):
    """Boulanger-Lewandowski: the sum over notes, the mean over frames; Bay: sums over all frames."""
    model, items = task(), batches()
    model.model.head.weight.data.mul_(20)
    results = trainer(tmp_path).test(model, loader(items), verbose=False)[0]
    p, y = [], []
    for batch in items:
        logits = model.eval()(batch["x"], batch["lengths"]).detach().double()
        for b, length in enumerate(LENGTHS.tolist()):
            p.append(1 / (1 + np.exp(-logits[b, :length].numpy())))
            y.append(batch["y"][b, :length].numpy())
    p, y = np.concatenate(p), np.concatenate(y)
    nats = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(1).mean()
    chosen = p > 0.5
    tp, fp, fn = (chosen & (y == 1)).sum(), (chosen & (y == 0)).sum(), (~chosen & (y == 1)).sum()
    assert results["test/loss"] == pytest.approx(nats, rel=1e-5)
    assert results["test/frame_accuracy"] == pytest.approx(tp / (tp + fp + fn))
    precision, recall = tp / (tp + fp), tp / (tp + fn)
    assert results["test/frame_f1"] == pytest.approx(2 * precision * recall / (precision + recall))


def test_padding_counts_for_nothing(tmp_path):
    results = []
    for filled in (0.0, 1.0):
        items = batches(1)
        for b, length in enumerate(LENGTHS.tolist()):
            items[0]["x"][b, length:] = items[0]["y"][b, length:] = filled
        results.append(trainer(tmp_path).test(task(), loader(items), verbose=False)[0])
    assert results[0] == results[1]


@pytest.mark.parametrize("direction", ["bidirectional", "backward", "alternating"])
def test_what_has_seen_the_next_frame_is_refused_unless_it_is_not_the_target(direction):
    stack = {"num_layers": 2} if direction == "alternating" else {}
    encoder = zoo.StackSpec(cell="gru", hidden_size=4, direction=direction, **stack)
    network = zoo.ModelSpec(encoder=encoder, input_size=5, output_size=4)
    with pytest.raises(ValueError, match=r"a b\w+ layer has already seen it.* expected 'forward', or causal"):
        zoo.MultiLabel(network)
    assert zoo.MultiLabel(network, causal=False).hparams["causal"] is False
    zoo.MultiLabel(zoo.ModelSpec(encoder=encoder, input_size=5, output_size=4, pooling="max"))


def test_labels_of_whole_sequences(tmp_path):
    model, (batch,) = task(pooling="mean", direction="bidirectional"), batches(1)
    batch["y"] = batch["y"][:, 0]
    results = trainer(tmp_path).test(model, loader([batch]), verbose=False)[0]
    p = model.eval()(batch["x"], batch["lengths"]).detach().sigmoid()
    nats = -(batch["y"] * p.log() + (1 - batch["y"]) * (1 - p).log()).sum(1).mean()
    assert results["test/loss"] == pytest.approx(float(nats), rel=1e-5)
    with pytest.raises(ValueError, match=r"expected pooling 'none' for \(B, T, 4\)"):
        trainer(tmp_path).test(model, loader(batches(1)), verbose=False)


def test_targets_that_are_no_labels_are_refused(tmp_path):
    (batch,) = batches(1)
    whole = trainer(tmp_path).test(task(), loader([batch | {"y": batch["y"].long()}]), verbose=False)
    assert whole == trainer(tmp_path).test(task(), loader([batch]), verbose=False)
    with pytest.raises(ValueError, match="got y with values from 0 to 2; expected 0, or 1"):
        trainer(tmp_path).test(task(), loader([batch | {"y": 2 * batch["y"]}]), verbose=False)


def test_predictions_in_words(tmp_path):
    model, (batch,) = task(), batches(1)
    (predicted,) = trainer(tmp_path).predict(model, loader([batch]))
    records = model.records(predicted, batch, {"labels": ["a", "b", "c", "d"]})
    assert [len(record["labels"]) for record in records] == LENGTHS.tolist()
    for b, record in enumerate(records):
        for t, (labels, shares) in enumerate(zip(record["labels"], record["probabilities"], strict=True)):
            likely = predicted[b, t] > 0.5
            assert labels == [name for name, holds in zip("abcd", likely.tolist(), strict=True) if holds]
            assert shares == pytest.approx(predicted[b, t][likely].tolist())
