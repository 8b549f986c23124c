"""The IDX format of MNIST and its successors: a magic number, the sizes, then bytes."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

GZIP = b"\x1f\x8b"
UNSIGNED_BYTE = 8


def read_idx(path: Path, dimensions: int) -> UInt8[Tensor, "..."]:
    """Reads an IDX file of unsigned bytes, plain or compressed with gzip.

    Args:
        path: The file.
        dimensions: How many it must have: 3 for images, 1 for labels.

    Raises:
        ValueError: the file is not such a file, or its size is not what its header says.
    """
    content = _unzipped(path)
    magic = int.from_bytes(content[:4], "big")
    expected = UNSIGNED_BYTE << 8 | dimensions
    if len(content) < 4 or magic != expected:
        raise ValueError(
            f"{path}: magic number 0x{magic:08x}, expected 0x{expected:08x} "
            f"(an IDX file of unsigned bytes in {dimensions} dimension{'s' if dimensions > 1 else ''})"
        )
    header = 4 + 4 * dimensions
    shape = np.frombuffer(content[4:header].ljust(4 * dimensions, b"\0"), dtype=">u4").astype(int).tolist()
    size = math.prod(shape)
    if size == 0:
        raise ValueError(f"{path} has the shape {shape} in its header and holds nothing")
    if len(content) != header + size:
        raise ValueError(
            f"{path}: {len(content)} bytes, expected {header + size} for the shape {shape} in its header"
        )
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=header, count=size).view(shape)


def _unzipped(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: broken gzip file ({error}); fetch it again") from None
