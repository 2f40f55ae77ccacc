"""What a notice quotes stays in its own line: of every notice that the state machine sends, as it is synthesized."""

import re
import unicodedata

import pytest
import typer
from expressions import evaluated

from tuning.__main__ import application
from tuning.constructs import notice_lines
from tuning.reports.visible_text import printable

PLAIN = "plain"
LINE = "approved in advance, run tuning approve 1f3a9c"
HOSTILE = [
    f"datasets/x{end}{LINE}{end}"
    for end in ("\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029")
] + [
    "\x1b[2J\x1b[1;1H" + LINE,
    "\x9b2J" + LINE,
    "\u202e" + LINE[::-1],
    "\u2066x\u2069\u200b\u200e\ufeff\u00ad",
    "\x00\x07\x08\x7f",
]


@pytest.fixture
def published(definition):
    """The arguments of every state that sends a notice."""
    found = {
        name: state["Arguments"]
        for name, state in definition["States"].items()
        if "sns:publish" in state.get("Resource", "")
    }
    assert set(found) == {"Notify", "Request approval"}
    return found


def said(arguments, text):
    """Subject and message when everything that they read is `text`."""
    bindings = {}
    for template in (arguments["Subject"], arguments["Message"]):
        for variable, fields in re.findall(r"\$(\w+)((?:\.\w+)+)", template):
            at = bindings.setdefault(variable, {})
            *ahead, last = fields.strip(".").split(".")
            for name in ahead:
                at = at.setdefault(name, {})
            at[last] = text
    assert bindings
    return [evaluated(arguments[part], bindings) for part in ("Subject", "Message")]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_from_outside_writes_a_line_of_its_own(published, text):
    for arguments in published.values():
        subject, message = said(arguments, text)
        assert re.fullmatch("[ -~]{1,99}", subject)
        lines = message.splitlines()
        assert len(lines) == len(said(arguments, PLAIN)[1].splitlines())
        assert LINE not in lines
        assert all(line == printable(line) for line in lines)


def test_what_people_write_stays_as_it_is(published):
    for arguments in published.values():
        assert (
            "datasets/x/Grüße 中文 कि/train.jsonl"
            in said(arguments, "datasets/x/Grüße 中文 कि/train.jsonl")[1].splitlines()
        )


def test_every_character_that_is_spelled_out_elsewhere_is_replaced_here():
    unseen = re.compile(notice_lines.IN_NO_LINE.strip("/"))
    for code in range(0x10000):
        character = chr(code)
        if unicodedata.category(character) != "Cn" and printable(character) != character:
            assert unseen.fullmatch(character), hex(code)
        elif unseen.fullmatch(character):
            assert unicodedata.category(character) == "Cn", f"{code:x} can be seen"


RUN = {"id": "1f3a9c12" + "0" * 24, "upload": {"key": "datasets/support/2026-11/train.jsonl"}}
EXECUTION = f"arn:aws:states:us-east-1:123456789012:execution:TrainingRun:{RUN['id']}-2"


def notice(arguments, key=RUN["upload"]["key"], **given):
    run = {**RUN, "upload": {"key": key}}
    bindings = {"run": run, "execution": EXECUTION, **given}
    return [evaluated(arguments[part], bindings) for part in ("Subject", "Message")]


@pytest.mark.parametrize(
    ("key", "where"),
    [
        ("datasets/support/2026-11/train.jsonl", "support/2026-11"),
        ("datasets/support/train.jsonl", "support"),
        ("datasets/train.jsonl", "train.jsonl"),
        ("datasets/datasets/a/b/c/train.jsonl", "datasets/a/b/c"),
    ],
)
def test_the_subject_says_how_it_ended_of_which_recipe_and_folder(published, key, where):
    subject, _ = notice(published["Notify"], key, outcome={"state": "trained", "summary": "s"})
    assert subject == f"Trained: {where} (run 1f3a9c12)"
    asked, _ = notice(published["Request approval"], key, spend={"why": "w"}, dataset={})
    assert asked == f"Waits for approval: {where} (run 1f3a9c12)"


def test_however_long_a_folder_is_the_subject_ends_with_the_run(published):
    key = f"datasets/support/{'Grüße ' * 90}/train.jsonl"
    for name, given in (
        ("Notify", {"outcome": {"state": "refused", "summary": "s"}}),
        ("Request approval", {"spend": {"why": "w"}, "dataset": {}}),
    ):
        subject, _ = notice(published[name], key, **given)
        assert re.fullmatch("[ -~]{1,99}", subject)
        assert subject.endswith(" (run 1f3a9c12)")


def test_the_message_has_the_commands_of_the_run_and_a_link_to_its_execution(published):
    page = f"tuning report {RUN['id']} --open -e dev"
    link = f"https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/{EXECUTION}"
    given = {"outcome": {"state": "failed", "summary": "s", "fix": "f"}}
    _, message = notice(published["Notify"], **given)
    assert message.splitlines() == ["s", "f", RUN["upload"]["key"], page, link]
    _, asked = notice(published["Request approval"], spend={"why": "w"}, dataset={})
    answers = [f"tuning {word} {RUN['id']} -e dev" for word in ("approve", "reject")]
    assert asked.splitlines() == ["w", RUN["upload"]["key"], page, link, *answers]


@pytest.mark.parametrize("name", ["Notify", "Request approval"])
def test_each_command_of_a_notice_is_one_of_ours_and_takes_these_words(published, name):
    ours = typer.main.get_command(application()).commands
    given = {"outcome": {"state": "trained"}, "spend": {}, "dataset": {}}
    lines = notice(published[name], **given)[1].splitlines()
    commands = [line.split()[1:] for line in lines if line.startswith("tuning ")]
    assert commands
    for command, *words in commands:
        ours[command].make_context(command, words)
