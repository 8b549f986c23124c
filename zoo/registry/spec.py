"""Plain data that describes a part and builds it."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

from zoo.registry.checks import check_choice, check_finite, nearest

AnySpec = TypeVar("AnySpec", bound="Spec")


class Spec:
    """Base of the frozen dataclasses that describe a part in plain data and build it.

    Fields annotated bool, float or Literal are checked against their annotation.

    The plain form, `spec.plain()`, holds numbers, strings, booleans, lists and dicts only: it is what
    a checkpoint stores, so that loading one never needs more than `torch.load(weights_only=True)`.
    """

    key: ClassVar[str | None] = None
    """The registered name, for specs of registered parts."""

    def __post_init__(self) -> None:
        for name, annotation in _annotations(type(self)).items():  # type: ignore[arg-type]  # mypy on Hashable
            value = getattr(self, name)
            if annotation is bool and not isinstance(value, bool):
                raise ValueError(f"{name} is {value!r}; expected true or false")
            if annotation is float:
                check_finite(name, value)
            if get_origin(annotation) is Literal:
                check_choice(name, value, get_args(annotation))

    @classmethod
    def from_plain(cls: type[AnySpec], options: Mapping[str, Any]) -> AnySpec:
        """The spec with these values of its fields.

        Raises:
            ValueError: there is no such field.
        """
        known = [field.name for field in fields(cls)]  # type: ignore[arg-type]  # every spec is a dataclass
        for key in options:
            if key not in known:
                hint = nearest(key, known) or ";"
                what = cls.key or cls.__name__
                raise ValueError(f"{what} has no option {key!r}{hint} expected one of {', '.join(known)}")
        return cls(**options)

    def plain(self) -> dict[str, Any]:
        """This spec as plain data, with its registered name under "name"."""
        assert is_dataclass(self)
        values = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return values if self.key is None else {"name": self.key} | values


@cache
def _annotations(cls: type) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(cls).items() if get_origin(hint) is not ClassVar}


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.plain()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
