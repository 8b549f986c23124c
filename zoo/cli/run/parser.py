"""Lightning's argument parser, for recipes that are plain data: types, defaults, errors in a sentence."""

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NoReturn, Union, final, get_args, get_origin

from jsonargparse import set_dumper, set_loader, set_parsing_settings
from lightning.pytorch.cli import LightningArgumentParser

from zoo.cells import CellSpec
from zoo.cli.errors import UserError, debugging, explained
from zoo.cli.recipes.allowlist import KINDS, class_of, spec_paths
from zoo.embedding import CharacterSpec
from zoo.model import ModelSpec
from zoo.registry import Spec
from zoo.seq2seq import DecoderSpec, SearchSpec
from zoo.stack import StackSpec
from zoo.switches import SwitchSpec
from zoo.tasks.optimisation import OPTIMIZERS, SCHEDULES, OptimizerSpec, ScheduleSpec
from zoo.tasks.scheduled_sampling import SamplingSpec
from zoo.wiring import WiringSpec

MODE = "zoo"


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

        As a mapping it would accept any key, and errors in a spec would go unnoticed. Of whole numbers and
        others the whole ones are tried first. jsonargparse has no public place to change the type of a
        parameter.
        """
        param.annotation, narrowed = _spec_only(_whole_first(param.annotation))
        if narrowed and is_dataclass(param.default):
            param.default = {
                field.name: getattr(param.default, field.name) for field in fields(param.default)
            }
        super()._add_signature_parameter(container, nested_key, param, *args, **kwargs)


def prepare(let_in: Sequence[str]) -> None:
    """Sets what jsonargparse keeps for the whole process; safe to call again.

    Args:
        let_in: The user's own modules, which recipes may import from.
    """
    set_loader(MODE, _read)
    set_dumper(MODE, json.dumps)
    set_parsing_settings(
        import_path_denylist=["*"],
        import_path_allowlist=[*importable(), *let_in],
        subclasses_enabled=[CellSpec, WiringSpec, SwitchSpec],
        docstring_parse_attribute_docstrings=True,
        config_read_mode_fsspec_enabled=False,
    )


def importable() -> list[str]:
    """The import paths that any recipe may lead to: classes one by one, never a package or a module.

    These are the registered parts, the specs, the classes of Lightning in `KINDS`, and the optimisers and
    schedules that tasks know, each also under the path where it is defined.
    """
    own = {path for kind in KINDS.values() for path in kind.own.values()} | spec_paths()
    public = {path for kind in KINDS.values() for path in kind.allowed.values()}
    classes = [vars(importlib.import_module(path.rpartition(".")[0]))[class_of(path)] for path in public]
    specs = (
        *(CharacterSpec, DecoderSpec, ModelSpec, OptimizerSpec),
        *(SamplingSpec, ScheduleSpec, SearchSpec, StackSpec),
    )
    makers = [*classes, *specs, *OPTIMIZERS.values(), *SCHEDULES.values()]
    shown = [f"zoo.{spec.__name__}" for spec in specs]
    shown += [f"torch.optim.{name}" for name in OPTIMIZERS]
    shown += [f"torch.optim.lr_scheduler.{name}" for name in SCHEDULES]
    return sorted({*own, *public, *shown, *(f"{cls.__module__}.{cls.__qualname__}" for cls in makers)})


def _read(text: str) -> Any:
    """What a text stands for: itself, for recipes are read elsewhere; or what jsonargparse wrote as JSON."""
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _spec_only(annotation: Any) -> tuple[Any, bool]:
    """The type without `Mapping`, where it is a union of a spec and a mapping; and whether it was one."""
    members = get_args(annotation)
    others = [member for member in members if not _is_mapping(member)]
    if len(others) == len(members) or not any(_is_spec(member) for member in others):
        return annotation, False
    return Union[tuple(others)], True  # noqa: UP007 (built at run time)


def _whole_first(annotation: Any) -> Any:
    """The type with int before float, where it is a union of both.

    Python gives equal unions for one another, so that the order depends on who has asked first; by the wrong
    one limit_val_batches 1, a batch, becomes 1.0, all of them.
    """
    members = get_args(annotation)
    if not {int, float} <= set(members) or members.index(int) < members.index(float):
        return annotation
    others = tuple(member for member in members if member is not int)
    return Union[(int, *others)]


def _is_mapping(member: Any) -> bool:
    origin = get_origin(member)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _is_spec(member: Any) -> bool:
    return isinstance(member, type) and issubclass(member, Spec)
