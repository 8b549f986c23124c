"""Signals that arrive at any moment of a fit: it saves where it can go on exactly, and ends or goes on."""

import os
import signal

import lightning.pytorch as pl
import pytest
import torch

from tests.callbacks.fits import Case, differences
from zoo.callbacks.save_on_signal import SaveOnSignal, StoppedBySignalError

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
]
CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
PLACES = ("forward", "backward", "step", "between", "validation", "epoch end")
CASE = Case("numbers")


class Send(pl.Callback):
    """Sends a signal to this process, once, in the middle of one part of epoch 2."""

    def __init__(self, name, place, epoch=1, batch=2):
        self.number, self.place, self.at = signal.Signals[name], place, (epoch, batch)

    def send(self, trainer, place, index):
        if place == self.place and (trainer.current_epoch, index) == self.at:
            self.place = None
            os.kill(os.getpid(), self.number)

    def on_train_start(self, trainer, module):
        forward, step = module.model.forward, trainer.optimizers[0].step

        def forward_and_send(*arguments, **options):
            self.send(trainer, "forward", trainer.fit_loop.batch_idx)
            return forward(*arguments, **options)

        def step_and_send(closure):
            def closed():
                loss = closure()
                self.send(trainer, "step", trainer.fit_loop.batch_idx)
                return loss

            return step(closed)

        module.model.forward, trainer.optimizers[0].step = forward_and_send, step_and_send

    def on_before_backward(self, trainer, module, loss):
        index = trainer.fit_loop.batch_idx
        loss.register_hook(lambda gradient: self.send(trainer, "backward", index))

    def on_train_batch_start(self, trainer, module, batch, index):
        self.send(trainer, "between", index)

    def on_validation_batch_start(self, trainer, module, batch, index, dataloader_idx=0):
        self.send(trainer, "validation", index + 2)

    def on_train_epoch_end(self, trainer, module):
        self.send(trainer, "epoch end", 2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The last checkpoint of a fit to which nobody sent anything, and its losses."""
    return CASE.fit(tmp_path_factory.mktemp("whole"))


@pytest.fixture(autouse=True)
def listening():
    """As in a terminal, though the tests be run under nohup or in the background, which ignore signals."""
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGHUP, signal.SIGINT)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for sign, handler in before.items():
        signal.signal(sign, handler)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", CODES)
def test_a_signal_ends_a_fit_that_then_goes_on_exactly(tmp_path, whole, name, place):
    before = signal.getsignal(signal.Signals[name])
    with pytest.raises(StoppedBySignalError) as stopped:
        CASE.fit(tmp_path, [Send(name, place), SaveOnSignal(tmp_path)])
    assert stopped.value.code == CODES[name]
    assert signal.getsignal(signal.Signals[name]) == before
    end, rest = CASE.fit(tmp_path, checkpoint=tmp_path / "checkpoints/interrupted.ckpt")
    assert rest == {at: whole[1][at] for at in rest}
    assert differences(whole[0], end) == []


@pytest.mark.parametrize("place", PLACES)
def test_after_one_signal_it_saves_and_goes_on(tmp_path, whole, place):
    end, losses = CASE.fit(tmp_path, [Send("SIGUSR1", place), SaveOnSignal(tmp_path)])
    assert losses == whole[1]
    assert differences(whole[0], end) == []
    (saved,) = (tmp_path / "checkpoints").iterdir()
    end, rest = CASE.fit(tmp_path, checkpoint=saved)
    assert rest
    assert differences(whole[0], end) == []


def test_in_the_last_epoch_nothing_is_lost_either(tmp_path, whole):
    with pytest.raises(StoppedBySignalError):
        CASE.fit(tmp_path, [Send("SIGTERM", "epoch end", epoch=2), SaveOnSignal(tmp_path)])
    assert (tmp_path / "kept/epoch=2.ckpt").is_file()


def test_within_accumulation_it_waits_for_the_step(tmp_path):
    case = Case("numbers", trainer={"accumulate_grad_batches": 2})
    whole, _ = case.fit(tmp_path / "whole")
    with pytest.raises(StoppedBySignalError):
        case.fit(tmp_path, [Send("SIGINT", "forward", batch=0), SaveOnSignal(tmp_path)])
    end, rest = case.fit(tmp_path, checkpoint=tmp_path / "checkpoints/interrupted.ckpt")
    assert min(rest) == (1, 2)
    assert differences(whole, end) == []


def test_a_second_interrupt_ends_it_at_once(tmp_path):
    again = Send("SIGINT", "step")
    with pytest.raises(SystemExit) as ended:  # Lightning turns an interrupt into one
        CASE.fit(tmp_path, [Send("SIGINT", "forward"), again, SaveOnSignal(tmp_path)])
    assert not isinstance(ended.value, StoppedBySignalError)
    assert not (tmp_path / "checkpoints").exists()


def test_what_is_ignored_stays_ignored(tmp_path, whole, monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        end, _ = CASE.fit(tmp_path, [Send("SIGHUP", "step"), SaveOnSignal(tmp_path)])
    finally:
        signal.signal(signal.SIGHUP, before)
    assert differences(whole[0], end) == []


class SendWhileSaving(pl.Callback):
    """Sends SIGTERM to this process, once, while a checkpoint of epoch 2 is being written."""

    sent = False

    def on_save_checkpoint(self, trainer, module, checkpoint):
        if trainer.current_epoch == 1 and not self.sent:
            self.sent = True
            os.kill(os.getpid(), signal.SIGTERM)


def test_what_ends_a_fit_is_heard_while_it_saves(tmp_path):
    sends = [Send("SIGUSR1", "forward", batch=0), SendWhileSaving()]
    with pytest.raises(StoppedBySignalError) as stopped:
        CASE.fit(tmp_path, [*sends, SaveOnSignal(tmp_path)])
    assert stopped.value.code == CODES["SIGTERM"]
    assert {path.stem.partition("-")[0] for path in (tmp_path / "checkpoints").iterdir()} == {
        "signal",
        "interrupted",
    }


@pytest.fixture
def of_two(monkeypatch):
    """A Trainer in a fit, the first of two processes, and its module."""
    monkeypatch.setattr(pl.Trainer, "world_size", 2)
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    trainer.state.fn = "fit"
    return trainer, pl.LightningModule()


def test_what_arrives_while_processes_agree_is_acted_upon_after_the_next_step(monkeypatch, of_two):
    saves, reduced = SaveOnSignal(None), []

    def all_reduce(place, operation):
        if not reduced:
            saves._receive(signal.SIGTERM, None)
        reduced.append(int(place))

    monkeypatch.setattr(torch.distributed, "all_reduce", all_reduce)
    saves.on_validation_start(*of_two)  # the others know nothing of it yet
    with pytest.raises(StoppedBySignalError):
        saves.on_validation_start(*of_two)


def test_a_process_that_received_nothing_acts_once(monkeypatch, of_two):
    saves, others, acted = SaveOnSignal(None), [int(signal.SIGUSR1), 0], []
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda place, operation: place.fill_(others.pop(0)))
    monkeypatch.setattr(saves, "_save", lambda trainer, name: acted.append(name))
    saves.on_validation_start(*of_two)
    saves.on_validation_start(*of_two)
    assert acted == ["signal-step0"]
