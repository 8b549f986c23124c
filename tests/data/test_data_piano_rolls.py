"""Piano rolls: formats, frames and their successors, errors that name the file and the piece."""

import numpy as np
import pytest
import torch
from scipy.io import savemat

from zoo.data.piano_rolls import PianoRolls

KEYS = 5


def rolls(seed, lengths=(7, 4, 9, 6)):
    generator = np.random.default_rng(seed)
    return [generator.integers(0, 2, (length, KEYS), dtype=np.uint8) for length in lengths]


def cells(pieces):
    found = np.empty((1, len(pieces)), dtype=object)
    found[0, :] = pieces
    return found


def matlab(path, train=None):
    parts = [train or rolls(0), rolls(1), rolls(2)]
    names = ("traindata", "validdata", "testdata")
    savemat(path, {name: cells(part) for name, part in zip(names, parts, strict=True)})
    return path


def numpy(path):
    parts = {"train": rolls(0), "valid": rolls(1), "test": rolls(2)}
    np.savez(path, **{f"{name}_{k}": roll for name, part in parts.items() for k, roll in enumerate(part)})
    return path


@pytest.mark.parametrize(("make", "name"), [(matlab, "JSB.mat"), (numpy, "jsb.npz")])
def test_each_frame_has_the_next_one_as_its_target(tmp_path, make, name):
    data = PianoRolls(make(tmp_path / name), batch_size=3)
    data.setup("fit")
    assert data.sizes == {"input_size": KEYS, "num_labels": KEYS}
    assert data.legend["labels"] == [21, 22, 23, 24, 25]
    pieces = [torch.from_numpy(roll).float() for roll in rolls(1)]
    seen = []
    for batch in data.val_dataloader():
        lengths = batch.get("lengths", torch.full((len(batch["x"]),), batch["x"].shape[1]))
        for x, y, length in zip(batch["x"], batch["y"], lengths.tolist(), strict=True):
            seen.append(torch.cat([x[:1], y[:length]]))
            assert torch.equal(x[1:length], y[: length - 1])
    assert all(torch.equal(one, other) for one, other in zip(seen, pieces, strict=True))


def test_ten_pieces_stay_in_their_order_and_equal_ones_may_be_one_array(tmp_path):
    pieces = rolls(0, (3,) * 12)
    arrays = {f"train_{k}": roll for k, roll in enumerate(pieces)}
    np.savez(tmp_path / "a.npz", valid=np.stack(pieces), test=np.stack(pieces), **arrays)
    data = PianoRolls(tmp_path)
    assert torch.equal(torch.stack(data.pieces("train")), torch.stack(data.pieces("test")))
    assert "lengths" not in next(iter(data.train_dataloader()))


def test_pieces_of_ones_own_and_what_identifies_a_prediction(tmp_path):
    data = PianoRolls(matlab(tmp_path / "a.mat"))
    batch = data.given([np.eye(KEYS), np.ones((2, KEYS))]).__getitems__([0, 1])
    assert batch["lengths"].tolist() == [5, 2]
    assert torch.equal(batch["x"][0], torch.eye(KEYS))
    assert list(data.rows([{"labels": [[21]]}])) == [{"piece": 0, "labels": [[21]]}]
    for wrong in (np.ones((2, 3)), np.full((2, KEYS), 2), np.ones(KEYS)):
        with pytest.raises(ValueError, match=r"expected \(T, 5\) of 0 and 1"):
            data.given([wrong])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pickle", b"cos\nsystem", "a.pickle is a pickle, which runs whatever is in it when it is read"),
        ("a.mid", b"MThd", "a.mid ends in '.mid'; expected piano rolls in a .mat or .npz file"),
        ("a.mat", b"not of matlab" * 20, "a.mat is no file of MATLAB 5 to 7.2"),
        ("a.npz", b"not of numpy", "a.npz has arrays of objects, which are pickles, or is no .npz file"),
    ],
)
def test_files_of_another_format(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        PianoRolls(tmp_path / name).setup()


def test_contents_that_are_no_piano_rolls(tmp_path):
    path = tmp_path / "a.mat"
    wrong = rolls(0)
    wrong[2][3, 1] = 7
    matlab(path, wrong)
    with pytest.raises(ValueError, match=r"traindata\{3\}: frame 3, key 1 is 7; expected 0 or 1"):
        PianoRolls(path).setup()
    matlab(path, [np.ones((4, 3)), np.ones((4, KEYS))])
    with pytest.raises(ValueError, match=r"pieces have \[3, 5\] keys"):
        PianoRolls(path).setup()
    matlab(path, [np.ones((1, KEYS))] * 2)
    with pytest.raises(ValueError, match=r"traindata\{1\}: .* expected 2 or more|expected at least 2"):
        PianoRolls(path).setup()
    savemat(path, {"traindata": np.ones((2, 2)), "x": 1})
    with pytest.raises(ValueError, match="has no validdata, but traindata, x; expected traindata, validdata"):
        PianoRolls(path).setup()
    np.savez(tmp_path / "b.npz", train=np.ones((1, 4, 2)), dev=np.ones((1, 4, 2)))
    with pytest.raises(ValueError, match="no array for test, but train, dev; expected test of shape"):
        PianoRolls(tmp_path / "b.npz").setup()
    np.savez(tmp_path / "b.npz", train=cells(rolls(0)))
    with pytest.raises(ValueError, match="has arrays of objects, which are pickles"):
        PianoRolls(tmp_path / "b.npz").setup()
    with pytest.raises(ValueError, match=r"has 2 files of piano rolls \(a.mat, b.npz\)"):
        PianoRolls(tmp_path).setup()
    with pytest.raises(FileNotFoundError, match=r"there is no c.npz"):
        PianoRolls(tmp_path / "c.npz").setup()
    with pytest.raises(ValueError, match="no data is named"):
        PianoRolls()
