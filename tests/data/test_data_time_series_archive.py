"""Files of the UEA/UCR archive: `.ts` and ARFF, what they hold, and what is wrong with them."""

import re

import numpy as np
import pytest
import torch
from scipy.io import arff

from zoo.data.time_series_archive import TimeSeriesArchive

HEAD = "#said of it\n@problemName Toy\n@timeStamps false\n@univariate {one}\n@classLabel true a b\n@data\n"
RANDOM = np.random.default_rng(0)


def write(folder, head=HEAD, dimensions=2, count=20, name="Toy"):
    """Training and test files of series of 2 to 5 steps."""
    made = {}
    for part in ("TRAIN", "TEST"):
        made[part] = [RANDOM.standard_normal((2 + k % 4, dimensions)).round(3) for k in range(count)]
        lines = [
            ":".join([*(",".join(map(str, column)) for column in values.T), "ab"[k % 2]])
            for k, values in enumerate(made[part])
        ]
        text = head.format(one=str(dimensions == 1).lower()) + "\n".join(lines) + "\n"
        (folder / f"{name}_{part}.ts").write_text(text)
    return made


def test_series_of_unequal_lengths_in_several_dimensions(tmp_path):
    made = write(tmp_path)
    data = TimeSeriesArchive(tmp_path, batch_size=20)
    data.setup()
    assert data.sizes == {"input_size": 2, "num_classes": 2}
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [16, 4, 20]
    (batch,) = data.test_dataloader()
    own = batch["x"] * torch.tensor(data.scaling.spread) + torch.tensor(data.scaling.center)
    for k, values in enumerate(made["TEST"]):
        assert np.allclose(own[k, : len(values)], values, atol=1e-5)
        assert batch["lengths"][k] == len(values)
        assert not batch["x"][k, len(values) :].any()
    assert batch["y"].tolist() == [0, 1] * 10
    trained = np.concatenate([case.values for case in data.cases("train")])
    assert np.allclose(data.scaling.center, trained.mean(0))
    assert next(data.rows([{"label": "b"}])) == {"line": 7, "label": "b", "given_label": "a"}
    assert data.given([made["TEST"][3]])[0]["x"].shape == (5, 2)


def test_missing_values_are_filled_and_marked(tmp_path):
    write(tmp_path, dimensions=1)
    path = tmp_path / "Toy_TEST.ts"
    path.write_text(HEAD.format(one="true") + "?,1,NaN,3,?:a\n2:b\n")
    data = TimeSeriesArchive(path, masks=True, scale="none")
    assert data.sizes["input_size"] == 2
    assert data.dataset("test")[0]["x"].tolist() == [[0, 1], [1, 0], [1, 1], [3, 0]]


def test_numbers_are_scaled_and_said_in_their_own_units(tmp_path):
    for part in ("TRAIN", "TEST"):
        lines = "\n".join(f"1,2,3:{10.0 * k}" for k in range(10))
        (tmp_path / f"N_{part}.ts").write_text(f"@problemName N\n@targetlabel true\n@data\n{lines}\n")
    data = TimeSeriesArchive(tmp_path)
    assert data.sizes == {"input_size": 1, "output_size": 1}
    rows = data.rows([{"prediction": float(y)} for y in data.dataset("test").targets])
    assert [row["prediction"] for row in rows] == pytest.approx([10.0 * k for k in range(10)], abs=1e-4)


def test_arff_of_one_dimension_is_that_of_scipy(tmp_path):
    values = RANDOM.standard_normal((12, 5)).round(4)
    names = "".join(f"@attribute att{k} numeric\n" for k in range(5))
    rows = "\n".join(",".join([*map(str, row), str(k % 3)]) for k, row in enumerate(values))
    text = f"% said\n@relation Toy\n\n{names}@attribute target {{0,1,2}}\n\n@data\n{rows}\n"
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"Toy_{part}.arff").write_text(text)
    cases = TimeSeriesArchive(tmp_path).cases("test")
    other, _ = arff.loadarff(tmp_path / "Toy_TEST.arff")
    for case, row in zip(cases, other, strict=True):
        assert case.values[:, 0].tolist() == list(row)[:-1]
        assert case.label == row["target"].decode()


