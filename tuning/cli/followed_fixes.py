"""The fixes that `tuning check` prints: commands were tried on the file before they are printed."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from msgspec import structs

from tuning.datasets.convert.command import Command
from tuning.datasets.convert.followable import CONVERT, filled
from tuning.datasets.convert.foreign import inspected
from tuning.datasets.convert.tried_commands import Advice, advised
from tuning.datasets.report import Finding, Report
from tuning.models.catalog import Method
from tuning.runs.recipes import FINE_TUNING, Recipe


def followed(report: Report, recipe: Recipe, method: Method) -> Report:
    """The report with commands that convert a file, whole. The first fault of a file in another dialect
    says so, and has the command too.
    """

    def plain(file: str) -> Command:
        chosen = () if recipe.method == FINE_TUNING else (("--method", recipe.method),)
        return Command(path=file, options=(("--model", recipe.base_model), *chosen))

    @cache
    def advice(file: str) -> Advice:
        path = Path(file)
        return advised(plain(file), lambda: path.open("rb"), name=file)

    def command(file: str) -> str:
        found = advice(file).commands
        return _warning(found[0]) + " or ".join(map(str, found))

    def hinted(found: Finding) -> Finding:
        with Path(found.file).open("rb") as stream:
            why = inspected(stream, name=found.file, method=method, mapping={}).foreign
        if why is None or not advice(found.file).commands:
            return found
        return structs.replace(found, fix=f"{found.fix} Or, as {why}, convert the file: {CONVERT}")

    def helpless(found: Finding) -> Finding:
        """Where no conversion is accepted, nobody is sent there to find out."""
        if CONVERT not in found.fix or advice(found.file).commands:
            return found
        before = found.fix[: found.fix.index(CONVERT)].rpartition(". ")[0]
        said = (
            f"No conversion of the file as it is would be accepted: {plain(found.file)} says why."
        )
        return structs.replace(found, fix=f"{before}. {said}" if before else said)

    hints = _first_faults(report, hinted)
    shown = structs.replace(hints, findings=tuple(map(helpless, hints.findings)))
    return filled(shown, command)


def _warning(command: Command) -> str:
    """What is learned of the data after this command that its author may not want."""
    if command.has("--keep"):
        return "with only the preferred answers, as no Amazon Bedrock method accepts preferences, "
    if any(field.endswith(".weight") for field in command.values("--drop")):
        return "with the answers of weight 0 trained on too, as Bedrock has no such mark, "
    return ""


def _first_faults(report: Report, hinted: Callable[[Finding], Finding]) -> Report:
    """The report with a hint at the first error of each file that has no command in any."""
    named = {found.file for found in report.findings if CONVERT in found.fix}
    fixes: dict[tuple[str, str, str], str] = {}
    for found in report.findings:
        if found.severity == "error" and found.line and found.file not in named:
            named.add(found.file)
            fixes[found.file, found.rule, found.fix] = hinted(found).fix
    findings = (
        structs.replace(f, fix=fixes.get((f.file, f.rule, f.fix), f.fix)) for f in report.findings
    )
    return structs.replace(report, findings=tuple(findings))
