"""What ends a command becomes a sentence, not a traceback: a user's mistake, or what the machine refuses.

A mistake has exit code 2; memory, disk and processes that fail though nobody is mistaken have 1.
"""

import errno
import os
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, final

from zoo.registry import nearest, printable

MOST_LINES = 5
LONGEST_LINE = 1500
"""Characters of a line; what a file holds is not repeated without end."""
WORDS = {
    "NoneType": "null",
    "Sequence": "a list",
    "List": "a list",
    "Mapping": "a mapping",
    "Dict": "a mapping",
}
"""What types are called in a recipe."""
TRUSTED = ("zoo", "torch", "lightning", "pytorch_lightning")
"""Packages of which recipes name some classes, and which are nobody's to let in as a whole."""
PACKAGE = str(Path(__file__).parent.parent)

LIMITS = {
    r"Too many open files|received 0 items of ancdata": (
        "too many files are open; expected fewer workers (--data.num_workers) or a higher limit (ulimit -n)"
    ),
    r"can't start new thread|Resource temporarily unavailable": (
        "no further process or thread can be started; expected fewer workers (--data.num_workers) or a "
        "higher limit (ulimit -u)"
    ),
    r"gloo/transport|NCCL communicator was aborted": (
        "another process of this run has ended, as it says, or was killed; this one cannot go on alone"
    ),
}
"""What is said when the system refuses something -> what to tell the user."""
WORKER = r"DataLoader worker \(pid.*?\) (?:is killed by signal: (\w+)|exited unexpectedly)"


class UserError(Exception):
    """A mistake of the user, said in a sentence."""


class FailedError(Exception):
    """What has ended a command, said in a sentence; the user was not mistaken."""


@final
class WrongTypeError(UserError):
    """A value of the wrong type.

    Args:
        got: The value, as text.
        expected: The types that would have done, in words.
    """

    def __init__(self, got: str, expected: str) -> None:
        super().__init__(f"a value is {got!r}; expected {expected}")
        self.got, self.expected = got, expected


def fail(message: str) -> NoReturn:
    """Ends with a sentence on standard error and exit code 2."""
    given = [line.rstrip() for line in message.strip().split("\n") if line.strip()]
    lines = [printable(line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}...") for line in given]
    print("zoo: error: " + "\n  ".join(lines[:MOST_LINES]), file=sys.stderr)
    raise SystemExit(2)


def debugging() -> bool:
    """Whether the user asked for tracebacks."""
    return os.environ.get("ZOO_DEBUG", "") not in ("", "0")


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, down to the first."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def raised_in_zoo(error: BaseException) -> bool:
    """Whether the zoo's own code raised it, and not something that the zoo called."""
    trace = error.__traceback__
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename.startswith(PACKAGE)


def is_mistake(error: BaseException) -> bool:
    """Whether the zoo raised this error to tell the user something."""
    return isinstance(error, ValueError | LookupError | OSError) and raised_in_zoo(error)


def explained(error: BaseException) -> UserError:
    """What to tell the user: the zoo's own words where it raised the error, else the innermost ones."""
    links = [link for link in chain(error) if str(link)]
    own = [link for link in links if is_mistake(link) or isinstance(link, UserError)]
    if own:
        return UserError(str(own[0]))
    if not links:
        return UserError(type(error).__name__)
    wrong = _wrong_type([str(link) for link in links])
    return wrong if wrong is not None else UserError(_condensed([str(link) for link in links]))


def _wrong_type(messages: list[str]) -> WrongTypeError | None:
    """The value that is of none of the types that its place takes, if that is what is wrong."""
    last = messages[-1]
    got = re.findall(r"(?:Got|Given) value: (.*)", last)
    if not got or "Expected a" not in last:
        return None
    union = len(messages) > 1 and messages[-2].startswith("Does not validate")
    kinds = []
    for found in re.findall(r"Expected an? ([^\n]+?)(?:\. Got value|\n|$)", messages[-2] if union else last):
        choices = re.search(r"Literal\[(.*)\]", found)
        name = re.sub(r"<class '(?:[\w.]*\.)?(\w+)'>", r"\1", found).partition(" ")[0]
        kinds.append(f"one of {choices[1]}" if choices else WORDS.get(name, name))
    hint = nearest(got[0], re.findall(r"'([^']+)'", " ".join(kinds)))
    return WrongTypeError(got[0], " or ".join(dict.fromkeys(kinds)) + hint)


def _condensed(messages: list[str]) -> str:
    """The innermost message of jsonargparse, without the noise around what is wrong."""
    last = messages[-1]
    classes = [name for message in messages for name in re.findall(r"given class_path '([^']+)'", message)]
    part = f"{classes[-1].rpartition('.')[2]}: " if classes else ""
    denied = re.search(r"Importing '([^']+)' is not allowed", last)
    if denied is not None:
        package = denied[1].partition(".")[0]
        known = (*TRUSTED, *sys.stdlib_module_names)
        own = "" if package in known else f"; if it is yours, give --allow-import {package}"
        return (
            f"a recipe may not import {denied[1]!r}: it names parts of the zoo, Lightning and torch only{own}"
        )
    missing = re.search(r"the following arguments are required: (.+)", last)
    if missing is not None:
        return f"{part}{missing[1]} is required, and nothing gives it"
    refused = re.search(r"Option '([^']+)' is not accepted", last)
    if refused is not None:
        return f"{part}there is no option {refused[1]!r}"
    lines = [line.strip(" -") for line in last.splitlines()]
    noise = ("Given value", "Subtypes:", "Errors:", "Does not validate")
    return "\n".join(line for line in lines if line and not line.startswith(noise) and "NoneType" not in line)


def failure(error: BaseException) -> str | None:
    """What to tell the user of an error that the machine is to blame for; None for any other."""
    if isinstance(error, FailedError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
        return f"what is printed cannot be written: {error.strerror}"
    if isinstance(error, UserError) or is_mistake(error):
        return None
    text = ran_out(error) or lost_worker(error) or _limit(str(error))
    return of_disk(error) if text is None and isinstance(error, OSError) else text


def of_disk(error: OSError) -> str:
    """What the system has refused to do, and with which file."""
    if error.strerror is None:
        return str(error)
    return f"{error.strerror}: {error.filename}" if error.filename is not None else error.strerror


def ran_out(error: BaseException) -> str | None:
    """What to tell the user of an error that means there was too little memory; None for any other."""
    message = str(error)
    signs = ("allocate memory", "out of memory", "Storage size calculation overflowed", "Cannot allocate")
    if not isinstance(error, MemoryError) and not any(sign in message for sign in signs):
        return None
    asked = re.search(r"tried to allocate (\d+) bytes", message)
    size = f", for {int(asked[1]) / 1e9:,.1f} GB more" if asked else ""
    return f"there is not enough memory{size}; expected smaller sizes of batches, sequences or layers"


def lost_worker(error: BaseException) -> str | None:
    """What to tell the user of a worker that has died, or has hung up while its batch was fetched."""
    found = re.search(WORKER, str(error))
    if found is None and not (isinstance(error, (ConnectionError, EOFError)) and _is_of_workers(error)):
        return None
    how = f" (signal: {found[1]})" if found and found[1] else ""
    return (
        f"a worker process that loads data has died{how}, as it does where memory runs out; expected fewer "
        f"workers (--data.num_workers) or smaller batches"
    )


def _is_of_workers(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return any("/torch/multiprocessing/" in frame.filename.replace("\\", "/") for frame in frames)


def _limit(message: str) -> str | None:
    return next((text for sign, text in LIMITS.items() if re.search(sign, message)), None)
