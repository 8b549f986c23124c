"""A small grammar of English sentences up to their main verb."""

import random
from collections.abc import Sequence

NOUNS = (
    ("author", "authors"),
    ("boy", "boys"),
    ("cabinet", "cabinets"),
    ("critic", "critics"),
    ("doctor", "doctors"),
    ("farmer", "farmers"),
    ("girl", "girls"),
    ("guard", "guards"),
    ("key", "keys"),
    ("lawyer", "lawyers"),
    ("minister", "ministers"),
    ("picture", "pictures"),
    ("senator", "senators"),
    ("student", "students"),
    ("teacher", "teachers"),
    ("writer", "writers"),
)
VERBS = (
    ("admires", "admire"),
    ("follows", "follow"),
    ("knows", "know"),
    ("likes", "like"),
    ("mentions", "mention"),
    ("praises", "praise"),
    ("remembers", "remember"),
    ("sees", "see"),
)
"""Forms for one and for many: the third person."""
PREPOSITIONS = ("behind", "beside", "from", "near", "of", "with")
ADJECTIVES = ("clever", "famous", "local", "new", "old", "young")
ARTICLE, RELATIVE, COMMA = "the", "that", ","
PADDING = "<pad>"
WORDS = (
    PADDING,
    *(COMMA, ARTICLE, RELATIVE, *PREPOSITIONS, *ADJECTIVES),
    *(form for word in (*NOUNS, *VERBS) for form in word),
)
NUMBERS = ("singular", "plural")


def sentence(rng: random.Random, plural: bool, between: Sequence[bool]) -> list[str]:
    """The words of a sentence before one of its verbs, that of the sentence or of a relative clause.

    Grammar::

        S         = Opening Noun(subject) Modifier* (the verb of that subject)
        Opening   = (nothing) | preposition Noun "," | Noun [Modifier] "that"
        Modifier  = preposition Noun | "that" Verb(noun before) Noun | "that" Noun Modifier* Verb(that noun)
        Noun      = "the" [adjective] noun

    A clause that begins with a verb modifies a noun that stands right before it.

    Args:
        rng: Draws what the grammar leaves open.
        plural: Whether the subject is.
        between: For each noun between subject and verb, whether it is plural.
    """
    words: list[str] = []
    opening, number = rng.randrange(3), rng.random() < 0.5
    if opening == 1:
        words += [rng.choice(PREPOSITIONS), *_noun(rng, number), COMMA]
    if opening == 2:
        further = [rng.random() < 0.5] * rng.randrange(2)
        words += [*_noun(rng, number), *_modifiers(rng, number, further), RELATIVE]
    return [*words, *_noun(rng, plural), *_modifiers(rng, plural, between)]


def _modifiers(rng: random.Random, before: bool, numbers: Sequence[bool]) -> list[str]:
    """What stands behind a noun, with nouns of these numbers."""
    words: list[str] = []
    after_noun = True
    while numbers:
        number, numbers = numbers[0], numbers[1:]
        noun, kind = _noun(rng, number), rng.choice("pso" if after_noun else "po")
        if kind == "p":
            words += [rng.choice(PREPOSITIONS), *noun]
        elif kind == "s":
            words += [RELATIVE, rng.choice(VERBS)[before], *noun]
        else:
            inside = rng.randrange(len(numbers) + 1)
            within, numbers = _modifiers(rng, number, numbers[:inside]), numbers[inside:]
            words += [RELATIVE, *noun, *within, rng.choice(VERBS)[number]]
        before, after_noun = number, kind != "o"
    return words


def _noun(rng: random.Random, plural: bool) -> list[str]:
    adjective = [rng.choice(ADJECTIVES)] if rng.random() < 1 / 3 else []
    return [ARTICLE, *adjective, rng.choice(NOUNS)[plural]]
