"""`zoo init`: from a user's file to a trained model, without touching the recipe."""

import random
from datetime import date, timedelta

import numpy as np
import pytest
import yaml

WORDS = {"good": ["fine", "lovely", "great", "warm"], "bad": ["dull", "awful", "cold", "poor"]}


def some_texts(count, seed=0, share=0.5):
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        label = "good" if draw.random() < share else "bad"
        words = draw.choices(["the", "film", "was", "and", "very", "a"], k=draw.randint(2, 6))
        rows.append((" ".join([*words, draw.choice(WORDS[label])]), label))
    return rows


def csv_file(path, rows, names=("review", "mood"), separator=","):
    path.write_text("\n".join(separator.join(row) for row in [names, *rows]) + "\n")


def initialised(zoo, *arguments):
    outcome = zoo("init", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.out


def fitted(zoo, recipe, *options):
    outcome = zoo("fit", "--config", recipe, "--trainer.accelerator=cpu", *options)
    assert outcome.code == 0, outcome.err
    return outcome.out


@pytest.mark.parametrize(("ending", "separator"), [("csv", ","), ("tsv", "\t"), ("txt", ";")])
def test_texts_with_labels_are_found_and_learned(zoo, folder, ending, separator):
    csv_file(folder / f"films.{ending}", some_texts(200), separator=separator)
    said = initialised(zoo, f"films.{ending}")
    assert "200 texts" in said
    assert "'review'" in said
    assert "'mood'" in said
    assert "zoo fit --config films.yaml" in said
    out = fitted(zoo, "films.yaml", "--trainer.max_epochs=6")
    assert float(out.split("test/accuracy ")[1].split()[0]) == 1.0


def test_lines_of_a_label_and_a_text_are_found(zoo, folder):
    (folder / "films.all").write_text("\n".join(f"{label} {text}" for text, label in some_texts(120)))
    assert "120 texts" in initialised(zoo, "films.all")
    fitted(zoo, "films.yaml", "--trainer.max_epochs=1")


def test_a_folder_with_files_for_training_and_testing_is_one_set_of_data(zoo, folder):
    (folder / "films").mkdir()
    for split, count in (("train", 120), ("dev", 20), ("test", 20)):
        csv_file(folder / f"films/{split}.csv", some_texts(count, seed=count))
    said = initialised(zoo, "films")
    assert "For val: dev.csv." in said
    assert "For test: test.csv." in said
    recipe = yaml.safe_load((folder / "films.yaml").read_text())
    assert recipe["data"]["init_args"]["root"] == "films"
    fitted(zoo, "films.yaml", "--trainer.max_epochs=1")


def test_one_encoding_that_fits_all_files_is_found(zoo, folder):
    (folder / "films").mkdir()
    csv_file(folder / "films/train.csv", some_texts(60))
    csv_file(folder / "films/dev.csv", some_texts(20))
    (folder / "films/test.csv").write_bytes("review,mood\nün film très fine,good\n".encode("latin-1"))
    assert "encoding latin-1" in initialised(zoo, "films")
    fitted(zoo, "films.yaml", "--trainer.max_epochs=1")


def test_what_is_out_of_balance_or_missing_is_said(zoo, folder):
    csv_file(
        folder / "films.csv", [*some_texts(300, share=0.95), ("a text without a mood", ""), ("", "good")]
    )
    said = initialised(zoo, "films.csv")
    assert "Out of balance: 'good' is" in said
    assert "2 rows without a text or a label: left out" in said
    fitted(zoo, "films.yaml", "--trainer.max_epochs=1")


def test_the_user_says_which_column_is_meant(zoo, folder):
    rows = [
        (text, label, random.Random(k).choice(["long", "short"]))
        for k, (text, label) in enumerate(some_texts(90))
    ]
    csv_file(folder / "films.csv", rows, ("review", "mood", "kind"))
    assert "'kind'" in initialised(zoo, "films.csv", "--target=kind", "--output=kind.yaml")
    assert yaml.safe_load((folder / "kind.yaml").read_text())["data"]["init_args"]["label"] == "kind"
    refused = zoo("init", "films.csv", "--target=kinds", "--dry-run")
    assert refused.code == 2
    assert "there is no column 'kinds'; did you mean 'kind'" in refused.err


@pytest.mark.parametrize(
    ("text", "unit"), [("one two three\n" * 300, "characters"), ("a <unk> b c\n" * 300, "words")]
)
def test_text_without_labels_is_modelled(zoo, folder, text, unit):
    (folder / "book.txt").write_text(text)
    assert f"Modelled by {unit}" in initialised(zoo, "book.txt")
    assert "test/perplexity" in fitted(zoo, "book.yaml", "--trainer.max_epochs=1")


def test_a_dry_run_prints_the_recipe_and_writes_nothing(zoo, folder):
    csv_file(folder / "films.csv", some_texts(60))
    before = sorted(folder.iterdir())
    printed = initialised(zoo, "films.csv", "--dry-run")
    assert sorted(folder.iterdir()) == before
    assert initialised(zoo, "films.csv")
    assert (folder / "films.yaml").read_text() == printed


def test_a_recipe_that_is_there_is_not_written_over(zoo, folder):
    csv_file(folder / "films.csv", some_texts(60))
    (folder / "films.yaml").write_text("mine")
    outcome = zoo("init", "films.csv")
    assert outcome.code == 2
    assert "films.yaml exists" in outcome.err
    assert (folder / "films.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.csv", None, "there is no missing.csv"),
        ("empty.csv", b"", "empty.csv is empty; expected data"),
        (
            "photo.jpg",
            b"\xff\xd8\xff\x00\x01\x02",
            "photo.jpg is no text; expected one of: series with a class",
        ),
    ],
)
def test_what_cannot_be_read_is_named_and_what_could_be_is_said(zoo, folder, name, content, said):
    if content is not None:
        (folder / name).write_bytes(content)
    outcome = zoo("init", name)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert list(folder.glob("*.yaml")) == [folder / "small.yaml"]


