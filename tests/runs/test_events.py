"""The file of events: whole lines, whatever happened to the last one."""

from zoo.runs.events import Event, append_event, read_events

FIRST = Event(step=12, epoch=0, kind="nonfinite", text="step 12: the loss is NaN")
SECOND = Event(step=13, epoch=1, kind="skip", text="‖g‖ was infinite\nin two lines")


def test_events_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "run/events.jsonl"
    for event in (FIRST, SECOND):
        append_event(path, event)
    assert list(read_events(path)) == [FIRST, SECOND]


def test_a_line_that_was_cut_short_costs_only_itself(tmp_path):
    path = tmp_path / "events.jsonl"
    append_event(path, FIRST)
    append_event(path, SECOND)
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines()[1]) + 1):
        path.write_bytes(whole[: -1 - cut])
        append_event(path, SECOND)
        assert list(read_events(path)) == [FIRST, SECOND], cut


def test_lines_that_are_no_events_are_left_out(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"step": 1}\n{"step": "x", "epoch": 0, "kind": "skip", "text": ""}\n[1]\nnull\n\xff\n')
    append_event(path, FIRST)
    assert list(read_events(path)) == [FIRST]
