"""The figures that must hold, each with its target: the top of the page, and the exit code."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from review.evidence import NAG, Evidence, applied, of_nag, pairs

MOST_OF_NAG, MOST = 24, 45
"""Rows of the table of what is accepted: more would not be read."""
MOST_PAIRS_OF_NAG, MOST_PAIRS = 39, 56
"""Of a rule and a path: one row may set several findings aside. Four are one rule of four packs, about the
nodes of a job that talk among themselves; four are of concurrency that is not reserved; one is of the backups'
selection (decision 0015), and one of provisioned models, which are removed by tag (0038)."""
FEWEST_CASES = 400
FEWEST_CONFIGURATIONS = 200
_PACKS = 6
GUARD_RULES = 237


@dataclass(frozen=True, kw_only=True)
class Measure:
    section: str
    """Id of the section of the page that shows it."""
    name: str
    value: str
    target: str
    met: bool


def measures(evidence: Evidence) -> list[Measure]:
    return [measure for group in _GROUPS for measure in group(evidence)]


def _gates(evidence: Evidence) -> Iterator[Measure]:
    judgements = evidence.judgements
    nag = [f for j in judgements for f in j.open if f.tool.startswith("cdk-nag ")]
    others = [f for j in judgements for f in j.open if not f.tool.startswith("cdk-nag ")]
    packs = {t for j in judgements for t in j.by_tool() if t.startswith("cdk-nag ")}
    stale = sum(len(judgement.stale) for judgement in judgements)
    yield _most("gates", f"findings of {len(packs)} cdk-nag packs", len(nag), 0)
    yield _most("gates", "findings of the other four tools", len(others), 0)
    yield _least("gates", "cdk-nag packs that were run", len(packs), _PACKS)
    yield _least("gates", "Control Tower rules checked", evidence.guard_rules, GUARD_RULES)
    yield _most("accepted", "stale acknowledgements", stale, 0)


def _accepted(evidence: Evidence) -> Iterator[Measure]:
    rows = [applied(judgement) for judgement in evidence.judgements]
    nag = max(sum(map(of_nag, each)) for each in rows)
    broad = [row for row in evidence.table if row.path.count("/") == 0]
    yield _most("accepted", "acknowledgements for cdk-nag", nag, MOST_OF_NAG)
    yield _most("accepted", "acknowledgements in all", max(map(len, rows)), MOST)
    silenced = [pairs(judgement) for judgement in evidence.judgements]
    by_nag = max(sum(rule.startswith(NAG) for _, rule in each) for each in silenced)
    yield _most("accepted", "cdk-nag, by rule and path", by_nag, MOST_PAIRS_OF_NAG)
    yield _most("accepted", "all tools, by rule and path", max(map(len, silenced)), MOST_PAIRS)
    yield _most("accepted", "acknowledged for a whole stack or app", len(broad), 0)


def _decisions(evidence: Evidence) -> Iterator[Measure]:
    for review in evidence.reviews:
        held = sum(decision.holds for decision in review.decisions)
        cases = len(review.decisions)
        name = f"decisions as expected, {review.environment}"
        enough = cases >= FEWEST_CASES
        target = f"all, of {FEWEST_CASES} or more"
        yield _all("decisions", name, held, cases, target=target, also=enough)


def _mutations(evidence: Evidence) -> Iterator[Measure]:
    known = {(e.policy, e.change) for e in evidence.equivalents}
    for review in evidence.reviews:
        if not review.caught:
            continue
        possible = [c for c in review.caught if (c.mutant.policy, c.mutant.change) not in known]
        noticed = sum(c.by is not None for c in possible)
        name = f"weakened policies noticed, {review.environment}"
        yield _all("mutations", name, noticed, len(possible))


def _permissions(evidence: Evidence) -> Iterator[Measure]:
    found = next(iter(evidence.permissions.values()))
    same = sum(evidence.reviewed_permissions.get(role) == entry for role, entry in found.items())
    several = len(found.keys() | evidence.reviewed_permissions.keys())
    yield _all("permissions", "roles exactly as reviewed", same, several)


def _space(evidence: Evidence) -> Iterator[Measure]:
    space = evidence.space
    yield _least("space", "random configurations", space.count, FEWEST_CONFIGURATIONS)
    yield _most("space", "of them with findings", len(space.findings), 0)


def _weakened(evidence: Evidence) -> Iterator[Measure]:
    caught = sum(one.gate is not None for one in evidence.weakened)
    yield _all("weakened", "weakened properties caught", caught, len(evidence.weakened))


def _threats(evidence: Evidence) -> Iterator[Measure]:
    threats, controls = evidence.threats.threats, evidence.threats.controls
    answered = sum(bool(threat.answers) for threat in threats)
    tested = sum(bool(control.tests) for control in controls)
    yield _all("threats", "threats with a control or an owner", answered, len(threats))
    yield _all("threats", "controls with a test", tested, len(controls))


def _history(evidence: Evidence) -> Iterator[Measure]:
    history = evidence.history
    yield _most("made", "secrets in the history", len(history.secrets), 0)
    yield _most("made", "account numbers in the history", len(history.accounts), 0)


def _costs(evidence: Evidence) -> Iterator[Measure]:
    unpriced = {kind for bill in evidence.bills for kind in bill.unpriced}
    yield _most("cost", "kinds of resources without a price", len(unpriced), 0)


_GROUPS: tuple[Callable[[Evidence], Iterator[Measure]], ...] = (
    *(_gates, _accepted, _permissions, _decisions, _mutations),
    *(_space, _weakened, _threats, _costs, _history),
)


def _most(section: str, name: str, value: int, limit: int) -> Measure:
    target = f"at most {limit:,}" if limit else "0"
    return Measure(
        section=section, name=name, value=f"{value:,}", target=target, met=value <= limit
    )


def _least(section: str, name: str, value: int, limit: int) -> Measure:
    return Measure(
        section=section, name=name, value=f"{value:,}", target=f"{limit:,}", met=value >= limit
    )


def _all(
    section: str, name: str, value: int, of: int, *, target: str = "all", also: bool = True
) -> Measure:
    met = also and of > 0 and value == of
    return Measure(section=section, name=name, value=f"{value:,} of {of:,}", target=target, met=met)
