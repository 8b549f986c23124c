"""A user's tagged text: formats, splits, vocabularies, characters, and errors with file and line."""

import pytest
import torch

from zoo.data.batches.datasets import IGNORED
from zoo.data.tagged_text import TaggedText

CONLL = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
German JJ B-NP B-MISC
call NN I-NP O

Peter NNP B-NP B-PER
Blackburn NNP I-NP I-PER
"""
CONLLU = """# newdoc
# text = Can't he see?
1-2\tCan't\t_\t_\t_\t_\t_\t_\t_\t_
1\tCa\tcan\tAUX\tMD\t_\t4\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
3\the\the\tPRON\tPRP\t_\t4\tnsubj\t_\t_
3.1\tsaw\tsee\tVERB\t_\t_\t_\t_\t_\t_
4\tsee\tsee\tVERB\tVB\t_\t0\troot\t_\t_
5\t1 000\t?\t_\t_\t_\t4\tpunct\t_\t_

# text = He
1\tHe\the\tPRON\tPRP\t_\t0\troot\t_\t_
"""


def read(tmp_path, content, name="train.conll", **options):
    (tmp_path / name).write_text(content, encoding="utf-8")
    return TaggedText(train=tmp_path / name, **options).sentences("train")


def pairs(sentences):
    return [list(zip(each.tokens, each.tags, strict=True)) for each in sentences]


def test_columns_of_conll(tmp_path):
    sentences = read(tmp_path, CONLL)
    assert pairs(sentences) == [
        [("EU", "B-ORG"), ("rejects", "O"), ("German", "B-MISC"), ("call", "O")],
        [("Peter", "B-PER"), ("Blackburn", "I-PER")],
    ]
    assert [each.lines for each in sentences] == [(3, 4, 5, 6), (8, 9)]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (CONLL, {"tag": 1}),
        (CONLL, {"token": 0, "tag": -3}),
        (CONLL.replace("\n", "\r\n"), {"tag": 1}),
        ("\ufeff" + CONLL, {"tag": 1}),
        (CONLL.replace(" ", "\t"), {"tag": 1}),
        (CONLL.replace(" ", ";"), {"tag": 1, "separator": ";"}),
        ("word pos chunk name\n" + CONLL, {"token": "word", "tag": "pos"}),
        (CONLL.replace("\n\n", "\n \n\n"), {"tag": 1}),
        ("# a comment\n" + CONLL, {"tag": 1}),
    ],
)
def test_ways_to_say_which_columns_are_read(tmp_path, content, options):
    sentences = read(tmp_path, content, **options)
    assert pairs(sentences)[1] == [("Peter", "NNP"), ("Blackburn", "NNP")]


def test_a_word_may_begin_with_a_sharp_sign_and_comments_are_told(tmp_path, caplog):
    caplog.set_level("INFO")
    assert pairs(read(tmp_path, "# id 7\n# SYM\nx NN\n\n# id 8\ny NN\n")) == [
        [("#", "SYM"), ("x", "NN")],
        [("y", "NN")],
    ]
    assert "2 of 5 rows (lines 1, 5) begin with # and are no rows: taken for comments" in caplog.text


@pytest.mark.parametrize(
    ("tag", "tags"),
    [
        (None, ["AUX", "PART", "PRON", "VERB", None]),
        ("xpos", ["MD", "RB", "PRP", "VB", None]),
        ("deprel", ["aux", "advmod", "nsubj", "root", "punct"]),
        (7, ["aux", "advmod", "nsubj", "root", "punct"]),
    ],
)
def test_conllu_without_ranges_empty_nodes_and_comments(tmp_path, tag, tags):
    first, second = read(tmp_path, CONLLU, "train.conllu", tag=tag)
    assert first.tokens == ("Ca", "n't", "he", "see", "1 000")
    assert list(first.tags) == tags
    assert second.lines == (12,)


def test_columns_of_conllu_plus_have_their_own_names(tmp_path):
    content = "# global.columns = ID FORM UPOS\n1\the\tPRON\n2\tgoes\tVERB\n"
    assert pairs(read(tmp_path, content, "train.conllu")) == [[("he", "PRON"), ("goes", "VERB")]]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.txt").write_text("a X\nbb Y\n\nccc X\n\nbb Y\na X\nbb Y\nA9 X\n")
    (tmp_path / "dev.txt").write_text("a X\nzz Y\n\nb X\n")
    (tmp_path / "test.txt").write_text("bb Y\n\na X\nbb Y\n")
    return tmp_path


def test_batches_of_words_tags_and_characters(folder):
    data = TaggedText(folder, batch_size=3, characters=True)
    data.setup("fit")
    assert data.sizes == {"vocab_size": 6, "num_classes": 2, "character_vocab_size": 7}
    assert data.vocabulary.types == ("<pad>", "<unk>", "bb", "a", "A9", "ccc")
    (batch,) = data.val_dataloader()
    assert batch["lengths"].tolist() == [1, 2]
    assert batch["x"].tolist() == [[1, 0], [3, 1]]
    assert batch["y"].tolist() == [[0, IGNORED], [0, 1]]
    alphabet = {character: number for number, character in enumerate(data.alphabet.types, 1)}
    a, b = alphabet["a"], alphabet["b"]
    assert batch["characters"].tolist() == [[[b, 0], [0, 0]], [[a, 0], [1, 1]]]
    item = data.dataset("train")[0]
    assert item["characters"].tolist() == [[a, 0], [b, b]]


def test_training_batches_are_of_similar_length_and_hold_every_sentence_once(tmp_path):
    lengths = [1 + k % 9 for k in range(60)]
    (tmp_path / "train.txt").write_text("\n".join("a X\nb Y\n" * n for n in lengths))
    data = TaggedText(train=tmp_path / "train.txt", val=tmp_path / "train.txt", batch_size=5)
    seen = []
    for batch in data.train_dataloader():
        found = batch.get("lengths", torch.full((len(batch["x"]),), batch["x"].shape[1]))
        assert found.max() - found.min() <= 2
        assert ((batch["y"] != IGNORED).sum(1) == found).all()
        seen += found.tolist()
    assert sorted(seen) == sorted(2 * n for n in lengths)


def test_vocabularies_come_from_training_only_and_options_change_them(folder):
    assert TaggedText(folder, lower=True, digits="zero").learn().types[2:] == ("bb", "a", "a0", "ccc")
    assert TaggedText(folder, min_count=2).learn().types == ("<pad>", "<unk>", "bb", "a")
    assert TaggedText(folder, vocab_size=3).learn().types == ("<pad>", "<unk>", "bb")
    data = TaggedText(folder, characters=True, max_characters=1, max_length=1)
    data.setup("fit")
    assert data.dataset("train")[1]["characters"].shape == (1, 1)
    assert "z" not in data.alphabet.types


def test_one_file_is_divided_by_sentences(folder):
    (folder / "all.txt").write_text("".join(f"w{k} X\nv Y\n\n" for k in range(50)))
    data = TaggedText(folder / "all.txt", seed=1)
    parts = [data.sentences(split) for split in ("train", "val", "test")]
    assert [len(part) for part in parts] == [40, 5, 5]
    assert len({sentence.lines for part in parts for sentence in part}) == 50


def test_predictions_are_said_with_line_words_and_given_tags(folder):
    (folder / "new.txt").write_text("a\nzz\n\nbb\n")
    records = [{"tags": ["X", "Y"]}, {"tags": ["Y"]}]
    data = TaggedText(folder, predict=folder / "new.txt")
    (batch,) = data.predict_dataloader()
    assert batch.keys() == {"x", "lengths"}
    assert list(data.rows(records)) == [
        {"sentence": 1, "line": 1, "tokens": ["a", "zz"], "tags": ["X", "Y"]},
        {"sentence": 2, "line": 4, "tokens": ["bb"], "tags": ["Y"]},
    ]
    tested = list(TaggedText(folder).rows([{"tags": ["Y"]}, {"tags": ["X", "X"]}]))
    assert tested[1] == {
        "sentence": 2,
        "line": 3,
        "tokens": ["a", "bb"],
        "tags": ["X", "X"],
        "given_tags": ["X", "Y"],
    }
    assert data.legend == {"tags": ["X", "Y"]}
    assert list(data.by_step({**tested[1], "probabilities": [0.5, 0.75]})) == [
        {"sentence": 2, "line": 3, "word": "a", "tag": "X", "probability": 0.5, "given_tag": "X"},
        {"sentence": 2, "line": 3, "word": "bb", "tag": "X", "probability": 0.75, "given_tag": "Y"},
    ]


@pytest.mark.parametrize(
    ("text", "tokens", "tags"),
    [
        ("a bb zz\nbb a\n", [("a", "bb", "zz"), ("bb", "a")], None),
        ("a bb\nbb a\n", [("a", "bb"), ("bb", "a")], None),
        ("a X\nbb Y\n", [("a", "bb")], ("X", "Y")),
        ("a\tQ\nbb\tR\n", [("a", "bb")], None),
        ("a 1\n\nbb 2\n", [("a",), ("bb",)], None),
    ],
    ids=["sentences", "of one length", "one with tags", "other columns", "blocks"],
)
def test_sentences_in_lines_and_in_columns_are_told_apart(folder, text, tokens, tags):
    (folder / "new.txt").write_text(text)
    data = TaggedText(folder, predict=folder / "new.txt")
    data.setup("fit")
    found = data.sentences("predict")
    assert [sentence.tokens for sentence in found] == tokens
    assert found[0].tags == (tags or (None,) * len(tokens[0]))


def test_sentences_of_a_users_own(folder):
    data = TaggedText(folder, characters=True)
    data.setup("fit")
    batch = data.given(["a bb", ["zz"]]).__getitems__([0, 1])
    assert batch["x"].tolist() == [[3, 2], [1, 0]]
    assert batch["characters"].shape == (2, 2, 2)
    for wrong, message in (
        ("", "at least one word"),
        ([], "at least one"),
        (3, "item 1 is 3"),
        ([""], "empty"),
    ):
        with pytest.raises(ValueError, match=message):
            data.given(["a", wrong])


def test_what_was_learned_survives_a_checkpoint(folder, tmp_path):
    data = TaggedText(folder, characters=True)
    data.setup("fit")
    other = TaggedText(test=folder / "test.txt", characters=True)
    other.load_state_dict(data.state_dict())
    assert (other.sizes, other.legend) == (data.sizes, data.legend)
    for name, value in data.dataset("val")[0].items():
        assert torch.equal(other.given([["a", "zz"]])[0].get(name, value), value)
    other.setup("test")
    assert next(iter(other.test_dataloader()))["y"].tolist()[0] == [1, IGNORED]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a X\nb\n", {}, "line 2: 1 columns, expected 2, in 1 of"),
        ("a X\nb c Y\n", {}, "line 2: 3 columns, expected 2"),
        ("a\tX\n\tY\n", {}, "line 2: the token or the tag is empty"),
        ("a X\nb X\n", {}, "every tag is 'X', expected two different ones"),
        ("a X\nb Y\n", {"tag": 2}, "tag is column 2 of 2; expected one from -2 to 1"),
        ("a X\nb Y\n", {"tag": 0}, "token and tag are both column 0"),
        ("a X\nb Y\n", {"tag": "pos"}, "line 1: no columns are called 'pos'"),
        ("w p\na X\nb Y\n", {"tag": "q", "token": "w"}, "no columns are called 'q'"),
        ("w w\na X\nb Y\n", {"token": "w"}, "2 columns are called 'w'"),
        ("\n \n", {}, "is empty"),
        ("-DOCSTART- O\n\n", {}, "no sentence"),
    ],
)
def test_errors_say_file_and_line(tmp_path, content, options, message):
    path = tmp_path / "train.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        TaggedText(train=path, **options).learn()
    assert "train.txt" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONLLU.replace("3\the", "x\the"), "line 6: the first column is 'x'"),
        (CONLLU.replace("\tPRP\t_\t4\tnsubj", "\tPRP"), "line 6: 7 columns, expected 10"),
        (CONLLU + "\n# text = nothing\n\n", "line 14: a sentence has no word"),
        (CONLLU.replace("\t", " "), "columns, expected 10"),
    ],
)
def test_errors_of_conllu(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, content, "train.conllu")


def test_tags_that_only_the_test_set_has(folder, caplog):
    (folder / "test.txt").write_text("a X\nb NUON\n\nc YY\n")
    (folder / "train.txt").write_text("a X\nb NOUN\n")
    with pytest.raises(ValueError, match="line 2: tag 'NUON' does not occur in the training data") as caught:
        TaggedText(folder).setup("test")
    for part in ("test.txt", "2 rows (lines 2, 4), nor do 'YY'", "did you mean 'NOUN'?", "Known: NOUN, X"):
        assert part in str(caught.value)
    caplog.set_level("INFO")
    data = TaggedText(folder, unseen="ignore")
    data.setup("test")
    assert data.dataset("test")[0]["y"].tolist() == [1, IGNORED]
    assert "not counted" in caplog.text


def test_other_encodings(tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes("é X\nb Y\n".encode("latin-1"))
    with pytest.raises(ValueError, match="line 1: byte 0xe9 is not utf-8"):
        TaggedText(train=path).learn()
    assert TaggedText(train=path, encoding="latin-1").learn().types[-1] == "é"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "conlu"}, "did you mean 'conllu'"),
        ({"digits": "drop"}, "digits must be one of"),
        ({"unseen": "skip"}, "unseen must be one of"),
        ({"vocab_size": 2}, "at least 3"),
        ({"max_characters": 0}, "max_characters must be at least 1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        TaggedText("somewhere", **options)
