"""Images read as sequences: row by row, or pixel by pixel in raster order or in one fixed other order."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor

from zoo.data.base import check_option
from zoo.data.batches.datasets import TensorSequences
from zoo.data.batches.given import finite_tensor
from zoo.data.batches.orders import generator

ORDERS = ("rows", "pixels")


def check_reading(order: str, permutation: int | None) -> None:
    """Refuses a way of reading images that does not exist.

    Raises:
        ValueError: `order` is unknown, or a permutation is given for rows or is negative.
    """
    check_option("order", order, ORDERS)
    if permutation is not None and (order != "pixels" or permutation < 0):
        raise ValueError(
            f"permutation is a seed of at least 0 and shuffles pixels: it needs order 'pixels', "
            f"got permutation {permutation} and order {order!r}"
        )


def as_sequences(
    images: Shaped[Tensor, "N H W"], order: str, permutation: int | None
) -> Shaped[Tensor, "N T I"]:
    """Reads images as sequences.

    Args:
        images: One image per item.
        order: "rows" gives T = H steps of I = W pixels, "pixels" gives T = H * W steps of one pixel.
        permutation: Seed of one shuffle of the pixels that is the same for all images; None is raster order.
    """
    if order == "rows":
        return images
    pixels = images.flatten(1)
    if permutation is not None:
        pixels = pixels[:, torch.randperm(pixels.shape[1], generator=generator(permutation, "pixels"))]
    return pixels[..., None]


def with_positions(sequences: Shaped[Tensor, "N T I"], white: int) -> Shaped[Tensor, "N T I_plus_T"]:
    """Sequences with the number of each step beside it: `white` at its place among T, and 0 elsewhere."""
    places = (torch.eye(sequences.shape[1]) * white).to(sequences.dtype)
    return torch.cat([sequences, places.expand(len(sequences), -1, -1)], dim=-1)


def given_images(
    items: Sequence[Any], shape: tuple[int, int] | None, white: int, order: str, permutation: int | None
) -> TensorSequences:
    """Images of pixels from 0 to `white`, read as those that a model was trained on.

    Args:
        items: An array (H, W) for each.
        shape: H and W; None where the first image says it.
        white: The pixel value that becomes 1.
        order: Rows or pixels.
        permutation: Seed of the shuffle of pixels, if they are shuffled.

    Raises:
        ValueError: one has another shape, or pixels outside of that range.
    """
    images = []
    for number, item in enumerate(items):
        image = finite_tensor(item, number)
        shape = shape or (image.shape[0], image.shape[-1])
        if image.shape != shape or not 0 <= image.min() <= image.max() <= white:
            raise ValueError(
                f"item {number} has the shape {tuple(image.shape)} and values from {image.min():g} to "
                f"{image.max():g}; expected an image of {shape[0]} x {shape[1]} pixels from 0 to {white}"
            )
        images.append(image)
    return TensorSequences({"x": as_sequences(torch.stack(images), order, permutation) / white})
