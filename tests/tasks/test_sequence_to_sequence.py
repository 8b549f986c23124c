"""Sequence to sequence: what it computes, logs, refuses and keeps."""

import lightning.pytorch as pl
import pytest
import sacrebleu
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader

import zoo
from zoo.seq2seq import search
from zoo.tasks.scheduled_sampling import SamplingSpec
from zoo.tasks.sequence_to_sequence import SequenceToSequence
from zoo.tasks.translations import Translations

END = 3


def trainer(tmp_path, **options):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(default_root_dir=tmp_path, accelerator="cpu", **(quiet | options))


def task(**options):
    torch.manual_seed(0)
    encoder = zoo.StackSpec(cell="gru", hidden_size=4, direction="bidirectional")
    sizes = {"vocab_size": 9, "output_size": 8} | options.pop("sizes", {})
    decoder = zoo.DecoderSpec(stack=zoo.StackSpec(cell="gru", hidden_size=6))
    return SequenceToSequence(zoo.ModelSpec(encoder=encoder, **sizes), decoder=decoder, **options)


def batches(count=2, rows=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    made = []
    for _ in range(count):
        y = torch.randint(4, 8, (rows, 5), generator=generator)
        y[:, 4], y[1, 2], y[1, 3:] = END, END, -100
        lengths = torch.tensor([6, 4, 2][:rows])
        made.append({"x": torch.randint(4, 9, (rows, 6), generator=generator), "lengths": lengths, "y": y})
    return made


def loader(items):
    return DataLoader(items, batch_size=None, num_workers=0)


def words(numbers):
    return " ".join(f"w{number}" for number in numbers)


def test_loss_and_metrics_are_those_of_torch_and_sacrebleu(tmp_path):
    model, items = task(search=zoo.SearchSpec(beam=3, length_penalty=0.6, max_length=6)), batches()
    results = trainer(tmp_path).test(model, loader(items), verbose=False)[0]
    model.eval()
    nats, right, count, ours, theirs = 0.0, 0, 0, [], []
    for batch in items:
        y = batch["y"]
        read = torch.cat([torch.full((3, 1), 2), y[:, :-1].clamp(min=0)], 1)
        logits = model.model(batch["x"], read, batch["lengths"]).logits.detach()
        valid = y != -100
        nats += float(F.cross_entropy(logits[valid], y[valid], reduction="sum"))
        right += int((logits.argmax(-1) == y)[valid].sum())
        count += int(valid.sum())
        best = search(model.model, batch["x"], batch["lengths"], spec=model.search)
        for b in range(3):
            found = best.tokens[b, 0, : best.lengths[b, 0]].tolist()
            ours.append(found[: found.index(END)] if END in found else found)
            row = y[b].tolist()
            theirs.append(row[: row.index(END)])
    assert results["test/loss"] == pytest.approx(nats / count, rel=1e-5)
    assert results["test/token_accuracy"] == pytest.approx(right / count)
    assert results["test/exact_match"] == sum(map(list.__eq__, ours, theirs)) / 6
    said = [" ".join(map(str, each)) for each in ours], [[" ".join(map(str, each)) for each in theirs]]
    assert results["test/bleu"] == pytest.approx(sacrebleu.corpus_bleu(*said).score, abs=1e-4)
    assert results["test/chrf"] == pytest.approx(sacrebleu.corpus_chrf(*said).score, abs=1e-4)


def test_scores_of_what_is_the_same_and_of_what_is_nearly():
    scores = Translations()
    wanted = torch.tensor([[4, 5, 6, 7, 4, END], [5, 5, 6, 7, END, -100]])
    scores.update(wanted.clamp(min=0), wanted, END)
    scores.decode = words
    assert {name: float(score) for name, score in scores.compute().items()} == {
        "exact_match": 1.0,
        "bleu": pytest.approx(100.0),
        "chrf": pytest.approx(100.0),
    }
    nearly = wanted.clone()
    nearly[0, 0] = 6
    scores.update(nearly.clamp(min=0), wanted, END)
    found = scores.compute()
    said = (
        ["w4 w5 w6 w7 w4", "w5 w5 w6 w7", "w6 w5 w6 w7 w4", "w5 w5 w6 w7"],
        [["w4 w5 w6 w7 w4", "w5 w5 w6 w7"] * 2],
    )
    assert found["exact_match"] == 0.75
    assert float(found["bleu"]) == pytest.approx(sacrebleu.corpus_bleu(*said).score, abs=1e-4)
    assert float(found["chrf"]) == pytest.approx(sacrebleu.corpus_chrf(*said).score, abs=1e-4)


def test_predictions_in_words(tmp_path):
    model, items = task(search=zoo.SearchSpec(beam=2)), batches(1)
    (predicted,) = trainer(tmp_path).predict(model, loader([{"x": items[0]["x"]}]))
    records = model.records(predicted, items[0], {"decode": words})
    assert len(records) == 3
    for b, record in enumerate(records):
        assert record["score"] == pytest.approx(float(predicted["scores"][b, 0]))
        assert record["hypothesis"] == words(predicted["tokens"][b, 0, : predicted["lengths"][b, 0]].tolist())
    assert torch.equal(model(items[0]["x"]), predicted["tokens"][:, 0])


def test_it_learns_from_made_pairs_and_comes_back_from_a_checkpoint(tmp_path):
    torch.manual_seed(1)
    data = zoo.StringReversal(
        symbols=3, shortest=1, longest=3, batch_size=64, steps_per_epoch=120, val_size=60, test_size=30
    )
    model = SequenceToSequence(
        zoo.ModelSpec(encoder=zoo.StackSpec(cell="gru", hidden_size=24, direction="bidirectional")),
        optimizer=zoo.OptimizerSpec(lr=0.02),
        decoder=zoo.DecoderSpec(stack=zoo.StackSpec(cell="gru", hidden_size=32), attention="general"),
        sampling=SamplingSpec(schedule="linear", k=1.0, c=0.002),
        search=zoo.SearchSpec(beam=2),
    )
    fit = trainer(tmp_path, max_epochs=1, enable_checkpointing=False)
    fit.fit(model, data)
    assert float(fit.callback_metrics["val/exact_match"]) > 0.9
    assert float(fit.callback_metrics["train/teacher_share"]) == pytest.approx(1 - 0.002 * 119)
    fit.save_checkpoint(tmp_path / "kept.ckpt")
    again = SequenceToSequence.load_from_checkpoint(tmp_path / "kept.ckpt")
    assert (again.decoder, again.sampling, again.search) == (model.decoder, model.sampling, model.search)
    x = data.given(["a b c", "c"]).__getitems__([0, 1])
    assert torch.equal(again.eval()(x["x"], x["lengths"]), model.eval()(x["x"], x["lengths"]))


def test_weight_decay_and_constraints_reach_the_decoder():
    stack = zoo.StackSpec(cell="indrnn", hidden_size=4)
    model = SequenceToSequence(
        zoo.ModelSpec(encoder=stack, vocab_size=9, output_size=8),
        optimizer=zoo.OptimizerSpec(name="AdamW", weight_decay=0.1),
        decoder=zoo.DecoderSpec(stack=zoo.StackSpec(cell="layernorm_lstm", hidden_size=4)),
    )
    decays = {
        id(parameter): group["weight_decay"]
        for group in model.configure_optimizers().param_groups
        for parameter in group["params"]
    }
    spared = [name for name, parameter in model.named_parameters() if decays[id(parameter)] == 0]
    assert any(name.startswith("model.decoder.") for name in spared)


@pytest.mark.parametrize(
    ("spec", "shares"),
    [
        (SamplingSpec(schedule="linear", k=0.9, c=0.01, least=0.5), [0.9, 0.8, 0.5]),
        (SamplingSpec(schedule="exponential", k=0.99), [1.0, 0.99**10, 0.99**1000]),
        (SamplingSpec(k=5.0), [5 / 6, 5 / (5 + 2.718281828459045**2), 0.0]),
    ],
)
def test_the_share_of_true_tokens_falls_as_in_the_paper(spec, shares):
    assert [spec.share(step) for step in (0, 10, 1000)] == pytest.approx(shares)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: task(sizes={"pooling": "max"}), "got pooling 'max', expected 'none'"),
        (lambda: task(sizes={"tie_weights": True}), "expected tie_weights of the decoder"),
        (lambda: task(sizes={"logit_cap": 30.0}), "has no head; got logit_cap"),
        (lambda: SamplingSpec(schedule="linear", k=2.0, c=0.1), "k is 2.0 .* above 0 and at most 1"),
        (lambda: SamplingSpec(schedule="exponential", k=1.0), "k is 1.0 .* between 0 and 1"),
        (lambda: SamplingSpec(k=0.5), "k is 0.5 .* at least 1"),
        (lambda: SamplingSpec(schedule="linear", k=1.0), "c is 0.0 .* above 0 for 'linear'"),
        (lambda: SamplingSpec(least=2.0), "least is 2.0; expected a number from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_batch_without_targets_or_with_wrong_ones_is_refused(tmp_path):
    (batch,) = batches(1)
    for wrong, message in (
        ({"x": batch["x"]}, "no y in a dict"),
        (batch | {"y": batch["y"].clamp(min=0) + 4}, "y with values from 4 to 11"),
        (batch | {"y": batch["y"][:2]}, r"y of shape \(2, 5\), not \(B, U\)"),
    ):
        with pytest.raises(ValueError, match=f"SequenceToSequence got {message}"):
            trainer(tmp_path).test(task(), loader([wrong]), verbose=False)
