"""The sections of the page that are about findings, threats, costs and where all this comes from."""

from collections import Counter
from decimal import Decimal

from diagrams.mermaid import mermaid
from diagrams.svg import svg
from review.evidence import Evidence, applied
from review.findings import ToolFinding
from review.sheet_parts import Section, code, folded, grid, link, listing, sign, without_markup
from tuning.constructs.acknowledgements import Accepted
from tuning.reports.elements import Child, el
from tuning.reports.scale import count


def gates(evidence: Evidence) -> Section:
    judgements = evidence.judgements
    tools = sorted({tool for j in judgements for tool in j.by_tool()})
    counts = [judgement.by_tool() for judgement in judgements]
    rows: list[list[Child]] = [
        [
            tool,
            *(f"{c.get(tool, Counter())[kind]:,}" for c in counts for kind in ("open", "accepted")),
        ]
        for tool in tools
    ]
    head = [f"{j.environment}: {kind}" for j in judgements for kind in ("open", "set aside")]
    found = [f for judgement in judgements for f in judgement.open]
    asked = f"{evidence.guard_rules:,} of Control Tower's rules were checked."
    said = "Each tool read everything that app.py deploys; its report counts, not its exit code."
    return Section(
        anchor="gates",
        name="Findings",
        title="What the tools find",
        said=f"{said} {asked} What is set aside is in the next section, with its reason.",
        body=[grid(["tool", *head], rows, class_="figures"), _found(found) if found else None],
    )


def _found(found: list[ToolFinding]) -> Child:
    rows: list[list[Child]] = [
        [f.tool, code(f.rule), code(f"{f.environment}/{f.path}"), f.text] for f in found
    ]
    return folded("Findings without a decision", count(len(found), "finding"),
                  grid(["tool", "rule", "where", "what"], rows), bad=True)  # fmt: skip


def accepted_findings(evidence: Evidence) -> Section:
    found: dict[tuple[str, str], Counter[str]] = {}
    for judgement in evidence.judgements:
        for _, row in judgement.accepted:
            counts = found.setdefault((row.path, row.reason), Counter())
            counts[judgement.environment] += 1
    stale = [(j.environment, *pair) for j in evidence.judgements for pair in j.stale]
    rows = [_decision(row, found.get((row.path, row.reason), Counter())) for row in evidence.table]
    used = len({(r.path, r.reason) for j in evidence.judgements for r in applied(j)})
    return Section(
        anchor="accepted",
        name="Accepted",
        title="What is accepted, and why",
        said=(
            f"{count(len(evidence.table), 'decision')}, {used} of them in use by app.py's environments; "
            "the others belong to settings that none of them has. None is for a whole stack. By rule and "
            "path cdk-nag's are more than the 24 that were wanted; decision 0015 says which and why."
        ),
        body=[
            el("ul", [el("li", f"Stale in {e}: {rule} on {row.path}") for e, row, rule in stale]),
            el("div", rows, class_="decisions"),
        ],
    )


def _decision(row: Accepted, found: Counter[str]) -> Child:
    often = ", ".join(f"{environment} {n}" for environment, n in found.items())
    when = f"only where {row.when}" if row.when else "not in use"
    return el(
        "article",
        el("h3", code(row.path), el("span", often or when, class_="times")),
        el("p", row.reason.replace("`", "")),
        el("p", [[code(rule), " "] for rule in row.rules], class_="rules"),
        el("p", link("Evidence", row.evidence), f" · answers for it: {row.owner}", class_="owner"),
        class_="rule",
    )


def space(evidence: Evidence) -> Section:
    result = evidence.space
    broken = [
        folded(code(str(one.configuration)), "broken", listing(str(one).splitlines()), bad=True)
        for one in result.findings
    ]
    drawn = folded(
        "The configurations", count(result.count, "configuration"), listing(evidence.drawn)
    )
    return Section(
        anchor="space",
        name="Configurations",
        title="Any configuration, not only these",
        said=(
            "Drawn at random, with a fixed seed, from all that Config lets through: defaults, extremes, "
            "and what is odd but lawful. Each was checked with all packs of cdk-nag and against the "
            "sizes that AWS takes."
        ),
        body=[broken, drawn],
    )


