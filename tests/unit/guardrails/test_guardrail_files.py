"""A guardrail's file is held against what Bedrock takes, and what is wrong is named with its key."""

import pytest

from tuning.errors import GuardrailError
from tuning.guardrails.guardrail import ActionBothWays, StrengthBothWays
from tuning.guardrails.guardrail_files import load_guardrail

LEAST = """description = "d"
blocked_input = "no"
blocked_output = "no"
"""
WORDS = LEAST + '[words]\nblocked = ["secret"]\n'
PATTERN = '[[patterns]]\nname = "CPF"\npattern = \'\\d{3}\'\ninput = "ANONYMIZE"\noutput = "NONE"\n'


@pytest.fixture
def read(tmp_path):
    def reading(text, name="support"):
        file = tmp_path / f"{name}.toml"
        file.write_text(text, encoding="utf-8")
        return load_guardrail(file)

    return reading


def test_one_word_is_for_both_directions_and_a_table_for_each(read):
    made = read(
        LEAST
        + '[content]\nHATE = "HIGH"\nPROMPT_ATTACK = "LOW"\n'
        + '[personal_data]\nEMAIL = { input = "BLOCK", output = "ANONYMIZE" }\n'
        + PATTERN
    )
    assert made.content["HATE"] == StrengthBothWays(input="HIGH", output="HIGH")
    assert made.content["PROMPT_ATTACK"] == StrengthBothWays(input="LOW", output="NONE")
    assert made.personal_data == {"EMAIL": ActionBothWays(input="BLOCK", output="ANONYMIZE")}
    assert made.patterns[0].actions == ActionBothWays(input="ANONYMIZE", output="NONE")
    assert (made.tier, made.cross_region) == ("CLASSIC", None)


REFUSED = {
    "an unknown key": (WORDS + "wrods = 1\n", r"words\.wrods: unknown key"),
    "an unknown table": (LEAST + "[word]\n", r"word: unknown key \(did you mean 'words'\?\)"),
    "no policy": (LEAST, "policies: none"),
    "no message": ('description = "d"\nblocked_input = "no"\n', "blocked_output: missing"),
    "a long message": (WORDS.replace('"no"', f'"{"x" * 501}"', 1), "1 to 500 characters"),
    "a long description": (WORDS.replace('"d"', f'"{"x" * 201}"'), "1 to 200 characters"),
    "an empty message": (WORDS.replace('"no"', '" "', 1), "blocked_input: must be text"),
    "an unknown filter": (LEAST + '[content]\nHATRED = "HIGH"', "content.HATRED: unknown filter"),
    "an unknown strength": (LEAST + '[content]\nHATE = "high"', "must be one of NONE, LOW"),
    "half a table": (LEAST + '[content]\nHATE = { input = "LOW" }', r"input = …, output = …"),
    "attacks in answers": (
        LEAST + '[content]\nPROMPT_ATTACK = { input = "LOW", output = "LOW" }',
        "attacks are looked for in what is asked; see https://",
    ),
    "31 topics": (
        LEAST + '[[topics]]\nname = "a"\ndefinition = "b"\n' * 31,
        "topics: 31 of them; Bedrock takes 30",
    ),
    "a topic twice": (
        LEAST + '[[topics]]\nname = "a"\ndefinition = "b"\n' * 2,
        "more than once: a",
    ),
    "a topic's name": (
        LEAST + '[[topics]]\nname = "é"\ndefinition = "b"\n',
        "letters without accents",
    ),
    "a long definition": (
        LEAST + f'[[topics]]\nname = "a"\ndefinition = "{"b" * 201}"\n',
        r"topics\[1\]\.definition: must be text of 1 to 200",
    ),
    "six examples": (
        LEAST + f'[[topics]]\nname = "a"\ndefinition = "b"\nexamples = {["c"] * 6}\n',
        "up to 5 texts of 1 to 100",
    ),
    "an unknown direction": (
        LEAST + '[[topics]]\nname = "a"\ndefinition = "b"\ndirections = ["in"]\n',
        'must be a list of "input", "output" or both',
    ),
    "four words": (
        LEAST + '[words]\nblocked = ["a b c d"]\n',
        "up to 3 words and 100 characters; see https://",
    ),
    "a word twice": (LEAST + '[words]\nblocked = ["a", "a"]\n', "more than once: a"),
    "profanity in words": (LEAST + '[words]\nprofanity = "yes"\n', "must be true or false"),
    "an unknown kind": (LEAST + '[personal_data]\nCPF = "BLOCK"', r"add a \[\[patterns\]\]"),
    "an unknown action": (LEAST + '[personal_data]\nEMAIL = "MASK"', "must be one of BLOCK"),
    "not an expression": (LEAST + PATTERN.replace("\\d{3}", "("), "is not a regular expression"),
    "looking around": (LEAST + PATTERN.replace("\\d{3}", "(?<!x)y"), "looks around its match"),
    "an empty match": (LEAST + PATTERN.replace("\\d{3}", "x*"), "matches an empty text"),
    "a long pattern": (LEAST + PATTERN.replace("\\d{3}", "x" * 501), "1 to 500 characters"),
    "a pattern without action": (
        LEAST + PATTERN.replace('output = "NONE"', ""),
        r"patterns\[1\]\.output = None: must be one of",
    ),
    "grounding of 1": (LEAST + "[grounding]\nGROUNDING = 1\n", "must be 0 to 0.99; see https://"),
    "unknown grounding": (
        LEAST + "[grounding]\nTRUTH = 0.5\n",
        "must be one of GROUNDING, RELEVANCE",
    ),
    "an unknown tier": ('tier = "GOLD"\n' + WORDS, "must be one of CLASSIC, STANDARD"),
    "STANDARD without a profile": ('tier = "STANDARD"\n' + WORDS, "may be judged in other Regions"),
    "a profile for CLASSIC": (
        'cross_region = "us.guardrail.v1:0"\n' + WORDS,
        'of no use without tier = "STANDARD"',
    ),
    "no profile's name": (
        'tier = "STANDARD"\ncross_region = "us-west-2"\n' + WORDS,
        "must look like us.guardrail.v1:0",
    ),
    "languages": ('languages = "en"\n' + WORDS, "two-letter codes"),
    "not TOML": ("[", "not valid TOML"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_bedrock_would_refuse_is_refused_with_its_file_and_key(read, text, why):
    with pytest.raises(GuardrailError, match=r"support\.toml: ") as refused:
        read(text)
    refused.match(why)


@pytest.mark.parametrize("name", ["Support", "a--b", "a_b", "x" * 33])
def test_a_file_name_must_fit_a_name_in_aws(read, name):
    with pytest.raises(GuardrailError, match="at most 32 characters"):
        read(WORDS, name)


def test_a_missing_file_names_the_nearest(read, tmp_path):
    read(WORDS)
    with pytest.raises(GuardrailError, match="did you mean 'support'"):
        load_guardrail(tmp_path / "suport.toml")


def test_a_language_that_the_tier_does_not_decide_on_is_said(read):
    content = LEAST + '[content]\nHATE = "HIGH"\n'
    (note,) = read('languages = ["en", "pt"]\n' + content).notes
    assert note.startswith("pt: the CLASSIC tier decides on English, French and Spanish alone")
    assert read('languages = ["en", "pt"]\n' + WORDS).notes == ()


def test_standard_says_that_prompts_may_leave_the_region(read):
    made = read(
        'tier = "STANDARD"\ncross_region = "us.guardrail.v1:0"\nlanguages = ["pt"]\n' + WORDS
    )
    (note,) = made.notes
    assert "may be judged in other Regions" in note
