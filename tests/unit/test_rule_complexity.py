"""The complexity of event patterns, with the figures of AWS's own event-ruler."""

import pytest

from emulator.rule_complexity import CAP, LIMIT, complexity, of_wildcards

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".tsv", ".parquet")


@pytest.mark.parametrize("count", range(1, 7))
def test_each_wildcard_with_a_suffix_of_its_own_adds_two(count):
    """Six of them were refused by EventBridge in an account."""
    assert of_wildcards(tuple(f"datasets/*/train{e}" for e in SUFFIXES[:count])) == 2 * count


def test_a_wildcard_in_the_middle_and_at_the_end_is_three():
    assert of_wildcards(("datasets/*/train.*",)) == 3


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_names_of_stacks_are_three_each(count):
    """Three were accepted in an account and four refused: vals-ai/Valkyrie issues 278 and 279."""
    names = ("Alpha", "Beta", "Gamma", "Delta")[:count]
    assert of_wildcards(tuple(f"*:stack/{name}/*" for name in names)) == 3 * count


# The figures of MachineComplexityEvaluatorTest in https://github.com/aws/event-ruler
RULER = [
    (("*",), 1),
    (("*", "ab*c"), 3),
    (("*ab",), 2),
    (("*aa",), 3),
    (("a*b",), 2),
    (("aa*",), 2),
    (("a*bc",), 2),
    (("a*bb",), 3),
    (("a*bcb",), 3),
    (("a*bbb",), 4),
    (("*ab*ad",), 4),
    (("*ab*d",), 3),
    (("*aba*",), 4),
    (("a*b*bb",), 5),
    (("a*b*cb",), 4),
    (("a*b*cd",), 3),
    (("a*b*b",), 4),
    (("a*bb*",), 4),
    (("ab*b*",), 3),
    (("ab*c", "x*xx"), 3),
    (("*abc", "*abcde"), 4),
    (("a*bcd", "ab*cd"), 4),
    (("a*bc", "a*bcde"), 4),
    (("a*aaa", "aa*aa"), 7),
    (("a*bc", "abc*d"), 4),
    (("a*aaa", "aaa*a"), 6),
    (("a*aax", "aaa*x"), 5),
    (("a*bc", "abc*"), 4),
    (("a*aa", "aaa*"), 5),
    (("abc*", "abcde*"), 3),
    (("ab*cd", "ab*wx", "ab*yz"), 6),
    (("*ab*b*b*",), 7),
    (("*a*a*a*a*a*a*a*a*",), 17),
    (("ab*c", "ab*c"), 2),
    (("F*eatureFeature", "Fe*atureFeature", "Fea*tureFeature"), 10),
]


@pytest.mark.parametrize(("wildcards", "expected"), RULER)
def test_event_rulers_own_figures_are_reproduced(wildcards, expected):
    assert of_wildcards(wildcards) == of_wildcards(wildcards[::-1]) == expected


def test_the_set_that_explodes_elsewhere_is_counted_as_event_ruler_counts_it():
    words = (
        "aahed* aal*ii aargh* aarti* a*baca *abaci a*back ab*acs abaf*t *abaka ab*amp a*band *abase "
        "abash* abas*k ab*ate aba*ya abbas* abbed* ab*bes abbey* *abbot ab*cee abea*m abe*ar a*bele "
        "a*bers abet*s *abhor abi*de a*bies *abled"
    )
    assert of_wildcards(tuple(words.split())) == 45


def test_counting_ends_at_the_cap():
    assert of_wildcards(("F*e*a*t*u*r*e*" * 100,)) == CAP


def test_of_several_fields_the_most_complex_one_counts():
    fields = {
        "abc": [{"prefix": "a"}, "abcdef", {"suffix": "z"}],
        "def": [{"prefix": "b"}, {"wildcard": "a*a*a*a*a*a*"}, {"suffix": "c"}],
        "ghi": [{"wildcard": "a*b"}],
    }
    assert complexity(fields) == 11
    assert complexity({"source": ["aws.s3"], "detail": {"object": fields}}) == 11


@pytest.mark.parametrize(
    "condition", ["a", {"prefix": "a"}, {"suffix": ".csv"}, {"exists": True}, {"anything-but": "x"}]
)
def test_conditions_without_wildcards_count_nothing(condition):
    assert complexity({"detail": {"key": [condition, condition]}}) == 0


def test_wildcards_are_found_wherever_a_pattern_may_hold_them():
    wildcard = {"wildcard": "a/*/b"}
    assert complexity({"detail": {"key": [{"anything-but": {"wildcard": ["a*b", "a*c"]}}]}}) == 4
    assert complexity({"detail": {"$or": [{"key": [wildcard]}, {"name": ["x"]}]}}) == 2


def test_the_limit_lies_between_what_was_accepted_and_what_was_refused():
    assert 9 <= LIMIT < 12
