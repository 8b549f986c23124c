"""Models in folders: weights and a card that says in registered names what they are of."""

from zoo.pretrained.folder import CARD, WEIGHTS, Handed, is_handed, read_folder, write_folder
from zoo.pretrained.module import Pretrained

__all__ = ["CARD", "WEIGHTS", "Handed", "Pretrained", "is_handed", "read_folder", "write_folder"]
