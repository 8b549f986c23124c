"""CTC: search against all alignments there are, the loss against their sum, the error rate, refusals."""

import itertools
import math
from collections import defaultdict

import lightning.pytorch as pl
import pytest
import torch
from torch.utils.data import DataLoader

import zoo
from zoo.tasks.ctc_search import best_path, collapsed, decoded, padded, prefix_beam


def alignments(log_p):
    """Labels -> log-probability, summed over every alignment."""
    T, C = log_p.shape
    sums = defaultdict(float)
    for path in itertools.product(range(C), repeat=T):
        labels = tuple(c for k, c in enumerate(path) if c != 0 and (k == 0 or path[k - 1] != c))
        sums[labels] += math.exp(sum(float(log_p[t, c]) for t, c in enumerate(path)))
    return {labels: math.log(p) for labels, p in sums.items()}


def outputs(seed, steps=5, classes=3, scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(steps, classes, generator=generator).double()).log_softmax(-1)


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_is_the_sum_over_all_alignments(seed):
    log_p = outputs(seed)
    every, found = alignments(log_p), prefix_beam(log_p, 1000)
    assert {labels: pytest.approx(score) for labels, score in found} == every
    assert [score for _, score in found] == pytest.approx(sorted(every.values(), reverse=True))


@pytest.mark.parametrize("seed", range(4))
def test_the_best_path_is_the_best_alignment_and_may_not_be_the_best_labels(seed):
    log_p = outputs(seed)
    paths = itertools.product(range(3), repeat=5)
    best = max(paths, key=lambda path: sum(float(log_p[t, c]) for t, c in enumerate(path)))
    labels, score = best_path(log_p)
    assert labels == collapsed(list(best))
    assert score == pytest.approx(sum(float(log_p[t, c]) for t, c in enumerate(best)))
    assert prefix_beam(log_p, 100)[0][1] >= alignments(log_p)[labels] - 1e-12


def test_a_case_where_they_differ():
    """Graves et al.: blank is the likeliest path, a single label the likeliest answer."""
    log_p = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).double().log()
    assert best_path(log_p)[0] == ()
    assert prefix_beam(log_p, 5)[0] == ((1,), pytest.approx(math.log(0.64)))


def test_padding_is_not_searched():
    log_p = torch.stack([outputs(0), outputs(1)])
    for beam in (1, 4):
        found = decoded(log_p, torch.tensor([5, 2]), beam)
        assert found[1] == decoded(log_p[1:, :2], torch.tensor([2]), beam)[0]
    table, lengths = padded([(1, 2), (), (2,)])
    assert table.tolist() == [[1, 2], [-100, -100], [2, -100]]
    assert lengths.tolist() == [2, 0, 1]


def trainer(tmp_path, **options):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(default_root_dir=tmp_path, accelerator="cpu", **(quiet | options))


def loader(items):
    return DataLoader(items, batch_size=None, num_workers=0)


def task(**options):
    torch.manual_seed(0)
    encoder = zoo.StackSpec(cell="gru", hidden_size=6, direction="bidirectional")
    sizes = {"input_size": 2, "output_size": 3} | options.pop("sizes", {})
    return zoo.CTC(zoo.ModelSpec(encoder=encoder, **sizes), **options)


def batch():
    x = torch.randn(3, 5, 2, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([[1, 2, 2], [1, -100, -100], [2, 1, -100]])
    return {"x": x, "y": y, "lengths": torch.tensor([5, 2, 3])}


def edits(one, other):
    """The edit distance, by its definition."""
    if not one or not other:
        return len(one) + len(other)
    swapped = edits(one[1:], other[1:]) + (one[0] != other[0])
    return min(swapped, edits(one[1:], other) + 1, edits(one, other[1:]) + 1)


@pytest.mark.parametrize("beam", [1, 6])
def test_loss_and_error_rate(tmp_path, beam):
    model, given = task(beam=beam), batch()
    model.model.head.weight.data.mul_(10)
    results = trainer(tmp_path).test(model, loader([given, given]), verbose=False)[0]
    log_p = model.eval()(given["x"], given["lengths"]).detach().double().log_softmax(-1)
    nats, wrong = 0.0, 0
    for b, length in enumerate(given["lengths"].tolist()):
        labels = tuple(label for label in given["y"][b].tolist() if label != -100)
        nats -= alignments(log_p[b, :length])[labels] / len(labels) / 3
        found = best_path(log_p[b, :length])[0] if beam == 1 else prefix_beam(log_p[b, :length], beam)[0][0]
        wrong += edits(found, labels)
    assert results["test/loss"] == pytest.approx(nats, rel=1e-4)
    assert results["test/label_error_rate"] == pytest.approx(wrong / 6)


def test_it_learns_from_made_runs_and_says_what_it_hears(tmp_path):
    torch.manual_seed(1)
    data = zoo.SymbolRuns(
        symbols=3, shortest=1, longest=4, noise=0.1, steps_per_epoch=60, val_size=60, test_size=5
    )
    encoder = zoo.StackSpec(cell="gru", hidden_size=16, direction="bidirectional")
    model = zoo.CTC(zoo.ModelSpec(encoder=encoder), zoo.OptimizerSpec(lr=0.02), beam=4)
    fit = trainer(tmp_path, max_epochs=1, enable_checkpointing=False)
    fit.fit(model, data)
    assert float(fit.callback_metrics["val/label_error_rate"]) < 0.1
    assert not any("train/label" in name for name in fit.callback_metrics)
    fit.save_checkpoint(tmp_path / "kept.ckpt")
    assert zoo.CTC.load_from_checkpoint(tmp_path / "kept.ckpt").beam == 4
    (given,) = data.predict_dataloader()
    (predicted,) = trainer(tmp_path).predict(model, data)
    rows = list(data.rows(model.records(predicted, given, {})))
    assert len(rows) == 5
    assert sum(row["labels"] == row["reference"] for row in rows) >= 3


def test_made_runs_are_what_they_say():
    data = zoo.SymbolRuns(symbols=4, noise=0.0, batch_size=200, steps_per_epoch=1)
    (made,) = data.train_dataloader()
    for x, y, length in zip(made["x"], made["y"], made["lengths"].tolist(), strict=True):
        shown = torch.cat([torch.full((length, 1), 0.5), x[:length]], 1).argmax(1).tolist()
        assert list(collapsed(shown)) == y[y > 0].tolist()
        assert not x[length:].any()
    with pytest.raises(ValueError, match="longest is 2 and shortest is 3"):
        zoo.SymbolRuns(longest=2)
    with pytest.raises(ValueError, match="noise is -1"):
        zoo.SymbolRuns(noise=-1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lengths": torch.tensor([3, 2, 3])}, "of 3 steps with 3 labels, 1 of them repeats"),
        ({"y": torch.tensor([[1, 0, 2]] * 3)}, "got y with 0, the blank"),
        ({"y": torch.tensor([[1, -100, 2]] * 3)}, "or with labels behind a -100"),
        ({"y": torch.tensor([[1, 3, 2]] * 3)}, "y with values from 1 to 3"),
    ],
)
def test_labels_that_cannot_be_are_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        trainer(tmp_path).test(task(), loader([batch() | changes]), verbose=False)


def test_networks_and_beams_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="needs the classes of every step; got pooling 'max'"):
        task(sizes={"pooling": "max"})
    with pytest.raises(ValueError, match="beam is 0"):
        task(beam=0)
