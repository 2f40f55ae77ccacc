"""A converted upload is checked as it streams by, and reported in lines of the original."""

import io
import json
import subprocess
import sys

from tuning.datasets.check import Part, check_dataset
from tuning.datasets.convert.checked_stream import Feed, traced
from tuning.datasets.convert.conversion import convert
from tuning.datasets.convert.targets.target import Target
from tuning.models.catalog import catalog

MODEL = catalog().model("amazon.nova-micro-v1:0:128k")
METHOD = MODEL.methods["FINE_TUNING"]


def feed_of(raw, name="train.csv"):
    target = Target.of_model(MODEL, METHOD)
    return Feed(convert(io.BytesIO(raw.encode()), name=name, target=target))


def checked(*raws):
    names = ("train.csv", "validation.csv")
    feeds = [feed_of(raw, name) for raw, name in zip(raws, names, strict=False)]
    parts = [Part(name=feed.name, stream=feed.stream) for feed in feeds]
    return traced(check_dataset(*parts, method=METHOD), *feeds)


def places(report, rule):
    return [(f.file, f.line, f.message) for f in report.findings if f.rule == rule]


def table(*rows):
    return "prompt,completion\n" + "".join(f'"{p}","{c}"\n' for p, c in rows)


def test_a_finding_of_the_checker_names_the_row_of_the_table():
    report = checked(table(("one\ntwo", "a"), ("Say [EOS] now", "b")))
    assert [found.line for found in report.findings if "[EOS]" in found.message] == [4]


def test_a_comparison_names_both_rows_of_the_table():
    report = checked(table(("one\ntwo", "a"), ("x", "y"), ("one\ntwo", "a")))
    ((_, line, message),) = places(report, "DS701")
    assert (line, message) == (5, "the same record as line 2")


def test_leakage_names_the_row_in_the_other_table():
    report = checked(table(("a\nb", "c"), ("x", "y")), table(("n", "m"), ("x", "y")))
    ((file, line, message),) = places(report, "DS703")
    assert (file, line) == ("validation.csv", 3)
    assert "line 4 of train.csv" in message


def test_what_the_conversion_refused_refuses_the_dataset():
    report = checked(table(*[(str(n), "a") for n in range(20)], ("", "b")))
    assert report.verdict == "refused"
    assert report.counts["CV201"] == 1
    assert report.records == 21
    assert report.statistics["converted"]["train.csv"]["shape"] == "prompt_completion"


def test_why_there_is_no_record_is_said_once():
    nothing = checked(table())
    assert nothing.counts == {"CV106": 1}
    refused = checked("question,answer\nWhy?,So.\n")
    assert refused.counts == {"CV108": 1}
    beside = checked(table(*[(str(n), "a") for n in range(20)]), table())
    assert (beside.verdict, beside.counts) == ("refused", {"CV106": 1})


def test_a_function_that_converts_starts_light():
    heavy = ["boto3", "matplotlib", "numpy", "pyarrow", "pydantic", "rich", "typer"]
    look = f"import sys, tuning.datasets.convert.checked_stream; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)  # noqa: S603 — our own words
    assert done.stdout == "[]\n"


def test_a_sound_upload_is_accepted_and_its_prepared_copy_is_the_conversion():
    feed, prepared = feed_of(table(*[(str(n), "a") for n in range(20)])), io.BytesIO()
    part = Part(name=feed.name, stream=feed.stream, prepared=prepared)
    assert traced(check_dataset(part, method=METHOD), feed).verdict == "accepted"
    assert len([json.loads(line) for line in prepared.getvalue().splitlines()]) == 20