def test_arff_of_several_dimensions(tmp_path):
    text = (
        "@relation Toy\n@attribute bag relational\n@attribute t0 numeric\n@attribute t1 numeric\n@end bag\n"
        "@attribute class {Up,'Down it'}\n@data\n'1,2\\n3,4',Up\n'5,?\\n7,8','Down it'\n"
    )
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"Toy_{part}.arff").write_text(text)
    first, second = TimeSeriesArchive(tmp_path, val_fraction=0.0).cases("test")
    assert first.values.tolist() == [[1, 3], [2, 4]]
    assert second.label == "Down it"
    assert np.isnan(second.values[1, 0])


def test_what_was_learned_survives_a_checkpoint(tmp_path):
    write(tmp_path)
    data = TimeSeriesArchive(tmp_path)
    data.setup()
    torch.save(data.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    (tmp_path / "Toy_TRAIN.ts").unlink()
    other = TimeSeriesArchive(tmp_path)
    other.load_state_dict(state)
    assert other.sizes == data.sizes
    assert torch.equal(other.dataset("test")[3]["x"], data.dataset("test")[3]["x"])


LINE = "1,2,3:4,5,6:a\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD.replace("Stamps false", "Stamps true") + LINE, "line 3: series with time stamps are not read"),
        (HEAD + "1,2,x:4,5,6:a\n", "Toy_TRAIN.ts, line 7: value 3 is 'x', expected a number, or ?"),
        (HEAD + LINE + "1,2,3:a\n", "Toy_TRAIN.ts, line 8: 1 dimensions, and line 7 has 2"),
        (HEAD + "1,2,3\n", "Toy_TRAIN.ts, line 7: there is no colon"),
        (HEAD + "1,2,3:4,5,6:c\n", "line 7: label 'c' is none of those that the header names: a, b"),
        (HEAD + "1,2,3:4,5,6:?\n", "line 7: the label is missing"),
        (HEAD + "?,?:?,?:a\n", "line 7: the series has no finite values"),
        (HEAD, "Toy_TRAIN.ts has no series below @data"),
        (HEAD.replace("@data\n", "") + LINE, "Toy_TRAIN.ts has no line @data"),
        (HEAD.replace("@classLabel true a b\n", "") + LINE, "Toy_TRAIN.ts says @classLabel of no class"),
        (HEAD + "caf\xe9", "for utf-8; give the encoding of the file"),
    ],
)
def test_errors_name_the_line(tmp_path, content, message):
    (tmp_path / "Toy_TRAIN.ts").write_bytes(content.format(one="false").encode("latin-1"))
    with pytest.raises(ValueError, match=re.escape(message)):
        TimeSeriesArchive(tmp_path, val_fraction=0.0).setup()


def test_files_are_found_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no file called like NAME_TRAIN.ts .*such files: none"):
        TimeSeriesArchive(tmp_path).setup()
    write(tmp_path)
    write(tmp_path, name="Other")
    with pytest.raises(ValueError, match=r"has several data sets .*; give the name of one as name"):
        TimeSeriesArchive(tmp_path).setup()
    assert TimeSeriesArchive(tmp_path, name="Toy").path("TEST").name == "Toy_TEST.ts"
    assert TimeSeriesArchive(tmp_path / "Other_TRAIN.ts").path("TEST").name == "Other_TEST.ts"


def test_a_label_that_only_the_test_file_has_is_refused(tmp_path):
    write(tmp_path, HEAD.replace("a b", "a b c"))
    with (tmp_path / "Toy_TEST.ts").open("a") as file:
        file.write("1,2:3,4:c\n")
    with pytest.raises(
        ValueError, match=r"Toy_TEST.ts, line 27: label 'c' does not occur in the training data"
    ):
        TimeSeriesArchive(tmp_path).setup("test")