def test_a_folder_of_unclear_files_is_listed(zoo, folder):
    (folder / "things").mkdir()
    for name in ("one.csv", "two.csv"):
        csv_file(folder / f"things/{name}", some_texts(20))
    outcome = zoo("init", "things")
    assert outcome.code == 2
    assert "one.csv, two.csv" in outcome.err


def a_series(path, rows=400, columns=("date", "load", "sun"), first="2020-01-01"):
    """Days with a season of a week."""
    start = date.fromisoformat(first)
    lines = [f"{start + timedelta(days=k)},{10 + 3 * (k % 7) + k / 100},{k % 5}" for k in range(rows)]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n")


def test_a_series_is_forecast(zoo, folder):
    a_series(folder / "power.csv")
    said = initialised(zoo, "power.csv")
    assert "Times: column 'date', from 2020-01-01, one for each day. A season has 7 of them." in said
    assert "target: load (guessed: it is called like one; name another with --target)" in said
    assert "Read beside it: sun." in said
    out = fitted(zoo, "power.yaml", "--trainer.max_epochs=1")
    assert "test/mse_seasonal_naive" in out
    assert "target: sun (as you said" in initialised(zoo, "power.csv", "--target=sun", "--output=sun.yaml")


def test_several_series_are_told_apart_by_their_names(zoo, folder):
    a_series(folder / "one.csv", rows=120)
    header, *rows = (folder / "one.csv").read_text().splitlines()
    lines = [f"{name},{row}" for name in ("north", "south") for row in rows]
    (folder / "both.csv").write_text("\n".join([f"place,{header}", *lines]))
    assert "Series: 2 by column 'place'." in initialised(zoo, "both.csv")
    fitted(zoo, "both.yaml", "--trainer.max_epochs=1")


def test_series_with_labels_are_classified(zoo, folder):
    rows = [
        f"s{k},{step},{(k % 2) * step + step % 3},{'up' if k % 2 else 'flat'}"
        for k in range(40)
        for step in range(9)
    ]
    (folder / "moves.csv").write_text("\n".join(["id,t,height,kind", *rows]))
    said = initialised(zoo, "moves.csv")
    assert "40 series" in said
    assert "column 'kind'" in said
    assert "test/accuracy 1" in fitted(zoo, "moves.yaml")


