"""Signs of illness in answers: what they say of answers that are ill, and of those that are well."""

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

import zoo
from zoo.diagnostics.quantities import Quantity
from zoo.tasks.signs import AnswerSigns, AttentionSigns, ClassSigns
from zoo.verdict.measured import measurements_of


def said(sign):
    return {quantity: float(value) for quantity, value in sign.compute().items()}


def test_shares_of_classes_are_of_those_that_count_over_all_batches():
    sign = ClassSigns(4)
    sign.update(torch.tensor([2, 2, 2, 1]), torch.tensor([0, 0, 2, -100]))
    sign.update(torch.tensor([[2, 0]]), torch.tensor([[0, 3]]))
    assert said(sign) == {Quantity.SAID_MOST: pytest.approx(4 / 5), Quantity.MAJORITY: pytest.approx(3 / 5)}


def test_answers_that_are_empty_alike_or_cut():
    sign = AnswerSigns()
    sign.update([[], [1, 2], [1, 2]], [[3], [3], [1, 2]], 1)
    sign.update([[1, 2], [], [4]], [[5], [], [5]], 2)
    assert said(sign) == {
        Quantity.EMPTY: pytest.approx(1 / 6),  # the second one that is empty is right
        Quantity.ALIKE: pytest.approx(2 / 6),  # 1 2 is right once
        Quantity.CUT: pytest.approx(3 / 6),
    }


def test_nothing_is_ill_in_answers_that_are_right_though_they_are_all_alike():
    sign = AnswerSigns()
    sign.update([[1]] * 5, [[1]] * 5, 0)
    assert set(said(sign).values()) == {0.0}


def attention(weights, written, lengths):
    sign = AttentionSigns()
    sign.update(weights, torch.tensor(written), torch.tensor(lengths))
    return said(sign)


def test_even_weights_have_all_the_entropy_whatever_the_length():
    weights = torch.zeros(2, 3, 6)
    weights[0], weights[1, :2, :4] = 1 / 6, 1 / 4
    found = attention(weights, [3, 2], [6, 4])
    assert found[Quantity.SPREAD] == pytest.approx(1)
    assert found[Quantity.ONE_PLACE] == pytest.approx((1 / 6 + 1 / 4) / 2)


def test_one_place_has_it_all_where_attention_is_stuck_and_not_where_it_moves():
    stuck, moving = torch.zeros(1, 4, 5), torch.eye(5)[None, :4]
    stuck[:, :, 2] = 1
    assert attention(stuck, [4], [5]) == {Quantity.SPREAD: 0, Quantity.ONE_PLACE: 1}
    assert attention(moving, [4], [5]) == {Quantity.SPREAD: 0, Quantity.ONE_PLACE: 0.25}


def test_a_source_of_one_step_says_nothing_of_attention():
    weights = torch.ones(1, 3, 1)
    assert attention(weights, [3], [1]) == {Quantity.SPREAD: 0, Quantity.ONE_PLACE: 0}


def test_a_run_records_them_and_a_verdict_reads_them(tmp_path):
    """Attention that has learned nothing is even, and on no one place."""
    data = zoo.StringReversal(steps_per_epoch=2, val_size=20, test_size=20)
    task = zoo.SequenceToSequence({"encoder": {"cell": "gru", "hidden_size": 4}}, optimizer={"lr": 1e-6})
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "log_every_n_steps": 1}
    logger = CSVLogger(tmp_path, name="", version="")
    trainer = pl.Trainer(max_epochs=2, logger=logger, default_root_dir=tmp_path, accelerator="cpu", **quiet)
    trainer.fit(task, data)
    seen = measurements_of(tmp_path)
    assert len(seen.validated[Quantity.SPREAD.key]) == 2
    assert seen.last(Quantity.SPREAD.key) > 0.9
    assert seen.last(Quantity.ONE_PLACE.key) < 0.5
    assert not any(key.startswith("train/attention") for key in trainer.logged_metrics)
    assert seen.last("nothing") != seen.last("nothing")
