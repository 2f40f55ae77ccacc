import json as stdlib

import pytest
from sample_reports import SAMPLES, empty

from tuning.datasets.report import Report
from tuning.reports.document import json


def test_an_empty_file_is_refused_in_full():
    assert stdlib.loads(json(empty())) == {
        "verdict": "refused",
        "records": 0,
        "findings": [
            {
                "rule": "DS601",
                "severity": "error",
                "file": "train.jsonl",
                "line": None,
                "column": None,
                "field": None,
                "message": "the file holds no record",
                "fix": "Upload a file with at least 8 records.",
                "record": None,
            }
        ],
        "counts": {"DS601": 1},
        "statistics": {},
        "repairs": {},
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_the_document_is_one_whatever_the_data_holds_and_drives_no_terminal(name):
    text = json(SAMPLES[name]())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert stdlib.loads(text)["verdict"] == SAMPLES[name]().verdict


def test_a_figure_that_json_does_not_know_is_a_fault_of_ours():
    report = Report(
        verdict="accepted", records=1, findings=(), counts={}, statistics={"mean": float("nan")}
    )
    with pytest.raises(ValueError, match="Out of range"):
        json(report)
