"""`zoo init`: from a user's file to a trained model, without touching the recipe."""

import random

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
    assert "out of balance: 'good' is" in said
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
        ("photo.jpg", b"\xff\xd8\xff\x00\x01\x02", "begins nothing that can be read"),
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
