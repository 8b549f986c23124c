"""Vocabularies: text to numbers and back, and through a checkpoint."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zoo.data.words.byte_pairs import BytePairs
from zoo.data.words.vocabulary import END_OF_LINE, PADDING, UNKNOWN, Characters, Words, restore

TEXT = "the cat sat\nthe dog sat on the cat\n\nthe end\n"


def vocabularies():
    return [
        Characters.learn(TEXT),
        Words.learn(TEXT, (UNKNOWN, END_OF_LINE)),
        Words.learn(TEXT, (PADDING, UNKNOWN)),
        BytePairs.learn(TEXT, 262),
    ]


@pytest.mark.parametrize("vocabulary", vocabularies()[:2] + vocabularies()[3:])
def test_decoding_gives_the_text_back(vocabulary):
    numbers = vocabulary.encode(TEXT)
    assert max(numbers) < len(vocabulary)
    assert vocabulary.decode(numbers) == TEXT


@pytest.mark.parametrize("vocabulary", vocabularies())
def test_a_checkpoint_keeps_it_as_plain_values(vocabulary, tmp_path):
    torch.save(vocabulary.state_dict(), tmp_path / "state.pt")
    again = restore(torch.load(tmp_path / "state.pt", weights_only=True))
    new = "the bird sat\n\u2603"
    assert type(again) is type(vocabulary)
    assert len(again) == len(vocabulary)
    assert again.encode(new) == vocabulary.encode(new)
    assert again.decode(again.encode(TEXT)) == vocabulary.decode(vocabulary.encode(TEXT))


def test_words_are_numbered_by_frequency_then_alphabet():
    words = Words.learn(TEXT, (UNKNOWN, END_OF_LINE))
    assert words.types == (UNKNOWN, END_OF_LINE, "the", "cat", "sat", "dog", "end", "on")


def test_every_line_ends_in_a_word_of_its_own():
    words = Words.learn(TEXT, (UNKNOWN, END_OF_LINE))
    assert words.encode("the\n\nend") == [2, 1, 1, 6, 1]
    assert words.encode("the\n") == [2, 1]


def test_rare_words_and_new_words_are_unknown():
    words = Words.learn(TEXT, (PADDING, UNKNOWN), min_count=2)
    assert words.types == (PADDING, UNKNOWN, "the", "cat", "sat")
    assert words.encode("the dog barks") == [2, 1, 1]
    assert len(Words.learn(TEXT, (PADDING, UNKNOWN), size=3)) == 3


def test_a_text_that_has_unknown_words_already_gets_no_second_sign_for_them():
    words = Words.learn("a <unk> b <unk>\n", (UNKNOWN, END_OF_LINE))
    assert words.types == (UNKNOWN, END_OF_LINE, "a", "b")


def test_new_characters_are_unknown():
    characters = Characters.learn("abba")
    assert characters.encode("abc") == [1, 2, 0]
    assert characters.decode([1, 0]) == "a\ufffd"


@given(st.text())
def test_byte_pairs_know_every_text(text):
    pairs = BytePairs.learn(TEXT, 262)
    assert pairs.decode(pairs.encode(text)) == text


def test_byte_pairs_shorten_their_text_and_are_the_same_each_time():
    pairs = BytePairs.learn(TEXT * 20, 300)
    assert len(pairs.encode(TEXT)) < len(TEXT) / 2
    assert pairs.state_dict() == BytePairs.learn(TEXT * 20, 300).state_dict()
