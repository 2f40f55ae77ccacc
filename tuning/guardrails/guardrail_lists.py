"""The lists of a guardrail's file: denied topics, words and patterns.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateGuardrail.html has the limits that name no page.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, get_args

from tuning.guardrails.guardrail import (
    DIRECTIONS,
    ActionBothWays,
    DeniedTopic,
    PersonalAction,
    PersonalPattern,
)
from tuning.toml_files import refuse_unknown_keys

RefuseKey = Callable[[str, str], NoReturn]
_TOPICS = "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-denied-topics.html"
_WORDS = "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-word-filters.html"
_PATTERNS = "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html"
_MOST_TOPICS, _MAX_TOPIC_NAME, _MAX_DEFINITION = 30, 100, 200
_MOST_EXAMPLES, _MAX_EXAMPLE = 5, 100
_MOST_WORDS, _MAX_WORD, _WORDS_OF_ONE = 10_000, 100, 3
_MOST_PATTERNS, _MAX_PATTERN_NAME, _MAX_PATTERN, _MAX_PATTERN_DESCRIPTION = 30, 100, 500, 1000
_TOPIC_NAME = re.compile(r"[0-9a-zA-Z\-_ !?.]+")
_AROUND = re.compile(r"(?<!\\)\(\?<?[=!]")


def read_topics(raw: object, refuse: RefuseKey) -> tuple[DeniedTopic, ...]:
    tables = _tables(raw, "topics", _MOST_TOPICS, refuse)
    found = []
    for number, table in enumerate(tables, 1):
        at = f"topics[{number}]"
        refuse_unknown_keys(
            table, ("name", "definition", "examples", "directions"), f"{at}.", refuse
        )
        _needed(table, "name", _MAX_TOPIC_NAME, at, refuse)
        if not _TOPIC_NAME.fullmatch(table["name"]):
            refuse(
                f"{at}.name = {table['name']!r}",
                "must be letters without accents, digits, spaces and - _ ! ? . only",
            )
        _needed(table, "definition", _MAX_DEFINITION, at, refuse)
        examples = table.get("examples", [])
        fits = isinstance(examples, list) and len(examples) <= _MOST_EXAMPLES
        if not fits or not all(_is_text(each, _MAX_EXAMPLE) for each in examples):
            refuse(
                f"{at}.examples",
                f"must be up to {_MOST_EXAMPLES} texts of 1 to {_MAX_EXAMPLE} characters; see {_TOPICS}",
            )
        directions = table.get("directions", list(DIRECTIONS))
        if not isinstance(directions, list) or not directions or set(directions) - set(DIRECTIONS):
            refuse(
                f"{at}.directions = {directions!r}", 'must be a list of "input", "output" or both'
            )
        given = {"examples": tuple(examples), "directions": tuple(directions)}
        found.append(DeniedTopic(**{**table, **given}))
    _once([each.name for each in found], "topics", refuse)
    return tuple(found)


def read_words(raw: Mapping[str, Any], refuse: RefuseKey) -> tuple[tuple[str, ...], bool]:
    """The words, and whether Bedrock's own list of profanity is beside them."""
    refuse_unknown_keys(raw, ("blocked", "profanity"), "words.", refuse)
    words, profanity = raw.get("blocked", []), raw.get("profanity", False)
    if not isinstance(profanity, bool):
        refuse(f"words.profanity = {profanity!r}", "must be true or false")
    if not isinstance(words, list) or len(words) > _MOST_WORDS:
        refuse("words.blocked", f"must be a list of up to {_MOST_WORDS:,} texts; see {_WORDS}")
    for word in words:
        if not _is_text(word, _MAX_WORD) or len(word.split()) > _WORDS_OF_ONE:
            refuse(
                f"words.blocked: {word!r}",
                f"must be text of up to {_WORDS_OF_ONE} words and {_MAX_WORD} characters; see {_WORDS}",
            )
    _once(words, "words.blocked", refuse)
    return tuple(words), profanity


def read_patterns(raw: object, refuse: RefuseKey) -> tuple[PersonalPattern, ...]:
    found = []
    for number, table in enumerate(_tables(raw, "patterns", _MOST_PATTERNS, refuse), 1):
        at = f"patterns[{number}]"
        refuse_unknown_keys(
            table, ("name", "description", "pattern", *DIRECTIONS), f"{at}.", refuse
        )
        _needed(table, "name", _MAX_PATTERN_NAME, at, refuse)
        _needed(table, "pattern", _MAX_PATTERN, at, refuse)
        if "description" in table:
            _needed(table, "description", _MAX_PATTERN_DESCRIPTION, at, refuse)
        _expression(table["pattern"], at, refuse)
        for direction in DIRECTIONS:
            if table.get(direction) not in get_args(PersonalAction):
                refuse(
                    f"{at}.{direction} = {table.get(direction)!r}",
                    f"must be one of {', '.join(get_args(PersonalAction))}",
                )
        rest = {key: value for key, value in table.items() if key not in DIRECTIONS}
        actions = ActionBothWays(input=table["input"], output=table["output"])
        found.append(PersonalPattern(**rest, actions=actions))
    _once([each.name for each in found], "patterns", refuse)
    return tuple(found)


def _expression(pattern: str, at: str, refuse: RefuseKey) -> None:
    if _AROUND.search(pattern):
        refuse(
            f"{at}.pattern",
            f"looks around its match; that Bedrock takes it is not confirmed; see {_PATTERNS}",
        )
    try:
        empty = re.compile(pattern).search("")
    except re.error as error:
        refuse(f"{at}.pattern = {pattern!r}", f"is not a regular expression: {error}")
    if empty:
        refuse(f"{at}.pattern = {pattern!r}", "matches an empty text, so it would match everywhere")


def _tables(raw: object, key: str, most: int, refuse: RefuseKey) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        refuse(key, f"must be tables, each begun by [[{key}]]")
    if len(raw) > most:
        refuse(key, f"{len(raw)} of them; Bedrock takes {most}")
    return raw


def _needed(table: Mapping[str, Any], key: str, longest: int, at: str, refuse: RefuseKey) -> None:
    if not _is_text(table.get(key), longest):
        refuse(f"{at}.{key}", f"must be text of 1 to {longest} characters")


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest


def _once(names: Sequence[str], key: str, refuse: RefuseKey) -> None:
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        refuse(key, f"named more than once: {', '.join(twice)}")
