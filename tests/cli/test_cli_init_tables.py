"""`zoo init` on tables: what is a series and what is not, how it is written, what it lacks."""

import random
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet

from zoo.data.series import Series

DRAW = random.Random(0)


def initialised(zoo, *arguments):
    outcome = zoo("init", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.out


def refused(zoo, *arguments):
    outcome = zoo("init", *arguments)
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    return outcome.err


def fitted(zoo, recipe):
    outcome = zoo("fit", "--config", recipe, "--trainer.accelerator=cpu", "--trainer.max_epochs=1")
    assert outcome.code == 0, outcome.err
    return outcome.out


def options(path):
    return yaml.safe_load(path.read_text())["data"]["init_args"]


def write(path, header, rows, encoding="utf-8"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)


def days(count, form="%Y-%m-%d", first=date(2020, 1, 1)):
    return [(first + timedelta(days=k)).strftime(form) for k in range(count)]


def iris(count=120):
    kinds = ("setosa", "virginica", "versicolor")
    return [f"{DRAW.gauss(k // 40, 1):.1f},{DRAW.gauss(5, 1):.1f},{kinds[k // 40]}" for k in range(count)]


@pytest.mark.parametrize("order", ["in blocks", "shuffled"])
def test_rows_that_are_items_are_no_series(zoo, folder, order):
    rows = iris() if order == "in blocks" else DRAW.sample(iris(), 120)
    write(folder / "iris.csv", "width,length,species", rows)
    said = refused(zoo, "iris.csv")
    assert "the rows seem to be items, each by itself, and no steps of a sequence" in said
    assert "'species' has 3 classes" in said
    assert "--time COLUMN" in said
    assert "the rows seem to be items" in refused(zoo, "iris.csv", "--target=species")
    assert not (folder / "iris.yaml").exists()
    assert "target: width (as you said" in initialised(zoo, "iris.csv", "--target=width", "--dry-run")


def test_unrelated_numbers_are_no_series_and_related_ones_are(zoo, folder):
    noise = [",".join(f"{DRAW.gauss(0, 1):.2f}" for _ in "abc") for _ in range(200)]
    write(folder / "noise.csv", "a,b,c", noise)
    assert "no row is like the one before it" in refused(zoo, "noise.csv")
    write(folder / "waves.csv", "a,b,c", [f"{np.sin(k / 9):.3f},{np.cos(k / 7):.3f},{k}" for k in range(200)])
    assert "target: c (guessed: last column of numbers; name another with --target)" in initialised(
        zoo, "waves.csv"
    )


def test_the_user_names_the_time_and_the_series(zoo, folder):
    rows = [f"{k % 2 + 7},{k // 2},{k}" for k in range(200)]
    write(folder / "both.csv", "shop,when,sold", rows)
    initialised(zoo, "both.csv", "--id=shop", "--time=when")
    assert options(folder / "both.yaml")["id"] == "shop"
    assert options(folder / "both.yaml")["time"] == "when"
    fitted(zoo, "both.yaml")


def test_series_that_take_turns_are_told_apart(zoo, folder):
    rows = [f"{day},{name},{k}" for k, day in enumerate(days(90)) for name in ("north", "south")]
    write(folder / "both.csv", "date,place,load", rows)
    assert "Series: 2 by column 'place'." in initialised(zoo, "both.csv")


@pytest.mark.parametrize(
    ("form", "told"), [("%d.%m.%Y", "day, month, year"), ("%m/%d/%Y", "month, day, year")]
)
def test_dates_of_other_orders_keep_their_season(zoo, folder, form, told):
    write(folder / "sold.csv", "day,sold", [f"{day},{k % 7}" for k, day in enumerate(days(120, form))])
    said = initialised(zoo, "sold.csv")
    assert f"are read as {told}." in said
    assert "A season has 7 of them." in said
    assert "test/mse_seasonal_naive" in fitted(zoo, "sold.yaml")


def test_two_years_of_days_and_workdays_have_their_seasons_named(zoo, folder):
    write(folder / "sold.csv", "day,sold", [f"{day},{k % 7}" for k, day in enumerate(days(800))])
    assert "season: 365 takes the year for the season" in initialised(zoo, "sold.csv")
    work = [day for day in days(400) if date.fromisoformat(day).weekday() < 5]
    write(folder / "work.csv", "day,sold", [f"{day},{k % 5}" for k, day in enumerate(work)])
    said = initialised(zoo, "work.csv")
    assert "one for each workday. A season has 5 of them." in said
    assert "lacking" not in said


def test_steps_that_are_lacking_are_counted_and_made_missing(zoo, folder):
    kept = [(k, day) for k, day in enumerate(days(120)) if k not in (40, 41, 77)]
    write(folder / "sold.csv", "day,sold", [f"{day},{k % 7}" for k, day in kept])
    said = initialised(zoo, "sold.csv")
    assert "3 steps of a regular series are lacking, the first is 2020-02-10" in said
    assert options(folder / "sold.yaml")["gaps"] == "fill"
    fitted(zoo, "sold.yaml")


def test_decimal_commas_and_thousands_are_found(zoo, folder):
    rows = [f"{day};1.{k:03},{k % 7}" for k, day in enumerate(days(120))]
    write(folder / "sold.csv", "day;sold", rows)
    said = initialised(zoo, "sold.csv")
    assert "Numbers have ',' before their fraction and '.' between thousands" in said
    assert options(folder / "sold.yaml")["decimal"] == ","
    fitted(zoo, "sold.yaml")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("2020-04-30,1,2", "sold.csv, line 122: 3 columns, expected 2"),
        ("2020-04-30", "sold.csv, line 122: 1 columns, expected 2"),
    ],
)
def test_ragged_rows_are_named_by_their_line(zoo, folder, wrong, said):
    rows = [f"{day},{k % 7}" for k, day in enumerate(days(120))]
    write(folder / "sold.csv", "day,sold", [*rows, wrong])
    assert said in refused(zoo, "sold.csv")