def weakened_properties(evidence: Evidence) -> Section:
    rows: list[list[Child]] = [
        [one.property, one.gate or el("b", "✗ nobody", class_="bad")] for one in evidence.weakened
    ]
    missed = any(one.gate is None for one in evidence.weakened)
    table = grid(["holds no longer", "caught by"], rows, class_="prose")
    return Section(
        anchor="weakened",
        name="Weakened",
        title="Whether a weaker template would be caught",
        said="Each security property of the templates was removed in turn.",
        body=[
            folded("The properties", count(len(rows), "property", "properties"), table, bad=missed)
        ],
    )


def threats(evidence: Evidence) -> Section:
    model = evidence.threats
    answers = [[t.id, t.element, t.kind, t.text, " ".join(t.answers)] for t in model.threats]
    controls: list[list[Child]] = [
        [
            c.id,
            without_markup(c.text),
            [el("p", code(t.name), " ", t.path, class_="proof") for t in c.tests],
        ]
        for c in model.controls
    ]
    remains = [[r.id, without_markup(r.text), r.owner] for r in model.risks]
    return Section(
        anchor="threats",
        name="Threats",
        title="Threats, controls, what remains",
        said="STRIDE for each element of the data flow. Signing off means accepting what remains.",
        body=[
            el("h3", "What remains, and who answers for it"),
            grid(["id", "what remains", "owner"], remains, class_="prose ids"),
            folded("Threats", count(len(answers), "threat"),
                   grid(["id", "element", "kind", "threat", "answer"], answers, class_="prose ids")),
            folded("Controls, and the tests that fail without them", count(len(controls), "control"),
                   grid(["id", "control", "tests"], controls, class_="prose ids")),
        ],
    )  # fmt: skip


def data_flow(evidence: Evidence) -> Section:
    drawn = evidence.pictures["boundaries"]
    arrows = drawn.described()
    return Section(
        anchor="flow",
        name="Data flow",
        title="What crosses a trust boundary",
        said="Drawn from the templates. Heavy lines carry data, light ones commands and notices.",
        body=[
            svg(drawn, anchor="boundaries", title="Data flow across trust boundaries"),
            folded("In words", count(len(arrows), "arrow"), grid(["from", "to", "what"], arrows)),
            [
                folded(f"As Mermaid: {name}", "", listing(mermaid(graph).splitlines()))
                for name, graph in evidence.pictures.items()
            ],
        ],
    )


def cost(evidence: Evidence) -> Section:
    tables = []
    for bill in evidence.bills:
        rows: list[list[Child]] = [
            [line.what, f"{line.units:,}", f"{line.usd} an hour" if line.per == "hour" else f"{line.usd}",
             _dollars(line.month), [line.note, " ", link("Source", line.source)]]
            for line in bill.lines
        ]  # fmt: skip
        rows.append([el("b", "Together"), "", "", el("b", _dollars(bill.month)), ""])
        head = ["what", "units", "USD each", "USD a month", "how sure"]
        tables += [el("h3", bill.environment), grid(head, rows, class_="prose")]
        tables += [el("p", f"No price: {', '.join(bill.unpriced)}", class_="bad")] * bool(
            bill.unpriced
        )
    as_of = evidence.bills[0].as_of
    return Section(
        anchor="cost",
        name="Cost",
        title="What it costs when nothing runs",
        said=f"Counted in the templates, at list prices of {as_of} in us-east-1, without free tiers.",
        body=tables,
    )


def _dollars(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def templates(evidence: Evidence) -> Section:
    files = [
        folded(code(name), f"{len(text):,} bytes", listing(text.splitlines()))
        for name, text in evidence.templates.items()
    ]
    return Section(
        anchor="templates",
        name="Templates",
        title="Templates",
        said="Exactly what CloudFormation is given.",
        body=files,
    )


def made(evidence: Evidence) -> Section:
    commit, history = evidence.commit, evidence.history
    rows: list[list[Child]] = [[name, code(version)] for name, version in evidence.versions.items()]
    changed = " The working copy had uncommitted changes." if commit.changed else ""
    clean = not history.secrets and not history.accounts
    return Section(
        anchor="made",
        name="Origin",
        title="Where this comes from",
        said=f"Commit {commit.id} of {commit.date}.{changed}",
        body=[
            grid(["tool", "version"], rows),
            el("p", sign(good=clean), f" {count(history.commits, 'commit')} read, every line that any of "
               f"them added or took away: {count(len(history.secrets), 'secret')}, "
               f"{count(len(history.accounts), 'account number')}.", class_="remark"),
        ],
    )  # fmt: skip
