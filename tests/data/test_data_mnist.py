"""IDX files: reading, orders, and errors that name the file."""

import gzip
import struct

import pytest
import torch

from zoo.data.mnist_sequence import MNISTSequence

IMAGES, LABELS = "{}-images-idx3-ubyte", "{}-labels-idx1-ubyte"


def write_idx(path, tensor, compress=False):
    header = struct.pack(f">HBB{tensor.ndim}I", 0, 8, tensor.ndim, *tensor.shape)
    content = header + tensor.to(torch.uint8).numpy().tobytes()
    path.write_bytes(gzip.compress(content) if compress else content)


@pytest.fixture
def root(tmp_path):
    random = torch.Generator().manual_seed(0)
    for part, size, compress in (("train", 30, True), ("t10k", 7, False)):
        suffix = ".gz" if compress else ""
        images = torch.randint(256, (size, 4, 3), generator=random)
        write_idx(tmp_path / (IMAGES.format(part) + suffix), images, compress)
        write_idx(tmp_path / (LABELS.format(part) + suffix), torch.arange(size) % 10, compress)
    return tmp_path


def test_validation_images_are_the_last_training_images(root):
    data = MNISTSequence(root, val_size=10)
    data.setup()
    val = data.dataset("val").__getitems__(range(10))
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [20, 10, 7]
    assert val["y"].tolist() == list(range(10))
    assert val["x"].shape == (10, 4, 3)
    assert 0 <= val["x"].min() < val["x"].max() <= 1
    assert data.sizes == {"input_size": 3, "num_classes": 10}


def test_every_image_is_in_one_split(root):
    data = MNISTSequence(root, val_size=10)
    splits = [data.dataset(split) for split in ("train", "val", "test")]
    train, val, test = (split.__getitems__(range(len(split)))["x"].mul(255).byte() for split in splits)
    for part, images in (("train", torch.cat([train, val])), ("t10k", test)):
        path = root / f"{IMAGES.format(part)}{'.gz' if part == 'train' else ''}"
        content = gzip.decompress(path.read_bytes()) if part == "train" else path.read_bytes()
        assert images.numpy().tobytes() == content[16:]


def test_pixels_and_permutation(root):
    rows, pixels, shuffled, again = (
        MNISTSequence(root, val_size=10, order=order, permutation=permutation)
        .dataset("test")
        .__getitems__([0, 1])
        for order, permutation in (("rows", None), ("pixels", None), ("pixels", 1), ("pixels", 1))
    )
    assert torch.equal(rows["x"].reshape(2, 12, 1), pixels["x"])
    assert not torch.equal(pixels["x"], shuffled["x"])
    assert torch.equal(shuffled["x"], again["x"])
    assert torch.equal(pixels["x"].sort(dim=1).values, shuffled["x"].sort(dim=1).values)


def test_sizes_need_setup(root):
    with pytest.raises(ValueError, match=r"only after setup\(\)"):
        _ = MNISTSequence(root).sizes


def refused(root, message, error=ValueError, **arguments):
    with pytest.raises(error, match=message):
        MNISTSequence(root, **{"val_size": 10, **arguments}).setup("test")


def test_missing_file_is_named(root):
    (root / LABELS.format("t10k")).unlink()
    refused(root, r"there is no t10k-labels-idx1-ubyte \(or t10k-labels-idx1-ubyte.gz\)", FileNotFoundError)
    refused(root / "nowhere", "nowhere, which is not a folder", FileNotFoundError)


def test_images_in_place_of_labels_are_recognised(root):
    write_idx(root / LABELS.format("t10k"), torch.zeros(7, 2, 2))
    refused(root, "t10k-labels-idx1-ubyte: magic number 0x00000803, expected 0x00000801")


def test_a_file_cut_short_is_recognised(root):
    path = root / IMAGES.format("t10k")
    path.write_bytes(path.read_bytes()[:-5])
    refused(root, r"t10k-images-idx3-ubyte: 95 bytes, expected 100 for the shape \[7, 4, 3\]")
    path.write_bytes(b"\0")
    refused(root, "magic number 0x00000000, expected 0x00000803")
    path.write_bytes(bytes([0, 0, 8, 3, 0, 0]))
    refused(root, "t10k-images-idx3-ubyte has the shape .* and holds nothing")


def test_a_broken_gzip_file_is_recognised(root):
    compressed = gzip.compress(bytes(1000))
    (root / f"{IMAGES.format('t10k')}.gz").write_bytes(compressed[:-10])
    refused(root, "t10k-images-idx3-ubyte.gz: broken gzip file")


def test_images_and_labels_must_belong_together(root):
    write_idx(root / LABELS.format("t10k"), torch.zeros(6))
    refused(root, "t10k-images-idx3-ubyte has 7 images, .*t10k-labels-idx1-ubyte 6 labels")


def test_labels_and_validation_size_must_fit(root):
    refused(root, "label 6, expected less than num_classes = 5", num_classes=5)
    refused(root, r"in 3 of 7 images \(4, 5, 6\); give num_classes: 7", num_classes=4)
    refused(root, "in 1 of 7 images; give num_classes: 7", num_classes=6)
    with pytest.raises(ValueError, match="val_size must be at least 1, got 0"):
        MNISTSequence(root, val_size=0)
    with pytest.raises(ValueError, match=r"30 training images leave none .* val_size = 30"):
        MNISTSequence(root, val_size=30).setup("fit")


def test_training_and_test_images_must_be_of_one_size(root):
    write_idx(root / IMAGES.format("t10k"), torch.zeros(7, 3, 4))
    data = MNISTSequence(root, val_size=10)
    data.setup("fit")
    with pytest.raises(ValueError, match="images are 3 steps of 4 pixels, and those of the train files 4 "):
        data.setup("test")