def test_a_large_file_is_read_in_pieces_that_are_not_kept(zoo, folder, monkeypatch):
    rows = [f"{day},{k % 7}" for k, day in enumerate(days(120))]
    write(folder / "sold.csv", "day,sold", rows)
    for module in ("series_read", "check"):
        monkeypatch.setattr(f"zoo.init.{module}.LARGE", 100)
    monkeypatch.setattr("zoo.init.series_read.read_series", None)
    said = initialised(zoo, "sold.csv")
    assert "A large file: looked at the first 2,000 rows for what columns are" in said
    assert "120 rows" in said
    write(folder / "worse.csv", "day,sold", [*rows, "2021-01-01"])
    assert "worse.csv, line 122: 1 columns, expected 2" in refused(zoo, "worse.csv")


def test_quotes_may_hold_separators_and_line_ends(zoo, folder):
    texts = ['"a ""fine"" film;\nit was";good', '"a dull film, it is";bad'] * 30
    write(folder / "films.csv", '"text";"label"', texts)
    assert "60 texts" in initialised(zoo, "films.csv")
    fitted(zoo, "films.yaml")
    numbers = [f'"{day}";"{k % 7},5"' for k, day in enumerate(days(120))]
    write(folder / "sold.csv", '"the day";"sold; all"', numbers)
    assert "target: sold; all" in initialised(zoo, "sold.csv")
    fitted(zoo, "sold.yaml")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "utf-16-le"])
def test_encodings_and_line_ends_are_seen(zoo, folder, encoding):
    rows = [f"{day},{k % 7}" for k, day in enumerate(days(120))]
    text = "\r\n".join(["day,größe", *rows]) + "\r\n"
    (folder / "sold.csv").write_bytes(text.encode(encoding))
    assert "target: größe" in initialised(zoo, "sold.csv")
    fitted(zoo, "sold.yaml")


def test_files_of_two_encodings_are_named(zoo, folder):
    (folder / "films").mkdir()
    rows = ["a très fine film,good", "a dull film,bad"] * 20
    write(folder / "films/train.csv", "text,label", rows)
    write(folder / "films/test.csv", "text,label", rows, "latin-1")
    assert "films/train.csv is in UTF-8, and films/test.csv is not" in refused(zoo, "films")


def test_text_in_utf_8_is_not_garbled_in_silence(zoo, folder):
    write(folder / "sold.csv", "day,größe", [f"{day},{k % 7}" for k, day in enumerate(days(120))])
    initialised(zoo, "sold.csv")
    recipe = (
        (folder / "sold.yaml").read_text().replace("root: sold.csv", "encoding: cp1252\n    root: sold.csv")
    )
    (folder / "sold.yaml").write_text(recipe.replace("targets: größe", "targets: grÃ¶ÃŸe"))
    outcome = zoo("fit", "--config", "sold.yaml", "--trainer.accelerator=cpu", "--trainer.max_epochs=1")
    assert "is in UTF-8 and read as cp1252: 'day,größe' becomes 'day,grÃ¶ÃŸe'" in outcome.out + outcome.err


def test_numbers_without_names_of_columns_are_named(zoo, folder):
    write(folder / "bare.csv", "1,2", [f"{k},{k % 7}" for k in range(99)])
    assert "bare.csv, line 1: '1,2' does not name 2 columns of numbers" in refused(zoo, "bare.csv")


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"x": np.cumsum(np.ones((200, 2)), 0)}, "A series to forecast: 200 rows"),
        ({"x": np.random.default_rng(0).normal(size=(3, 60, 1)).cumsum(1)}, "A series to forecast: 180 rows"),
        (
            {"x": np.random.default_rng(0).normal(size=(40, 9, 2)), "y": np.arange(40) % 2},
            "Series with a label each: 40 series",
        ),
        (
            {"x": np.random.default_rng(0).normal(size=(40, 9)), "y": np.array(["up", "down"] * 20)},
            "Series with a label each: 40 series",
        ),
        (
            {"x": np.random.default_rng(0).normal(size=(40, 9)), "y": np.arange(40) % 3},
            "3 labels",
        ),
    ],
    ids=["(T, D)", "(N, T, D)", "(N, T, D), classes", "(N, T), words", "(N, T), classes"],
)
def test_arrays_of_an_npz_file_are_series(zoo, folder, arrays, what):
    np.savez(folder / "some.npz", **arrays)
    assert what in initialised(zoo, "some.npz")
    fitted(zoo, "some.yaml")


