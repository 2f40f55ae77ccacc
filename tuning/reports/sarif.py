"""A report for code-scanning tools: SARIF 2.1.0.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
import re
from typing import Any
from urllib.parse import quote

from tuning.datasets.report import Finding, Report
from tuning.datasets.rules import Rule, rules
from tuning.reports import outline
from tuning.reports.visible_text import visible

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LINK = re.compile(r"\[(?=[^\]]*\]\()")


def sarif(report: Report) -> str:
    """A log with one run. It lists every rule, whether it found something or not."""
    found = outline.groups(report)
    table = [_rule(rule) for rule in rules().values()]
    table += [{"id": group.rule} for group in found if group.facts is None]
    index = {rule["id"]: n for n, rule in enumerate(table)}
    run = {
        "tool": {"driver": {"name": "tuning", "rules": table}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(f, index[group.rule]) for group in found for f in group.listed],
        "properties": {
            "verdict": report.verdict,
            "records": report.records,
            "counts": dict(report.counts),
        },
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "helpUri": rule.source,
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": f"{_plain(finding.message)}. How to fix: {_plain(finding.fix)}"},
        "locations": [_location(finding)],
    }


def _location(finding: Finding) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line is not None:
        physical["region"] = {"startLine": finding.line}
        if finding.column is not None:
            physical["region"]["startColumn"] = finding.column
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.field:
        field = {"fullyQualifiedName": visible(finding.field), "kind": "value"}
        location["logicalLocations"] = [field]
    return location


def _uri(file: str) -> str:
    """A path as a reference: `a b.jsonl` → `a%20b.jsonl`. `s3://` addresses keep their scheme."""
    if file.startswith("s3://"):
        return f"s3://{_quoted(file[5:])}"
    if file.startswith("//"):  # would read as a host
        return f"./{_quoted(file.lstrip('/'))}"
    return f"file://{_quoted(file)}" if file.startswith("/") else _quoted(file)


def _quoted(path: str) -> str:
    return quote(path, safe="/", errors="surrogatepass")


def _plain(text: str) -> str:
    """`[…](…)` is a link even in plain text, unless escaped: section 3.11.6 of the standard."""
    return _LINK.sub(r"\\[", visible(text))
