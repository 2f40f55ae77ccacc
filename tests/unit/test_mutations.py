"""The mutation tool makes the faults that it says, each at every place that could have it."""

import ast

import pytest
from arguments import Argued, judged
from aws_mutations import named, reads
from code_mutations import ROOT, generic, places
from hunt import mutants, sources


def changed(source, operators):
    """The program after each change."""
    tree, texts = ast.parse(source), set()
    for place in places(tree):
        for _, new in operators(place):
            place.put(new)
            texts.add(ast.unparse(tree))
            compile(tree, "changed", "exec")
            place.put(place.node)
    assert ast.unparse(tree) == ast.unparse(ast.parse(source))
    return {text.split(":\n    ", 1)[-1] for text in texts}


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("return x < 2", {"return x <= 2", "return x < 3", "return None"}),
        ("return not x", {"return x", "return None"}),
        ("if x or y:\n        f()", {"if x and y:\n        f()", "if x or y:\n        pass"}),
        ("if x:\n        y = 'it'", {"if not x:\n        y = 'it'"}),
        ("y = x + 1", {"y = x - 1", "y = x + 2"}),
        ("y = x + 'a text'", set()),
        ("logger.info('said', number=3)", set()),
        ("raise ValueError(1 + 2)", set()),
    ],
)
def test_a_programmers_slip_is_made_and_what_is_only_said_is_left_alone(source, faults):
    assert changed(f"def f(x):\n    {source}", generic) == faults


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("c.get_item(Key=k, ConsistentRead=True)", {"c.get_item(Key=k, ConsistentRead=False)"}),
        (
            "for page in p.paginate(B=b):\n        yield page",
            {"for page in [next(iter(p.paginate(B=b)))]:\n        yield page"},
        ),
        (
            "d['ConditionExpression'] = '#held = :held AND attribute_not_exists(#b)'",
            {
                (
                    "d['ConditionExpression'] = '(#held = :held OR attribute_not_exists(mutant))"
                    " AND attribute_not_exists(#b)'"
                ),
                (
                    "d['ConditionExpression'] = '#held = :held AND (attribute_not_exists(#b)"
                    " OR attribute_not_exists(mutant))'"
                ),
            },
        ),
        (
            "c.put(ConditionExpression=f'attribute_exists({k})')",
            {
                (
                    "c.put(ConditionExpression="
                    "f'(attribute_exists({k}) OR attribute_not_exists(mutant))')"
                )
            },
        ),
        ("c.query(KeyConditionExpression='#queue = :waiting')", set()),
        ("y = ledger.item(k) or {}", {"y = None or {}"}),
        (
            "try:\n        g()\n    except (A, B):\n        pass",
            {
                "try:\n        g()\n    except Exception:\n        pass",
                "try:\n        g()\n    except (A,):\n        pass",
                "try:\n        g()\n    except (B,):\n        pass",
            },
        ),
    ],
)
def test_a_fault_of_programs_on_aws_is_made(source, faults):
    assert changed(f"def f(x):\n    {source}", named) == faults


@pytest.mark.thorough
def test_each_consistent_read_condition_and_page_loop_of_the_source_has_its_mutant():
    """Counted by their words in the text, as the tool finds them in the tree."""
    made = [each.operator for each in mutants(sources(()), only_named=True)]
    texts = [(ROOT / path).read_text("utf-8") for path in sources(())]
    assert made.count("read without consistency") == sum(
        t.count("ConsistentRead=True") for t in texts
    )
    assert made.count("one page instead of all") == sum(t.count(".paginate(") for t in texts)
    conditions = [each for each in made if each.startswith("condition dropped")]
    assert len(conditions) >= sum(t.count("attribute_exists(") for t in texts)
    assert {"item", "described", "running", "in_progress", "of_run"} <= reads().keys()


SURVIVOR = {
    "where": "a.py f",
    "line": "x < 2",
    "change": "to <=",
    "named": False,
    "at": 1,
    "by": "",
}
ARGUED = Argued(where="a.py f", line="x < 2", change="to <=", why="x is odd")


@pytest.mark.parametrize(
    ("survivors", "tried", "known", "wrong"),
    [
        ([SURVIVOR], [SURVIVOR], [ARGUED], []),
        ([SURVIVOR], [SURVIVOR], [], ["[[survivor]]"]),
        ([], [SURVIVOR], [ARGUED], ["argued, but killed"]),
        ([], [], [ARGUED], ["argued, but there is no such mutant"]),
    ],
)
def test_a_survivor_needs_an_argument_and_an_argument_a_survivor(survivors, tried, known, wrong):
    said = judged(survivors, tried, known, whole=True, only_named=False)
    assert [text.startswith(start) for text, start in zip(said, wrong, strict=True)] == [
        True
    ] * len(wrong)
