"""The argument parser of the zoo: recipes read strictly, names understood, errors in a sentence."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, NoReturn, Union, final, get_args, get_origin

import yaml
from jsonargparse import set_loader, set_parsing_settings
from lightning.pytorch.cli import LightningArgumentParser

from zoo.cells import CellSpec
from zoo.cli.errors import UserError, debugging, explained
from zoo.cli.names import translate
from zoo.cli.recipes import load
from zoo.registry import Spec
from zoo.wiring import WiringSpec

MODE = "zoo"
MAY_IMPORT = ["zoo", "torch.optim", "torch.nn", "lightning.pytorch", "torchmetrics"]
"""What a recipe may name; a user's own package is let in on the command line."""


@final
class Parser(LightningArgumentParser):
    """Lightning's parser with short errors."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raises the error in a sentence, without the page of usage."""
        if not self.exit_on_error or debugging():  # inner parsers need the exception, and so does who debugs
            super().error(message, ex)
        raise UserError(message) if ex is None else explained(ex)

    def _add_signature_parameter(
        self, container: Any, nested_key: str | None, param: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Adds a parameter; one that takes a spec or its plain form is, in a recipe, a spec.

        As a mapping it would accept any key, and errors in a spec would go unnoticed. jsonargparse has no
        public place to change the type of a parameter.
        """
        param.annotation, narrowed = _spec_only(param.annotation)
        if narrowed and is_dataclass(param.default):
            param.default = {
                field.name: getattr(param.default, field.name) for field in fields(param.default)
            }
        super()._add_signature_parameter(container, nested_key, param, *args, **kwargs)


def prepare() -> None:
    """Sets what jsonargparse keeps for the whole process; safe to call again."""
    set_loader(MODE, _read, exceptions=(yaml.YAMLError,))
    set_parsing_settings(
        import_path_denylist=["*"],
        import_path_allowlist=MAY_IMPORT,
        subclasses_enabled=[CellSpec, WiringSpec],
        docstring_parse_attribute_docstrings=True,
        config_read_mode_fsspec_enabled=False,
    )


def _read(text: str) -> Any:
    """A recipe or a value of the command line."""
    value = load(text)
    return translate(value) if isinstance(value, dict) else value


def _spec_only(annotation: Any) -> tuple[Any, bool]:
    """The type without `Mapping`, where it is a union of a spec and a mapping; and whether it was one."""
    members = get_args(annotation)
    others = [member for member in members if not _is_mapping(member)]
    if len(others) == len(members) or not any(_is_spec(member) for member in others):
        return annotation, False
    return Union[tuple(others)], True  # noqa: UP007 (built at run time)


def _is_mapping(member: Any) -> bool:
    origin = get_origin(member)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _is_spec(member: Any) -> bool:
    return isinstance(member, type) and issubclass(member, Spec)
