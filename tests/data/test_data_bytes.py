"""Bytes that are no text, or a text in another encoding."""

import pytest

from zoo.data.labelled_text import LabelledText
from zoo.data.text_file import TextFile

GOOD = "text,label\n" + "good film,pos\nbad film,neg\n" * 20
LATIN = "text,label\n" + "café,pos\nbad,neg\n" * 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            LATIN.encode("latin-1"),
            ", line 2: byte 0xe9 is not utf-8; 4 of 9 lines (2, 4, 6, 8) have such bytes; give the "
            "encoding of the file, for example encoding: latin-1",
        ),
        (
            b"text,label\na,pos\nb\xff,neg\n",
            ", line 3: byte 0xff is not utf-8; 1 of 3 lines has such bytes; give the encoding of the file, "
            "for example encoding: latin-1",
        ),
        (
            LATIN.encode("utf-16"),
            ", line 1: byte 0xff is not utf-8; the file begins as one in utf-16 does; give encoding: utf-16",
        ),
        (
            GOOD.encode("utf-16-le"),
            ", line 1: there is a NUL character; 42 of 42 lines (1, 2, 3, 4, 5 and 37 more) have such, as a "
            "file in utf-16 does; give encoding: utf-16-le",
        ),
        (
            b"text,label\na,pos\nb\0\0,neg\n",
            ", line 3: there is a NUL character; 1 of 3 lines has such; expected text without them",
        ),
    ],
)
@pytest.mark.parametrize("kind", [LabelledText, TextFile])
def test_bytes_that_are_no_text(tmp_path, kind, content, message):
    path = tmp_path / "bytes.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bytes\.csv") as caught:
        kind(train=path, val=path, test=path, batch_size=2).setup("fit")
    assert str(caught.value) == f"{path}{message}"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_another_encoding_is_read(tmp_path, encoding):
    path = tmp_path / "other.csv"
    path.write_bytes(LATIN.encode(encoding))
    examples = LabelledText(val=path, encoding=encoding).examples("val")
    assert [example.text for example in examples] == ["café", "bad"] * 4


def test_a_byte_order_mark_alone_is_no_text(tmp_path):
    path = tmp_path / "marked.csv"
    path.write_bytes(b"\xef\xbb\xbf")
    with pytest.raises(ValueError, match=r"marked\.csv is empty, expected text"):
        LabelledText(train=path).examples("train")
