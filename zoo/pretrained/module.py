"""What modules have that are saved into a folder, and made from one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import nn

from zoo.pretrained.folder import Handed, fill, read_folder, write_folder
from zoo.pretrained.hub import local


class Pretrained(nn.Module, ABC):
    """A module that knows what it is made of in plain data."""

    kept_as: ClassVar[str]
    """What a card calls it."""

    @abstractmethod
    def made_of(self) -> dict[str, Any]:
        """What `from_plain` makes it of again, but for its weights: plain data."""

    @classmethod
    @abstractmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The module, with weights as they start."""

    def cards(self) -> dict[str, Any]:
        """What a card says of it and of the parts that can be taken out of it."""
        return {self.kept_as: self.made_of()}

    def save_pretrained(self, folder: str | Path, *, licence: str = "unknown", replace: bool = False) -> None:
        """Writes weights and a card into a folder, whole or not at all.

        Args:
            folder: The folder, which must not be there.
            licence: Of the weights, by its SPDX identifier.
            replace: Whether it takes the place of an earlier one.

        Raises:
            ValueError: the folder is there, or safetensors is not installed.
            OSError: it cannot be written.
        """
        card = {"kind": self.kept_as, **self.cards(), "licence": licence}
        write_folder(Path(folder), Handed(card=card, weights=self.state_dict()), replace)

    @classmethod
    def from_pretrained(cls, source: str | Path, *, revision: str | None = None) -> Self:
        """The module with its weights, in the mode for evaluation.

        Args:
            source: A folder that `save_pretrained` or `zoo export` has written, also of something that this
                is a part of; or the name of a repository on the Hugging Face hub, "user/name".
            revision: Of the repository: a branch, a tag or a commit.

        Raises:
            ValueError: there is none, or it is damaged or of something else.
        """
        plain, weights = read_folder(local(source, revision)).part(cls.kept_as)
        try:
            module = cls.from_plain(plain)
        except (TypeError, KeyError) as error:
            raise ValueError(f"no {cls.kept_as} can be made of the card: {error}") from error
        fill(module, weights)
        return module.eval()
