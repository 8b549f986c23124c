"""Made pairs: right answers, by another way to find them; fresh, fixed and reproducible."""

import pickle
from datetime import date

import pytest
import torch

from zoo.data.date_phrases import DatePhrases, cardinal, ordinal, years_in_words
from zoo.data.string_reversal import StringReversal
from zoo.data.words.framed import EOS


def texts(data, batch):
    legend = data.legend
    for b, length in enumerate(batch["lengths"].tolist()):
        y = batch["y"][b][batch["y"][b] != -100].tolist()
        assert y[-1] == EOS
        assert not batch["x"][b, length:].any()
        yield legend["decode_source"](batch["x"][b, :length].tolist()), legend["decode"](y)


def batches(data, epoch=0, split="train"):
    loader = data.loader(split)
    if split == "train":
        loader.sampler.set_epoch(epoch)
    return list(loader)


def test_reversals():
    data = StringReversal(symbols=5, shortest=2, longest=7, batch_size=300, steps_per_epoch=1)
    found = list(texts(data, batches(data)[0]))
    assert all(target == source[::-1] for source, target in found)
    assert {len(source.split()) for source, _ in found} == set(range(2, 8))
    assert {symbol for source, _ in found for symbol in source.split()} == set("abcde")
    assert data.sizes == {"vocab_size": 9, "output_size": 9}


def test_dates_are_those_that_the_words_say():
    """The words are read by a reader that was not made from the grammar's tables."""
    data = DatePhrases(batch_size=400, steps_per_epoch=1)
    for phrase, iso in texts(data, batches(data)[0]):
        day = date.fromisoformat(iso)
        words = phrase.replace(",", " ").split()
        assert day.strftime("%B").lower() in words
        weekdays = [word for word in words if word.endswith("day") and word != "day"]
        assert weekdays in ([], [day.strftime("%A").lower()])
        assert ordinal(day.day) in words
        assert 1800 <= day.year <= 2099
        assert any(phrase.endswith(f" {way}") for way in years_in_words(day.year))


def test_numbers_in_words():
    assert [cardinal(number) for number in (0, 7, 12, 20, 21, 99)] == (
        ["zero", "seven", "twelve", "twenty", "twenty-one", "ninety-nine"]
    )
    ordinals = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}
    ordinals |= {14: "fourteenth", 20: "twentieth", 21: "twenty-first", 30: "thirtieth"}
    assert {number: ordinal(number) for number in ordinals} == ordinals
    assert years_in_words(1905) == ["nineteen oh five", "nineteen hundred and five"]
    assert years_in_words(1900) == ["nineteen hundred"]
    assert years_in_words(2000) == ["two thousand"]
    assert years_in_words(2007) == ["two thousand and seven"]
    assert years_in_words(2042) == ["two thousand and forty-two", "twenty forty-two"]
    ways = [way for year in range(1100, 2100) for way in years_in_words(year)]
    assert len(set(ways)) == len(ways)


@pytest.mark.parametrize("source", [StringReversal, DatePhrases])
def test_training_pairs_are_fresh_and_reproducible_and_the_others_fixed(source):
    def data(seed):
        return source(batch_size=8, steps_per_epoch=3, val_size=20, test_size=20, seed=seed)

    def drawn(seed, epoch, split="train"):
        return [pair for batch in batches(data(seed), epoch, split) for pair in texts(data(seed), batch)]

    assert drawn(1, 0) == drawn(1, 0)
    assert not set(drawn(1, 0)) & (set(drawn(1, 1)) | set(drawn(2, 0)) | set(drawn(1, 0, "val")))
    assert drawn(1, 0, "val") == drawn(1, 5, "val")
    assert drawn(1, 0, "val") != drawn(1, 0, "test")
    dataset = pickle.loads(pickle.dumps(data(1).dataset("train")))
    assert torch.equal(dataset.__getitems__([3, 4])["x"], data(1).dataset("train").__getitems__([3, 4])["x"])


@pytest.mark.parametrize(
    ("source", "text"), [(StringReversal, "a c b"), (DatePhrases, "may the fifth, nineteen ten")]
)
def test_texts_of_ones_own_and_predictions_in_words(source, text):
    data = source(test_size=3)
    batch = data.given([text]).__getitems__([0])
    assert data.legend["decode_source"](batch["x"][0].tolist()) == text
    first, *others = data.rows([{"hypothesis": "h"}] * 3)
    assert first.keys() == {"hypothesis", "reference", "source"}
    assert len(others) == 2
    with pytest.raises(ValueError, match="item 0 has the symbol '\\?'"):
        data.given(["?"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StringReversal(symbols=1), "symbols is 1; expected 2 to 52"),
        (lambda: StringReversal(shortest=5, longest=4), "longest is 4 and shortest is 5"),
        (lambda: DatePhrases(first_year=900), "first_year is 900 .* expected years from 1100 to 2099"),
    ],
)
def test_what_cannot_be_made_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
