"""Agreement: what the grammar makes, balance, and what heuristics get."""

import math
import pickle
from collections import Counter

import pytest
import torch

from zoo.data.agreement import Agreement
from zoo.data.synthetic.agreement_grammar import ARTICLE, COMMA, NOUNS, RELATIVE, VERBS, WORDS

NUMBER = {form: plural for noun in NOUNS for plural, form in enumerate(noun)}
VERB_NUMBER = {form: plural for verb in VERBS for plural, form in enumerate(verb)}


def texts(fields):
    rows = zip(*(fields[name].tolist() for name in ("x", "lengths", "y", "attractors")), strict=True)
    return [([WORDS[word] for word in x[:length]], y, count) for x, length, y, count in rows]


def read(words):
    """Which noun waits for a verb, and the verbs that were read, by a machine with a stack.

    Returns:
        The place of the noun whose verb is next; and for each verb its place and that of its subject.
    """
    waiting, verbs, last = [], [], None
    if words[0] != ARTICLE:
        words = [*[""] * (words.index(COMMA) + 1), *words[words.index(COMMA) + 1 :]]
    for place, word in enumerate(words):
        if word in NUMBER:
            begins = not waiting or clause_before(words, place)
            waiting += [place] if begins else []
            last = place
        if word in VERB_NUMBER:
            verbs.append((place, last if words[place - 1] == RELATIVE else waiting.pop()))
    return waiting[-1], verbs


def clause_before(words, place):
    """Whether "that the" or "that the new" stands right before a noun."""
    return words[place - 2] == RELATIVE or words[place - 3] == RELATIVE != words[place - 2] == ARTICLE


@pytest.fixture(scope="module")
def data():
    return Agreement(train_attractors=(0, 2), test_attractors=(0, 5), others=3, test_size=6000, batch_size=60)


def test_the_verb_agrees_with_the_subject_and_attractors_are_the_nouns_that_do_not(data):
    inner = 0
    for words, y, attractors in texts(data.dataset("test").fields):
        subject, _ = read(words)
        assert NUMBER[words[subject]] == y
        assert sum(NUMBER[word] != y for word in words[subject:] if word in NUMBER) == attractors
        inner += RELATIVE in words[max(subject - 3, 0) : subject]
    assert 0.25 < inner / 6000 < 0.42


def test_verbs_of_relative_clauses_agree_with_their_own_subjects(data):
    for words, _, _ in texts(data.dataset("test").fields):
        for verb, subject in read(words)[1]:
            assert VERB_NUMBER[words[verb]] == NUMBER[words[subject]]


def test_every_number_of_attractors_is_as_frequent_and_half_of_the_verbs_are_plural(data):
    fields = data.dataset("test").fields
    cells = Counter(zip(fields["attractors"].tolist(), fields["y"].tolist(), strict=True))
    assert cells == {(k, y): 500 for k in range(6) for y in (0, 1)}
    assert data.baseline == pytest.approx(math.log(2))
    batch = data.dataset("train").__getitems__(list(range(60)))
    assert Counter(batch["attractors"].tolist()) == {0: 20, 1: 20, 2: 20}


def test_the_nearest_noun_is_right_as_often_as_said(data):
    right, seen = Counter(), Counter()
    for words, y, attractors in texts(data.dataset("test").fields):
        last = [NUMBER[word] for word in words if word in NUMBER][-1]
        right[attractors] += last == y
        seen[attractors] += 1
    assert data.nearest_noun.keys() == seen.keys()
    for k, share in data.nearest_noun.items():
        assert right[k] / seen[k] == pytest.approx(share, abs=0.05)
    assert data.nearest_noun[0] == 1
    assert Agreement(others=0).nearest_noun == {0: 1, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0}


def test_the_length_says_nothing_of_the_number(data):
    fields = data.dataset("test").fields
    for length in range(10, 30):
        chosen = fields["y"][fields["lengths"] == length].float()
        if len(chosen) > 150:
            assert chosen.mean() == pytest.approx(0.5, abs=0.13)


def test_training_is_fresh_reproducible_and_of_fewer_attractors(data):
    train = data.dataset("train")
    one, two = train.__getitems__([0, 1, 2]), train.__getitems__([60, 61, 62])
    again = pickle.loads(pickle.dumps(train)).__getitems__([0, 1, 2])
    assert texts(one) == texts(again) != texts(two)
    assert data.dataset("val").fields["attractors"].max() == 2
    other = Agreement(seed=1).dataset("test").fields
    assert not torch.equal(other["x"][:, :5], Agreement(seed=0).dataset("test").fields["x"][:, :5])


def test_every_word_occurs_and_padding_only_beyond_the_end(data):
    fields = data.dataset("test").fields
    assert set(fields["x"].unique().tolist()) == set(range(len(WORDS)))
    assert ((fields["x"] != 0).sum(1) == fields["lengths"]).all()
    assert all(words[0] == ARTICLE or COMMA in words for words, _, _ in texts(fields))


def test_rows_say_the_sentence_and_its_attractors(data):
    first = next(iter(data.rows([{"label": "plural"}])))
    words, y, attractors = texts(data.dataset("test").fields)[0]
    assert first == {
        "attractors": attractors,
        "label": "plural",
        "given_label": ["singular", "plural"][y],
        "text": " ".join(words),
    }


def test_sentences_of_a_users_own(data):
    batch = data.given(["The keys of the cabinet", "the boy"]).__getitems__([0, 1])
    assert [WORDS[word] for word in batch["x"][0]] == ["the", "keys", "of", "the", "cabinet"]
    with pytest.raises(ValueError, match="item 0 has the word 'cabinett'; did you mean 'cabinet"):
        data.given(["the keys of the cabinett"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_attractors": (2, 1)}, "train_attractors is"),
        ({"test_attractors": (-1, 1)}, "test_attractors is"),
        ({"others": -1}, "others is -1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        Agreement(**options)