def test_arrays_that_do_not_belong_together_are_named(zoo, folder):
    np.savez(folder / "some.npz", x=np.zeros((5, 4, 3)), y=np.zeros(7))
    assert "some.npz holds x (5, 4, 3), y (7,); expected columns (T,)" in refused(zoo, "some.npz")


def test_parquet_files_of_texts_and_of_series_are_read(zoo, folder):
    texts = [("a fine film it was", "good"), ("a dull film it is", "bad")] * 40
    columns = {"text": [one for one, _ in texts], "label": [two for _, two in texts]}
    parquet.write_table(pa.table(columns), folder / "films.parquet")
    assert "80 texts" in initialised(zoo, "films.parquet")
    fitted(zoo, "films.yaml")
    parquet.write_table(pa.table({"a": [k % 7 for k in range(99)]}), folder / "steps.parquet")
    assert "target: a" in initialised(zoo, "steps.parquet")
    fitted(zoo, "steps.yaml")


def test_short_texts_that_repeat_are_texts_if_they_are_called_so(zoo, folder):
    write(folder / "said.csv", "text,label", ["yes,agree", "no,differ", "yes yes,agree"] * 20)
    assert "60 texts" in initialised(zoo, "said.csv")
    fitted(zoo, "said.yaml")


def test_a_tag_that_only_test_data_has_is_said(zoo, folder):
    (folder / "tags").mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"tags/{split}.txt").write_text("the\tDET\ncat\tNOUN\n\n" * 20)
    with (folder / "tags/test.txt").open("a") as file:
        file.write("\nso\tADV\n")
    said = initialised(zoo, "tags")
    assert "For val: dev.txt." in said
    assert "For test: test.txt, line 62: tag 'ADV' is none of training, and not counted" in said


def test_a_label_that_only_test_data_has_is_named_before_training(zoo, folder):
    (folder / "films").mkdir()
    for split in ("train", "dev", "test"):
        rows = ["a fine film,good", "a dull film,bad"] * 20
        write(folder / f"films/{split}.csv", "text,label", rows)
    initialised(zoo, "films")
    with (folder / "films/test.csv").open("a") as file:
        file.write("a film,mixed\n")
    said = "films/test.csv, line 42: label 'mixed' does not occur in the training data"
    assert said in refused(zoo, "films", "--output=other.yaml")
    outcome = zoo("fit", "--config", "films.yaml", "--trainer.accelerator=cpu", "--trainer.max_epochs=1")
    assert outcome.code == 2
    assert said in outcome.err
    assert not list(folder.glob("runs/films/version_*/checkpoints/*.ckpt"))


@pytest.mark.parametrize("values", ["0,{:03}", "1,{:03}"])
def test_three_decimals_are_no_thousands(zoo, folder, values):
    write(folder / "rain.csv", "day;rain", [f"{d};{values.format(k)}" for k, d in enumerate(days(300))])
    initialised(zoo, "rain.csv")
    read = options(folder / "rain.yaml")
    assert read["decimal"] == ","
    assert "thousands" not in read


def test_numbers_between_commas_have_decimal_commas_where_thousands_begin_with_0(zoo, folder):
    write(folder / "rain.csv", "day,rain", [f'{d},"0,{k:03}"' for k, d in enumerate(days(300))])
    initialised(zoo, "rain.csv")
    assert options(folder / "rain.yaml")["decimal"] == ","
    write(folder / "steps.csv", "day,steps", [f'{d},"1,{k:03}"' for k, d in enumerate(days(300))])
    initialised(zoo, "steps.csv")
    assert options(folder / "steps.yaml")["thousands"] == ","


@pytest.mark.parametrize("gap", ["-", "none", "None", "NULL", "n/a", "?"])
@pytest.mark.parametrize(("separator", "value"), [(",", "1.5"), (";", "1,5")])
def test_what_init_takes_for_missing_is_missing_in_training(zoo, folder, gap, separator, value):
    rows = [f"{day}{separator}{gap if k < 33 else value}" for k, day in enumerate(days(300))]
    write(folder / "rain.csv", f"day{separator}rain", rows)
    assert "Missing values: 33 in 'rain'" in initialised(zoo, "rain.csv")
    data = Series(**options(folder / "rain.yaml"))
    data.setup("fit")