def test_what_cannot_be_read_of_a_table_is_said(zoo, folder):
    lines = [f"Jan-{k},{k % 4},{'abc'[k % 3]}" for k in range(100)]
    (folder / "odd.csv").write_text("\n".join(["date,level,mark", *lines]))
    said = initialised(zoo, "odd.csv")
    assert "'Jan-0' is no date that can be read" in said
    assert "Not read, as they are no numbers: date, mark." in said


def test_tagged_sentences_are_found(zoo, folder):
    sentence = "the\tDET\ncat\tNOUN\nsat\tVERB\n\n"
    (folder / "tags.txt").write_text(sentence * 60)
    said = initialised(zoo, "tags.txt")
    assert "48 training sentences" in said
    assert "3 tags" in said
    assert "test/accuracy" in fitted(zoo, "tags.yaml", "--trainer.max_epochs=1")
    (folder / "names.bio").write_text("Ann\tB-PER\nsat\tO\nin\tO\nRome\tB-LOC\n\n" * 60)
    assert "a CRF scores" in initialised(zoo, "names.bio")
    assert "test/span_f1" in fitted(zoo, "names.yaml", "--trainer.max_epochs=1")


def test_translations_are_found_in_columns_and_in_two_files(zoo, folder):
    pairs = [(f"the {a} has {b} legs", f"{b} Beine hat {a}") for a in "abcdefgh" for b in "123456789"]
    (folder / "pairs.tsv").write_text("\n".join("\t".join(pair) for pair in pairs))
    assert "72 pairs" in initialised(zoo, "pairs.tsv")
    assert "test/bleu" in fitted(zoo, "pairs.yaml", "--trainer.max_epochs=1")
    (folder / "corpus").mkdir()
    for split in ("train", "dev", "test"):
        for k, ending in enumerate(("en", "de")):
            (folder / f"corpus/{split}.{ending}").write_text("\n".join(pair[1 - k] for pair in pairs))
    said = initialised(zoo, "corpus")
    assert "train.de" in said
    fitted(zoo, "corpus.yaml", "--trainer.max_epochs=1")


def test_the_names_of_two_columns_are_no_translation(zoo, folder):
    pairs = [(f"the {a} has {b} legs", f"{b} Beine hat {a}") for a in "abcdefgh" for b in "123456789"]
    (folder / "named.tsv").write_text("\n".join("\t".join(pair) for pair in [("English", "German"), *pairs]))
    said = initialised(zoo, "named.tsv")
    assert "72 pairs" in said
    assert "English and German" in said
    assert "header: true" in (folder / "named.yaml").read_text()
    words = [("Source", "Target"), *((f"word{k}", f"Wort{k}") for k in range(60))]
    (folder / "words.tsv").write_text("\n".join("\t".join(pair) for pair in words))
    assert "60 pairs" in initialised(zoo, "words.tsv")
    (folder / "bare.tsv").write_text("\n".join("\t".join(pair) for pair in words[1:]))
    assert "60 pairs" in initialised(zoo, "bare.tsv")


def test_piano_rolls_are_found(zoo, folder):
    rolls = {
        f"{split}_{k}": np.eye(12, 8)[np.arange(k, k + 9)]
        for split in ("train", "valid", "test")
        for k in (0, 3)
    }
    np.savez(folder / "rolls.npz", **rolls)
    assert "2 for train, 2 for val, 2 for test" in initialised(zoo, "rolls.npz")
    fitted(zoo, "rolls.yaml", "--trainer.max_epochs=1")


def test_a_data_set_of_the_archive_is_found_in_whatever_format(zoo, folder):
    (folder / "Toy").mkdir()
    head = "@problemName Toy\n@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n"
    rows = "".join(f"{k},2,3,{k}:{'ab'[k % 2]}\n" for k in range(20))
    for part in ("TRAIN", "TEST"):
        (folder / f"Toy/Toy_{part}.ts").write_text(head + rows)
    (folder / "Toy/Toy_TRAIN.csv").write_text("something else")
    assert "20 series of Toy_TRAIN.ts" in initialised(zoo, "Toy")
    fitted(zoo, "Toy.yaml", "--trainer.max_epochs=1")


