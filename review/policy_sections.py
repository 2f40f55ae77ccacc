"""The sections of the page that are about policies: permissions, decisions, mutations."""

from collections.abc import Iterable, Mapping, Sequence

from review.decide import Caught, DecisionRow
from review.evidence import Evidence
from review.permission_table import Entry
from review.questions import Case
from review.sheet_parts import Section, code, folded, grid
from tuning.reports.elements import Child, el
from tuning.reports.scale import count

_MEANS = {
    "allowed": "allowed",
    "denied": "denied",
    "never": "denied explicitly",
    "Allowed": "allowed",
    "ImplicitlyDenied": "denied",
    "ExplicitlyDenied": "denied explicitly",
}
_PARTS = ("who", "does", "on", "how")


def role_permissions(evidence: Evidence) -> Section:
    (first, table), *others = evidence.permissions.items()
    body = [
        _role(role, entry, evidence.reviewed_permissions.get(role)) for role, entry in table.items()
    ]
    for name, other in others:
        differing = [role for role, entry in other.items() if entry != table.get(role)]
        if differing:
            body.append(el("h3", f"Other in {name}"))
            body += [_role(role, other[role], other[role]) for role in differing]
    return Section(
        anchor="permissions",
        name="Permissions",
        title="Who may do what",
        said=(
            f"{count(len(table), 'role')} of {first}, each with exactly the rights that were reviewed. "
            "All lines of an “if” must hold."
        ),
        body=body,
    )


def _role(role: str, entry: Entry, reviewed: Entry | None) -> Child:
    rows = [
        [
            "may" if "may" in row else "may not",
            _lines(row.get("may", row.get("may_not", []))),
            _lines(row["on"]),
            _lines(row.get("if", [])),
        ]
        for row in entry["rows"]
    ]
    assumed = el("p", "Assumed by ", [[code(who), " "] for who in entry["assumed_by"]])
    table = grid(["", "actions", "on", "if"], rows, class_="prose")
    return folded(role, count(len(rows), "row"), assumed, table, bad=entry != reviewed)


def _lines(texts: Iterable[str]) -> Child:
    return [el("div", code(text)) for text in texts]


def decisions(evidence: Evidence) -> Section:
    names = [review.environment for review in evidence.reviews]
    asked: dict[str, dict[Case, dict[str, DecisionRow]]] = {}
    for review in evidence.reviews:
        for decision in review.decisions:
            cases = asked.setdefault(decision.case.says, {})
            cases.setdefault(decision.case, {})[review.environment] = decision
    total = sum(len(review.decisions) for review in evidence.reviews)
    return Section(
        anchor="decisions",
        name="Decisions",
        title="Who gets what",
        said=(
            f"{count(total, 'question')} put to the synthesized policies, under "
            f"{count(len(asked), 'rule')}. “Denied explicitly” holds whatever is granted later."
        ),
        body=[_rule(says, cases, names) for says, cases in asked.items()],
    )


def _rule(
    says: str, cases: Mapping[Case, Mapping[str, DecisionRow]], names: Sequence[str]
) -> Child:
    wrong = not all(d.holds for answers in cases.values() for d in answers.values())
    rows: list[list[Child]] = [
        [
            *(getattr(case, part) for part in _PARTS),
            _MEANS[case.expected],
            *(_decided(answers.get(name)) for name in names),
        ]
        for case, answers in cases.items()
    ]
    head = ["who", "does", "on", "how", "must be", *(f"is, in {name}" for name in names)]
    return folded(says, count(len(cases), "case"), grid(head, rows, class_="prose"), bad=wrong)


def _decided(decision: DecisionRow | None) -> Child:
    if decision is None:
        return "not asked"
    got = _MEANS.get(decision.got, decision.got)
    return got if decision.holds else el("b", f"✗ {got}", class_="bad")


def mutations(evidence: Evidence) -> Section:
    reasons = {(e.policy, e.change): e.reason for e in evidence.equivalents}
    policies: dict[str, list[Caught]] = {}
    for review in evidence.reviews:
        for caught in review.caught:
            policies.setdefault(caught.mutant.policy, []).append(caught)
    tried = sum(map(len, policies.values()))
    return Section(
        anchor="mutations",
        name="Mutations",
        title="Whether a weaker policy would be noticed",
        said=(
            f"{count(tried, 'change')}: each statement and condition taken away, each action, resource and "
            f"principal widened, in turn. Accepted, each with its reason: {len(reasons)} that no decision "
            "can show."
        ),
        body=[_policy(name, changes, reasons) for name, changes in policies.items()],
    )


def _policy(name: str, changes: Sequence[Caught], reasons: Mapping[tuple[str, str], str]) -> Child:
    rows: list[list[Child]] = []
    missed = False
    for caught in changes:
        reason = reasons.get((caught.mutant.policy, caught.mutant.change))
        match caught.by, reason:
            case Case() as by, _:
                caught_by: Child = (
                    f"{by.who}: {by.does} on {by.on}, {by.how}: must be {_MEANS[by.expected]}"
                )
            case _, str():
                caught_by = el("i", f"Accepted: {reason}")
            case _:
                caught_by, missed = el("b", "✗ nobody", class_="bad"), True
        rows.append([caught.mutant.change, caught_by])
    table = grid(["weaker by", "noticed by"], rows, class_="prose")
    return folded(name, count(len(changes), "change"), table, bad=missed)
