"""The folder for a reviewer: the page, and beside it everything that is in it for programs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from diagrams.mermaid import mermaid
from review.evidence import Evidence
from review.findings import ToolFinding
from review.measures import measures
from review.permission_table import render
from review.review_page import review_html


def write_folder(evidence: Evidence, folder: Path) -> None:
    for name, text in _files(evidence):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _files(evidence: Evidence) -> Iterator[tuple[str, str]]:
    yield "index.html", review_html(evidence)
    yield "summary.json", _json([vars(measure) for measure in measures(evidence)])
    yield "findings.json", _json(_findings(evidence))
    yield "accepted.json", _json([vars(row) for row in evidence.table])
    yield "threats.json", _json(_threats(evidence))
    yield "costs.json", _json(_costs(evidence))
    yield "versions.json", _json({"commit": vars(evidence.commit), **evidence.versions})
    for name, roles in evidence.permissions.items():
        yield f"permissions/{name}.toml", render(roles)
    for review in evidence.reviews:
        asked = [{**vars(d.case), "decided": d.got, "holds": d.holds} for d in review.decisions]
        yield f"decisions/{review.environment}.json", _json(asked)
        if review.caught:
            yield f"mutations/{review.environment}.json", _json(_mutants(review.caught, evidence))
    broken = [str(one) for one in evidence.space.findings]
    yield "configurations.json", _json({"drawn": [*evidence.drawn], "broken": broken})
    yield "weakened.json", _json([vars(one) for one in evidence.weakened])
    for name, text in evidence.templates.items():
        yield f"templates/{name}", text
    for name, graph in evidence.pictures.items():
        yield f"diagrams/{name}.mmd", f"{mermaid(graph)}\n"


def _findings(evidence: Evidence) -> list[dict[str, Any]]:
    def row_of(finding: ToolFinding, **more: Any) -> dict[str, Any]:
        return {**vars(finding), **more}

    return [
        *(row_of(f, accepted=None) for j in evidence.judgements for f in j.open),
        *(row_of(f, accepted=row.reason) for j in evidence.judgements for f, row in j.accepted),
    ]


def _mutants(caught: Any, evidence: Evidence) -> list[dict[str, Any]]:
    reasons = {(e.policy, e.change): e.reason for e in evidence.equivalents}
    return [
        {
            "policy": each.mutant.policy,
            "change": each.mutant.change,
            "noticed_by": vars(each.by) if each.by else None,
            "accepted": reasons.get((each.mutant.policy, each.mutant.change)),
        }
        for each in caught
    ]


def _threats(evidence: Evidence) -> dict[str, Any]:
    model = evidence.threats
    controls = [{**vars(c), "tests": [vars(t) for t in c.tests]} for c in model.controls]
    return {
        "threats": [vars(threat) for threat in model.threats],
        "controls": controls,
        "remains": [vars(risk) for risk in model.risks],
    }


def _costs(evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {
            "environment": bill.environment,
            "as_of": bill.as_of,
            "usd_a_month": str(bill.month),
            "lines": [
                {**vars(line), "usd": str(line.usd), "usd_a_month": str(line.month)}
                for line in bill.lines
            ],
        }
        for bill in evidence.bills
    ]


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
