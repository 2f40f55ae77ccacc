"""Reports as a checker might write them, for the tests of every form and for looking at.

`python -m tests.sample_reports FOLDER` writes each as a page.
"""

import sys
from pathlib import Path

from tuning.datasets.report import Finding, Report

RUN = {
    "id": "9f2b6c1e0d5a4f7788b1c3d2e4f5a6b7",
    "recipe": "support-nova-lite",
    "base_model": "amazon.nova-lite-v1:0:300k",
    "upload": "s3://datasets-111122223333/datasets/support-nova-lite/november/train.jsonl",
    "version": "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
    "prepared": "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
}
ESTIMATE = {
    "tokens": 1_612_400,
    "epochs": 2,
    "training_usd": "3.22",
    "storage_usd_per_month": "1.95",
    "basis": [
        "training: 0.001 per 1,000 tokens, 2026-08-10, the price list",
        "storage: 2026-04-16, the price page",
    ],
}
UNPRICED = {
    **ESTIMATE,
    "training_usd": None,
    "basis": ["training: no dated price is known for amazon.nova-lite-v1:0:300k"],
}


def a_finding(rule="DS401", *, line=12, severity="error", **given):
    says = {
        "file": "train.jsonl",
        "message": 'the role is "assistent" (did you mean "assistant"?)',
        "fix": 'Write "user" or "assistant".',
    }
    return Finding(rule=rule, severity=severity, line=line, **{**says, **given})


def a_refusal(**given):
    """Of one finding."""
    found = a_finding(**given)
    return Report(verdict="refused", records=1, findings=(found,), counts={found.rule: 1})


def clean():
    return Report(
        verdict="accepted",
        records=2_480,
        findings=(),
        counts={},
        statistics={"training": _statistics(records=2_480)},
    )


def accepted():
    findings = tuple(
        a_finding(
            "DS702",
            severity="warning",
            line=line,
            message=f"the prompt of line {line - 7} is answered differently here",
            fix="Keep the better answer, or make the prompts differ.",
        )
        for line in (40, 133, 902)
    )
    return Report(
        verdict="accepted",
        records=12_400,
        findings=findings,
        counts={"DS702": 3},
        statistics={
            "training": _statistics(records=11_900),
            "validation": _statistics(records=500, file="validation.jsonl"),
        },
        repairs={"byte_order_mark": 1, "crlf": 12_400, "blank_line": 3},
    )


def refused():
    roles = tuple(a_finding(line=n, field="messages[1].role") for n in range(12, 130, 6))
    syntax = (
        a_finding(
            "DS201",
            line=7,
            column=133,
            message='a comma is missing between "content" and "role"',
            fix="Write one JSON object in each line; json.dumps does.",
        ),
        a_finding(
            "DS201",
            line=2_101,
            column=1,
            message="the line starts with a single quote: this is Python, not JSON",
            fix="Write one JSON object in each line; json.dumps does.",
        ),
    )
    other = a_finding(
        "DS702",
        severity="warning",
        line=511,
        file="validation.jsonl",
        message="the prompt of line 44 is answered differently here",
        fix="Keep the better answer, or make the prompts differ.",
    )
    return Report(
        verdict="refused",
        records=12_400,
        findings=(*syntax, *roles, other),
        counts={"DS201": 2, "DS401": 1_204, "DS702": 1},
        statistics={"training": _statistics(records=12_400)},
        repairs={"crlf": 12_400},
    )


def empty():
    finding = a_finding(
        "DS601",
        line=None,
        message="the file holds no record",
        fix="Upload a file with at least 8 records.",
    )
    return Report(verdict="refused", records=0, findings=(finding,), counts={"DS601": 1})


HOSTILE = (
    "<script>document.title='broken in'</script>",
    '"><img src=x onerror="document.title=\'broken in\'">',
    "</style><style>body{display:none}</style>",
    "javascript:alert(1)//",
    "invoice\u202etxt.exe\u202c \u2066isolated\u2069",
    "\x1b[2J\x1b]0;owned\x07 \x9b31m red \x00 nul",
    "line one\r\nline two\n::error::not ours\u2028third",
    "[bold red]markup[/] [link=https://evil.example]x[/link]",
    "[click](https://evil.example) ![i](https://evil.example/i.png) @someone #1 `code` | cell",
    "W" * 5_000,
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324" * 30 + "algo",
    "lone \ud800 surrogate, \ufeff mark, \U000e0041 tag",
    "سلام دنیا، این خوب است",
)


def hostile():
    """Every field that a dataset or its sender can write into, full of ill will."""
    findings = tuple(
        a_finding(
            f"DS{301 + n}",
            file=f"{text[:300]}.jsonl",
            line=n + 1,
            column=n + 1,
            field=text,
            message=text,
            fix=text,
        )
        for n, text in enumerate(HOSTILE)
    )
    return Report(
        verdict="refused",
        records=len(HOSTILE),
        findings=findings,
        counts={f.rule: 2 for f in findings},
        statistics={HOSTILE[0]: {HOSTILE[1]: HOSTILE[2], "records": 3, HOSTILE[9]: 1}},
        repairs={HOSTILE[0]: 2},
    )


HOSTILE_RUN = {"recipe": HOSTILE[0], "upload": HOSTILE[1], HOSTILE[3]: HOSTILE[4], "id": HOSTILE[9]}

SAMPLES = {
    "clean": clean,
    "accepted": accepted,
    "refused": refused,
    "empty": empty,
    "hostile": hostile,
}


def page(name):
    """One sample as the page beside a run."""
    from tuning.reports.report_page import report_html  # noqa: PLC0415 — other forms are tested without the page

    report = SAMPLES[name]()
    if name == "hostile":
        return report_html(report, title=HOSTILE[0], run=HOSTILE_RUN)
    estimate = {"accepted": ESTIMATE, "clean": UNPRICED}.get(name)
    return report_html(report, title="support-nova-lite", run=RUN, estimate=estimate)


def _statistics(*, records, file="train.jsonl"):
    shape = (1, 3, 20, 96, 231, 88, 7, 0, 1)
    bins = [
        {"from": 1 << n, "below": 2 << n, "records": part * records // 447}
        for n, part in enumerate(shape, start=5)
        if part
    ]
    return {
        "file": file,
        "bytes": 2_912 * records,
        "lines": records + 3,
        "records": records,
        "characters": 2_780 * records,
        "estimated_tokens": 650 * records,
        "estimated_tokens_at_most": 1_420 * records,
        "estimated_tokens_are": "1 token for 4 bytes of UTF-8 text: about right for English",
        "sha256": "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
        "length_histogram": bins,
        "duplicates": 41,
        "privacy": {"email address": 7},
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for sample in SAMPLES:
        (folder / f"{sample}.html").write_text(page(sample), encoding="utf-8")
