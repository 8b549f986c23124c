"""TensorBoard's events cannot be written: from the start that is said before training, later in passing."""

import errno

import pytest
from tensorboard.summary.writer.record_writer import RecordWriter

FIT = ("fit", "--config", "small.yaml", "--trainer.log_every_n_steps=1")
WATCHED = ("--trainer.callbacks+=GradientHistogram", "--trainer.callbacks+=RecurrenceHealth")


@pytest.fixture
def disk(monkeypatch):
    """Fills the disk after so many events, or when they are to reach it."""

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    def fills(after):
        if after == "flush":
            monkeypatch.setattr(RecordWriter, "flush", full)
            return
        write, left = RecordWriter.write, iter(range(after))
        monkeypatch.setattr(
            RecordWriter,
            "write",
            lambda self, data: full() if next(left, None) is None else write(self, data),
        )

    return fills


@pytest.mark.parametrize("after", [0, "flush"])
def test_the_disk_is_full_before_the_first_event(zoo, folder, disk, after):
    disk(after)
    outcome = zoo(*FIT)
    assert outcome.code == 2
    assert "epoch" not in outcome.out
    (line,) = [line for line in outcome.err.splitlines() if "compiling" not in line]
    assert "TensorBoard" in line
    assert "No space left on device" in line
    assert not (folder / "runs/small/version_0").exists()


@pytest.mark.parametrize("after", [2, 9])
def test_the_disk_fills_up_while_events_are_written(zoo, folder, disk, after):
    assert zoo(*FIT, *WATCHED).code == 0
    disk(after)
    outcome = zoo(*FIT, *WATCHED)
    assert outcome.code == 0
    assert outcome.err.count("TensorBoard") == 1
    assert "Traceback" not in outcome.err
    alone, full = (folder / f"runs/small/version_{version}/metrics.csv" for version in (0, 1))
    assert full.read_text() == alone.read_text()
