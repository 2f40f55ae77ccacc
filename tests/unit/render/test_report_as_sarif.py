import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import SAMPLES, a_refusal, refused

from tuning.reports.sarif import sarif

# What the standard allows of the objects used here, and what it requires (`!`):
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
STANDARD = {
    "log": "$schema version! runs!",
    "run": "tool! columnKind invocations results properties",
    "tool": "driver!",
    "driver": "name! rules",
    "rules": "id! shortDescription fullDescription helpUri",
    "shortDescription": "text!",
    "fullDescription": "text!",
    "invocations": "executionSuccessful!",
    "results": "ruleId ruleIndex level message! locations",
    "message": "text!",
    "locations": "physicalLocation logicalLocations",
    "physicalLocation": "artifactLocation region",
    "artifactLocation": "uri",
    "region": "startLine startColumn",
    "logicalLocations": "fullyQualifiedName kind",
}


def conform(name, value):
    if isinstance(value, list):
        for one in value:
            conform("run" if name == "runs" else name, one)
    elif isinstance(value, dict) and name != "properties":
        names = STANDARD[name].split()
        assert value.keys() <= {n.rstrip("!") for n in names}
        assert value.keys() >= {n.rstrip("!") for n in names if n.endswith("!")}
        for part, content in value.items():
            conform(part, content)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_log_is_made_as_the_standard_says(name):
    report = SAMPLES[name]()
    log = json.loads(sarif(report))
    conform("log", log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    assert all(r["level"] in {"error", "warning", "note"} for r in run["results"])
    assert len(run["results"]) == len(report.findings)


def test_lines_and_columns_count_from_one_and_in_characters():
    (run,) = json.loads(sarif(refused()))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    where = run["results"][0]["locations"][0]["physicalLocation"]
    assert where == {
        "artifactLocation": {"uri": "train.jsonl"},
        "region": {"startLine": 7, "startColumn": 133},
    }


def test_all_that_was_found_is_counted_also_what_is_not_listed():
    (run,) = json.loads(sarif(refused()))["runs"]
    assert run["properties"]["counts"] == {"DS201": 2, "DS401": 1_204, "DS702": 1}


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("support/a b.jsonl", "support/a%20b.jsonl"),
        ("s3://datasets/a b.jsonl", "s3://datasets/a%20b.jsonl"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("//evil.example/x", "./evil.example/x"),
        ("/elsewhere/a.jsonl", "file:///elsewhere/a.jsonl"),
        ("ünï.jsonl", "%C3%BCn%C3%AF.jsonl"),
    ],
)
def test_a_file_is_named_by_a_reference_that_leads_to_it(file, uri):
    assert _uri(file) == uri


@given(st.text(st.characters(), min_size=1, max_size=60))
@settings(max_examples=40)
def test_no_file_name_leads_to_another_host_or_scheme(file):
    parts = urlsplit(_uri(file))
    assert parts.scheme in {"", "s3", "file"}
    assert parts.scheme == "s3" or not parts.netloc
    assert _uri(file).isascii()


def test_a_message_brings_no_link():
    report = a_refusal(message="see [here](https://evil.example) and messages[0]")
    (run,) = json.loads(sarif(report))["runs"]
    assert (
        r"see \[here](https://evil.example) and messages[0]" in run["results"][0]["message"]["text"]
    )


def _uri(file):
    report = a_refusal(file=file)
    (run,) = json.loads(sarif(report))["runs"]
    where = run["results"][0]["locations"][0]["physicalLocation"]
    return where["artifactLocation"]["uri"]
