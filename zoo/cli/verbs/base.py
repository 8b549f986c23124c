"""What a verb is, and the one way in which the zoo's own verbs read their arguments."""

import argparse
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, NoReturn, TypeVar, final

from zoo.cli.errors import UserError
from zoo.cli.recipes.allowlist import import_modules
from zoo.registry import nearest

AnyVerb = TypeVar("AnyVerb", bound="type[Verb]")


class Verb(ABC):
    """What `zoo NAME` does; the first line of its docstring says it in `zoo --help`."""

    name: ClassVar[str]
    takes_recipe: ClassVar[bool] = False
    """Whether it takes a recipe, and any option of it."""

    @abstractmethod
    def parser(self) -> "Arguments":
        """The parser of its own arguments, which a recipe's options are not among."""

    @abstractmethod
    def run(self, arguments: Sequence[str], allowed: Sequence[str]) -> int:
        """Does it.

        Args:
            arguments: What follows the verb on the command line.
            allowed: Modules of the user that are let in.

        Returns:
            The exit code.

        Raises:
            UserError: an argument is wrong.
        """


def register_verb(name: str) -> Callable[[AnyVerb], AnyVerb]:
    """Class decorator that names a verb; by it `known_verbs` finds the class without importing it."""

    def enter(verb: AnyVerb) -> AnyVerb:
        verb.name = name
        return verb

    return enter


class OwnVerb(Verb):
    """A verb with arguments of its own, rather than those of a recipe."""

    usage: ClassVar[str]
    """What follows the verb, in a line."""

    @abstractmethod
    def add_arguments(self, parser: "Arguments") -> None:
        """Says what there is; the parser's description and epilog are for `--help`."""

    @abstractmethod
    def act(self, given: argparse.Namespace) -> None:
        """Does it.

        Raises:
            UserError: an argument is wrong.
        """

    @final
    def parser(self) -> "Arguments":
        parser = Arguments(self.name, self.usage)
        self.add_arguments(parser)
        return parser

    @final
    def run(self, arguments: Sequence[str], allowed: Sequence[str]) -> int:
        given = self.parser().read(arguments)
        import_modules(allowed)
        self.act(given)
        return 0


@final
class Arguments(argparse.ArgumentParser):
    """Arguments of a verb; a mistake is an error in the zoo's words.

    Args:
        verb: The verb.
        usage: What follows it.
    """

    def __init__(self, verb: str, usage: str) -> None:
        super().__init__(
            prog=f"zoo {verb}",
            usage=f"zoo {verb} {usage}",
            allow_abbrev=False,
        )
        self.verb = verb

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The arguments by name; `--help` ends the command.

        Raises:
            UserError: there is no such option, or an argument is wrong.
        """
        known = re.findall(r"--[a-z][\w-]+", self.format_help())
        names = [argument.partition("=")[0] for argument in arguments]
        strange = [name for name in names if name.startswith("--") and name not in known]
        if strange:
            raise self._refusal(f"has no option {strange[0]!r}", nearest(strange[0], known))
        given, unknown = self.parse_known_intermixed_args(arguments)
        if unknown:
            raise self._refusal(f"takes no {unknown[0]!r}", nearest(unknown[0], known))
        return given

    def error(self, message: str) -> NoReturn:
        """Raises what is wrong as a `UserError`."""
        missing = re.search(r"the following arguments are required: (.*)", message)
        said = f"got no {missing[1]}" if missing else message
        raise self._refusal(re.sub("^argument (--[\\w-]+): ", r"\1: ", said))

    def _refusal(self, said: str, hint: str = "") -> UserError:
        return UserError(f"{self.verb} {said}{hint or ';'} {self.format_usage().strip()}")