def test_dates_out_of_order_and_words_among_numbers_are_named(zoo, folder):
    a_series(folder / "power.csv", rows=100)
    header, *rows = (folder / "power.csv").read_text().splitlines()
    for name, changed, said in [
        ("falling", rows[::-1], "row 2: date 2020-04-08 comes after 2020-04-09"),
        ("twice", [*rows, rows[3]], "row 101: date 2020-01-04 comes after 2020-04-09"),
        (
            "word",
            [*rows[:57], rows[57].replace(",", ",n.v.", 1), *rows[58:]],
            "row 58: column 'load' is 'n.v.",
        ),
    ]:
        (folder / f"{name}.csv").write_text("\n".join([header, *changed]))
        outcome = zoo("init", f"{name}.csv")
        assert outcome.code == 2
        assert f"{name}.csv, {said}" in outcome.err


@pytest.mark.parametrize("verb", ["predict", "evaluate", "test"])
def test_the_folder_of_a_run_stands_for_its_best_checkpoint(zoo, folder, verb):
    assert zoo("fit", "--config", "small.yaml").code == 0
    (best,) = (folder / "runs/small/version_0/checkpoints").glob("best*.ckpt")
    expected = zoo(verb, "--ckpt_path", str(best))
    found = zoo(verb, "--ckpt_path", "runs/small")
    assert found.code == expected.code == 0
    assert found.out.replace("predict_1", "predict_0") == expected.out


def test_training_goes_on_from_a_checkpoint_and_not_from_a_folder(zoo, folder):
    assert zoo("fit", "--config", "small.yaml").code == 0
    outcome = zoo("fit", "--config", "small.yaml", "--ckpt_path", "runs/small")
    assert outcome.code == 2
    assert "is a folder; expected a checkpoint to go on from, such as runs/small/version_0/" in outcome.err
    (folder / "empty").mkdir()
    outcome = zoo("test", "--ckpt_path", "empty")
    assert outcome.code == 2
    assert "--ckpt_path: 'empty' is not the folder of a run" in outcome.err


def tagged():
    return "\n".join(f"the\tD\ncat{k}\tN\nsleeps\tV\n" for k in range(20))


@pytest.mark.parametrize("options", [["--id=nope"], ["--time=alsonope"], ["--id=nope", "--time=alsonope"]])
@pytest.mark.parametrize("kind", ["texts", "tags", "plain"])
def test_an_id_and_a_time_are_refused_of_what_has_none(zoo, folder, options, kind):
    csv_file(folder / "texts.csv", some_texts(200))
    (folder / "tags.txt").write_text(tagged())
    (folder / "plain.txt").write_text("Some words that are a text.\n" * 100)
    name = {"texts": "texts.csv", "tags": "tags.txt", "plain": "plain.txt"}[kind]
    assert zoo("init", name, "--dry-run").code == 0
    outcome = zoo("init", name, *options)
    assert outcome.code == 2
    assert "there is no column" in outcome.err or "has no columns that --id and --time" in outcome.err
    assert not (folder / f"{kind}.yaml").exists()


@pytest.mark.parametrize("kind", ["plain", "texts", "series"])
def test_an_encoding_that_letters_speak_against_is_called_a_guess(zoo, folder, kind):
    words = [f"очень хороший фильм и {text}" for text, _ in some_texts(200)]
    moods = [label for _, label in some_texts(200)]
    if kind == "series":
        rows = [f"{date(2020, 1, 1) + timedelta(days=k)},{k % 7}" for k in range(200)]
        content, name = "\n".join(["день,продано", *rows]), "some.csv"
    elif kind == "texts":
        content = "\n".join(["review,mood", *map(",".join, zip(words, moods, strict=True))])
        name = "some.csv"
    else:
        content, name = "\n".join(words), "some.txt"
    (folder / name).write_bytes(content.encode("cp1251"))
    said = initialised(zoo, name, "--dry-run").replace("\n# ", " ")
    assert "is a guess, and many letters are not ASCII" in said
    (folder / name).write_bytes(
        "\n".join(["Größe,Länge", *[f"{k},{k % 5}" for k in range(200)]]).encode("cp1252")
    )
    assert "is a guess" not in zoo("init", name, "--dry-run").out
