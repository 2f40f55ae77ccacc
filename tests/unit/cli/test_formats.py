"""Every command answers programs too."""

import json

import pytest
import typer
from rich.text import Text

from tuning.__main__ import COMMANDS, application
from tuning.cli.output import answer

GROUP = typer.main.get_command(application())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_format_json(name):
    options = {text for option in GROUP.commands[name].params for text in option.opts}
    assert "--format" in options


@pytest.mark.parametrize("name", COMMANDS)
def test_no_word_of_a_help_is_taken_for_markup(name):
    command = GROUP.commands[name]
    texts = [command.help, *(getattr(param, "help", None) for param in command.params)]
    for text in filter(None, texts):
        assert Text.from_markup(text).plain == text


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_has_a_sentence_of_each_without_line_breaks(name):
    first, _, _ = GROUP.commands[name].help.partition("\n\n")
    assert "\n" not in first


def test_an_answer_for_programs_is_one_document_with_the_words_in_it(capsys):
    answer("json", "r: stopped", run="r", asked=True)
    said = capsys.readouterr()
    assert json.loads(said.out) == {"run": "r", "asked": True, "message": "r: stopped"}
    assert said.err == ""


def test_an_answer_for_people_is_a_line_beside_the_data(capsys):
    answer("text", "r: stopped", run="r", asked=True)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "r: stopped\n")
