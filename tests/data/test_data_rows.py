"""What a row of a file can do wrong: one error tells of all such rows, and of what to do."""

import csv
import logging

import pytest
import torch

from zoo.data.labelled_text import LabelledText

GOOD = "text,label\n" + "good film,pos\nbad film,neg\n" * 20


@pytest.fixture
def folder(tmp_path):
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.csv").write_text(GOOD, encoding="utf-8")
    return tmp_path


def refusal(folder, content, name="dev.csv", **arguments):
    """What is said about this file."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=name) as caught:
        LabelledText(**({"root": folder} | arguments)).setup("fit")
    return str(caught.value).removeprefix(f"{folder / name}")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,pos\n ,neg\n", ", line 3: the text is empty, in 1 of 2 rows; empty: skip leaves such rows out"),
        (
            ",pos\na,pos\n,neg\n,pos\n",
            ", line 2: the text is empty, in 3 of 4 rows (lines 2, 4, 5); empty: skip leaves such rows out",
        ),
        (
            ",pos\n" * 1000 + "a,\n" + "a\n" + "a,pos\n",
            ", line 2: the text is empty, in 1000 of 1003 rows (lines 2, 3, 4, 5, 6 and 995 more); line "
            "1002: the label is empty, in 1 of 1003 rows; line 1003: 1 columns, expected at least 2, in 1 "
            "of 1003 rows; empty: skip leaves such rows out",
        ),
        (
            "good, bad,pos\nfine,neg\na,pos,,\na,b,c,d\n",
            ", line 2: 3 columns, expected 2, in 2 of 4 rows (lines 2, 5); is the separator "
            "part of a text that is not in quotes?",
        ),
        (
            'a,pos\n"b" c,neg\nd,pos\n"e" f,neg\n',
            ", line 3: ',' expected after '\"', in 2 of 4 rows (lines 3, 5); are quotes doubled and closed?",
        ),
        (
            'a,pos\n"b,neg\nc,pos\nd,neg\n',
            ", line 3: unexpected end of data, in 1 of 2 rows; are quotes doubled and closed?",
        ),
        (
            "a,pos\nb,negative\nc,positive\nd,negative\n",
            ", line 3: label 'negative' does not occur in the training data, in 3 of 4 rows (lines 3, 4, "
            "5), nor do 'positive'; Known: neg, pos",
        ),
    ],
)
def test_one_error_tells_of_all_rows(folder, rows, message):
    assert refusal(folder, "text,label\n" + rows) == message


def test_rows_are_named_by_the_line_where_they_begin(folder):
    rows = 'text,label\n"one\ntwo",pos\n\n"three\nfour",\n'
    assert refusal(folder, rows).startswith(", line 5: the label is empty, in 1 of 2 rows")


def test_the_columns_of_a_file_without_a_header_are_those_of_its_first_row(folder):
    options = {"header": False, "text": 0, "label": 1}
    message = refusal(folder, "a,pos\nb,neg\ngood, bad,pos\n", "all.csv", root=folder / "all.csv", **options)
    assert message.startswith(", line 3: 3 columns, expected 2, in 1 of 3 rows;")


def test_empty_rows_are_left_out_if_asked_and_counted_in_a_line(folder, caplog):
    (folder / "dev.csv").write_text("text,label\na,pos\n,neg\nb,neg\nc,\nd\n")
    data = LabelledText(folder, empty="skip")
    with caplog.at_level(logging.INFO, logger="zoo"):
        data.setup("fit")
    assert [(each.text, each.label, each.line) for each in data.examples("val")] == [
        ("a", "pos", 2),
        ("b", "neg", 4),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        f"{folder / 'dev.csv'}: leaving out 3 of 5 rows (lines 3, 5, 6), for want of a text or a label"
    ]


def test_a_file_of_nothing_but_empty_rows_cannot_be_skipped(folder):
    rows = refusal(folder, "text,label\n,pos\n,neg\n", empty="skip")
    assert rows == ": all 2 rows lack a text or a label, expected some that have both"


def test_what_else_is_wrong_is_not_skipped(folder):
    assert "3 columns, expected 2" in refusal(folder, "text,label\n,pos\na,b,c\n", empty="skip")


def test_an_unknown_way_with_empty_rows_is_refused():
    with pytest.raises(ValueError, match="empty must be one of 'refuse', 'skip', got 'skp'; did you mean"):
        LabelledText("x", empty="skp")


def test_texts_to_predict_on_need_no_label_but_words(folder):
    (folder / "new.csv").write_text("id,text\n1,good\n2, \n3,bad\n")
    with pytest.raises(ValueError, match=r"new.csv, line 3: the text is empty, in 1 of 3 rows"):
        LabelledText(folder, predict=folder / "new.csv").setup("predict")
    data = LabelledText(folder, predict=folder / "new.csv", empty="skip")
    assert [len(batch["x"]) for batch in data.predict_dataloader()] == [2]
    assert [example.line for example in data.examples("predict")] == [2, 4]


def test_a_field_that_never_ends_is_named_by_its_first_line(folder):
    long = 'text,label\na,pos\n"b' + "x" * 2**24 + '",pos\nc,neg\n'
    message = refusal(folder, long)
    assert message.startswith(
        ", line 3: field larger than field limit (16777216), in 1 of 3 rows; are quotes"
    )


def test_a_larger_limit_of_fields_that_a_program_has_set_is_left_alone(folder):
    before = csv.field_size_limit(2**30)
    LabelledText(folder).examples("train")
    assert csv.field_size_limit(before) == 2**30


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "text,text,label\na,b,pos\n",
            ", line 1: two columns are called 'text'; give the number of one, from 0",
        ),
        (
            "text;label\na;pos\n",
            ", line 1: there is no column 'text'; Columns: text;label (separated by ','; if line 1 is no "
            "header, give header: false)",
        ),
    ],
)
def test_a_header_that_is_not_clear(folder, content, message):
    assert refusal(folder, content) == message


def test_a_long_first_line_is_not_shown_whole(folder):
    assert len(refusal(folder, f"{'word ' * 5000},{','.join(map(str, range(5000)))}\n" * 3)) < 400


def test_text_and_label_are_different_columns(folder):
    message = refusal(folder, GOOD, "train.csv", label="text")
    assert message == ": text and label are both column 0, expected two different ones"
    assert "both column 0" in refusal(folder, "1 a\n0 b\n", "all", root=folder / "all", separator=" ", text=0)


def test_a_first_line_that_may_be_no_header_is_said(folder, caplog):
    (folder / "dev.csv").write_text("good,pos\nbad,neg\n")
    options = {"val": folder / "dev.csv", "text": 0, "label": 1}
    with caplog.at_level(logging.INFO, logger="zoo"):
        LabelledText(**options).examples("val")
        LabelledText(**options, header=True).examples("val")
    assert [record.getMessage() for record in caplog.records] == [
        f"{folder / 'dev.csv'}: line 1 is taken for the names of the columns (good, pos); header: false "
        "reads it as a text, header: true says no more of it"
    ]


def test_many_labels_are_not_all_listed(folder):
    (folder / "train.csv").write_text("text,label\n" + "".join(f"a,l{k}\n" for k in range(500)))
    rows = "".join(f"a,m{k}\n" for k in range(500))
    message = refusal(folder, "text,label\n" + rows)
    assert "in 500 of 500 rows (lines 2, 3, 4, 5, 6 and 495 more), nor do 'm1', 'm2', " in message
    assert message.endswith("Known: l0, l1, l10, l100, l101, l102, l103, l104, l105, l106 and 490 more")


def test_a_batch_of_what_was_kept_trains(folder):
    (folder / "train.csv").write_text(GOOD + ",pos\n")
    data = LabelledText(folder, empty="skip")
    assert torch.cat([batch["y"] for batch in data.train_dataloader()]).bincount().tolist() == [20, 20]
