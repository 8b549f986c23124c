"""The command `zoo`. This module imports nothing heavy, so that help and version come at once."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from zoo.cli.errors import UserError, debugging, fail, failure, is_mistake
from zoo.cli.verbs import known_verbs, summaries
from zoo.registry import nearest, printable

ALLOW = "--allow-import"
COMPLETES = "_ARGCOMPLETE"
"""What a shell sets that asks what may be typed."""
HELP = """\
usage: zoo COMMAND [options]

{verbs}

  zoo fit --config digits_bilstm_residual                     run a recipe
  zoo fit --config FILE --trainer.max_epochs 3                change a value of it
  zoo test --ckpt_path runs/NAME/version_0/checkpoints/...    test what a run has saved
  zoo report runs/NAME                                        a page about its newest version
  zoo list recipes                                            see what there is
  zoo COMMAND --help                                          all options of a command

options:
  --version               show the version
  --allow-import MODULE   import your own module, so that recipes may name its parts (repeatable;
                          also ZOO_ALLOW_IMPORT=MODULE,...)
  ZOO_DEBUG=1             show tracebacks
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: Arguments after the program's name; by default those of the process.

    Returns:
        The exit code: 0 done, 1 failed, 2 a mistake of the user, 130 or 143 interrupted.
    """
    _let_threads_sleep()
    try:
        if COMPLETES in os.environ:
            _complete()
        return _dispatch(list(sys.argv[1:] if argv is None else argv))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return 130


def _let_threads_sleep() -> None:
    """Has threads that wait for one another sleep, unless the user has said, or torch is there already.

    One that spins takes the processor that the other needs, wherever something else runs beside: then a step
    takes ten times as long.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _complete() -> NoReturn:
    from zoo.cli.completion import complete  # which no other command waits for

    complete()


def _dispatch(arguments: list[str]) -> int:
    allowed, arguments = _take_allowed(arguments)
    command = arguments[0] if arguments else "--help"
    if command in ("-h", "--help"):
        print(HELP.format(verbs=summaries()), end="")
        return 0
    if command == "--version":
        print(f"zoo {version('recurrent-zoo')}")
        return 0
    verb = known_verbs().get(command)
    if verb is None:
        _refuse(command)
    try:
        code: int = verb.load()().run(arguments[1:], allowed)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Who read has read enough, as `head` does; what is left goes nowhere, or Python would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debugging():
            raise
        text = failure(error)
        if text is not None:
            print(f"zoo: error: {printable(text)}", file=sys.stderr)
            return 1
        if not (isinstance(error, UserError) or is_mistake(error)):
            raise
        fail(str(error))


def _refuse(command: str) -> NoReturn:
    known = known_verbs()
    if command.startswith("-"):
        fail(f"the first argument is the command, got {command!r}; expected one of {', '.join(known)}")
    fail(f"unknown command {command!r}{nearest(command, known) or ';'} Known: {', '.join(known)}")


def _take_allowed(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The modules that `--allow-import` and the environment let in, and all other arguments."""
    allowed = [name for name in os.environ.get("ZOO_ALLOW_IMPORT", "").split(",") if name]
    others = []
    rest = iter(arguments)
    for argument in rest:
        if argument == ALLOW:
            allowed.append(next(rest, ""))
        elif argument.startswith(f"{ALLOW}="):
            allowed.append(argument.partition("=")[2])
        else:
            others.append(argument)
    for name in allowed:
        if not all(part.isidentifier() for part in name.split(".")):
            fail(f"{ALLOW} takes the name of a module, got {name!r}; expected one such as my_cells")
    return allowed, others
