"""How complex an event pattern is, as EventBridge counts it: the port of event-ruler's measure.

The complexity of a field's wildcards is the largest number of their prefixes that one value can match
at once: `a/*/x.b` and `a/*/y.b` make 4, since `a/1/` matches `a/*` and `a/*/` of both. Patterns of
other kinds (exact, prefix, suffix, …) count nothing; of several fields the largest counts.

EventBridge refuses a rule over its limit ("Rule is too complex"), and the stack rolls back. The limit is
not published: the README of event-ruler speaks of 10, and of public reports one rule with 12 was
refused and one with 9 accepted.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching-complexity
https://github.com/aws/event-ruler#complexity
"""

from collections.abc import Iterator, Mapping
from typing import Any

LIMIT = 10
"""What EventBridge accepts at most, by all that is known (the addresses above)."""

CAP = 100
"""Counting ends here: what is more complex than this is not distinguished."""

_State = frozenset[tuple[int, int]]
"""Which prefixes a value matches so far: (pattern, length of the prefix)."""


def complexity(pattern: Mapping[str, Any]) -> int:
    """The complexity of an event pattern: 0 without wildcards, `CAP` at most."""
    return max((of_wildcards(wildcards) for wildcards in _fields(pattern)), default=0)


def of_wildcards(wildcards: tuple[str, ...]) -> int:
    """The complexity of the wildcards of one field."""
    patterns = tuple(dict.fromkeys(wildcards))
    alphabet = [*sorted({letter for text in patterns for letter in text} - {"*"}), None]
    begin = frozenset((number, 0) for number in range(len(patterns)))
    seen: set[_State] = set()
    ahead, most = [_with_stars(begin, patterns)], 0
    while ahead and most < CAP:
        state = ahead.pop()
        for letter in alphabet:
            reached = _after(state, letter, patterns)
            if reached and reached not in seen:
                seen.add(reached)
                ahead.append(reached)
                most = max(most, len(reached))
    return min(most, CAP)


def _after(state: _State, letter: str | None, patterns: tuple[str, ...]) -> _State:
    """The prefixes matched with one more letter; None is one that no pattern names."""
    reached = set()
    for number, length in state:
        text = patterns[number]
        if length and text[length - 1] == "*":
            reached.add((number, length))
        if letter is not None and text[length : length + 1] == letter:
            reached.add((number, length + 1))
    return _with_stars(frozenset(reached), patterns)


def _with_stars(state: _State, patterns: tuple[str, ...]) -> _State:
    """A value that matches `ab` matches `ab*` too: a star matches no letter as well."""
    stars = {(n, length + 1) for n, length in state if patterns[n][length : length + 1] == "*"}
    return state | stars


def _fields(pattern: Any) -> Iterator[tuple[str, ...]]:
    """The wildcards of each field; those under `anything-but` count as well."""
    match pattern:
        case list():
            if found := tuple(text for one in pattern for text in _wildcards(one)):
                yield found
            for one in pattern:  # `$or` is a list of patterns
                yield from _fields(one)
        case dict() if "wildcard" not in pattern:
            for inner in pattern.values():
                yield from _fields(inner)


def _wildcards(condition: Any) -> Iterator[str]:
    match condition:
        case {"wildcard": str(text)}:
            yield text
        case {"wildcard": list(texts)}:
            yield from texts
        case {"anything-but": dict(inner)}:
            yield from _wildcards(inner)
