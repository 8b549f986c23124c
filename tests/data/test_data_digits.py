"""The scanned digits: splits, orders, permutation."""

import pytest
import torch

from zoo.data.batches.images import as_sequences
from zoo.data.batches.splits import stratified_split
from zoo.data.digits import Digits


def everything(data, split):
    dataset = data.dataset(split)
    return dataset.__getitems__(range(len(dataset)))


def test_splits_are_70_15_15_disjoint_and_complete():
    data = Digits()
    splits = [everything(data, split)["x"].flatten(1) for split in ("train", "val", "test")]
    assert [len(split) for split in splits] == [1257, 270, 270]
    assert len(torch.cat(splits).unique(dim=0)) == 1797


def test_splits_have_the_same_mixture_of_digits():
    data = Digits(seed=5)
    shares = [everything(data, split)["y"].bincount() / len(data.dataset(split)) for split in ("val", "test")]
    whole = everything(data, "train")["y"].bincount() / 1257
    assert all((share - whole).abs().max() < 0.005 for share in shares)


def test_split_depends_on_the_seed_only():
    first, again, other = (everything(Digits(seed=seed), "test")["x"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_rows_and_pixels_are_the_same_images():
    rows, pixels = (everything(Digits(order=order), "val") for order in ("rows", "pixels"))
    assert rows["x"].shape == (270, 8, 8)
    assert torch.equal(rows["x"].reshape(270, 64, 1), pixels["x"])
    assert (rows["x"].min(), rows["x"].max()) == (0, 1)
    assert Digits().sizes == {"input_size": 8, "num_classes": 10}
    assert Digits(order="pixels").sizes == {"input_size": 1, "num_classes": 10}


def test_permutation_is_one_for_all_images_and_splits():
    places = as_sequences(torch.arange(64, dtype=torch.uint8).view(1, 8, 8), "pixels", 3).flatten().long()
    assert sorted(places.tolist()) == list(range(64)) != places.tolist()
    plain, shuffled = Digits(order="pixels"), Digits(order="pixels", permutation=3)
    for split in ("train", "val", "test"):
        assert torch.equal(everything(plain, split)["x"][:, places], everything(shuffled, split)["x"])


@pytest.mark.parametrize(("order", "steps", "width"), [("rows", 8, 8), ("pixels", 64, 1)])
def test_positions_stand_beside_the_pixels_for_trained_models_too(order, steps, width):
    data, plain = Digits(order=order, positions=True), Digits(order=order)
    x = everything(data, "val")["x"]
    assert data.sizes["input_size"] == width + steps == x.shape[-1]
    assert torch.equal(x[..., :width], everything(plain, "val")["x"])
    assert torch.equal(x[..., width:], torch.eye(steps).expand(len(x), -1, -1))
    image = torch.arange(64.0).view(8, 8) / 4
    given = data.given([image])[0]["x"]
    assert torch.equal(given[:, :width].flatten(), image.flatten() / 16)
    assert torch.equal(given[:, width:], torch.eye(steps))


def test_permutation_does_not_depend_on_the_seed_of_the_split():
    data = Digits(order="pixels", permutation=3, seed=0), Digits(order="pixels", permutation=3, seed=1)
    blank = [everything(one, "train")["x"][..., 0].std(dim=0) == 0 for one in data]
    assert torch.equal(*blank)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": "row"}, "order must be one of 'rows', 'pixels', got 'row'; did you mean 'rows'?"),
        ({"permutation": 1}, "needs order 'pixels', got permutation 1 and order 'rows'"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"seed": -1}, "must not be negative, got -1"),
        ({"val_fraction": 0.6, "test_fraction": 0.4}, "add up to less than 1, got 0.6 and 0.4"),
        ({"test_fraction": 0.0}, "must be positive and add up to less than 1, got 0.15 and 0.0"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(arguments, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        Digits(**arguments)


def test_rare_labels_stay_in_the_training_part():
    labels = torch.tensor([0] * 50 + [1] * 50 + [2])
    parts = stratified_split(labels, 0.1, 0.1, by=0)
    assert 100 in parts["train"]
    assert sorted(torch.cat([*parts.values()]).tolist()) == list(range(101))


def test_too_few_items_to_divide():
    with pytest.raises(ValueError, match="2 items are too few"):
        stratified_split(torch.tensor([0, 1]), 0.1, 0.1, by=0)
