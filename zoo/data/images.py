"""Images read as sequences: row by row, or pixel by pixel in raster order or in one fixed other order."""

import torch
from jaxtyping import UInt8
from torch import Tensor

from zoo.data.base import check_option
from zoo.data.orders import generator

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
    images: UInt8[Tensor, "N H W"], order: str, permutation: int | None
) -> UInt8[Tensor, "N T I"]:
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
