"""Commands in what is advised, with the file and the model in them, so that they can be copied."""

from collections.abc import Callable
from shlex import quote

from msgspec import structs

from tuning.datasets.report import Finding, Report

CONVERT = "tuning convert PATH --model ID"
_PATH = " PATH "


def filled(report: Report, command: Callable[[str], str]) -> Report:
    """The report with what `command` gives for a file in place of `tuning convert PATH --model ID`,
    and with the file in place of PATH elsewhere.
    """
    return structs.replace(
        report, findings=tuple(_filled(found, command) for found in report.findings)
    )


def _filled(found: Finding, command: Callable[[str], str]) -> Finding:
    if _PATH not in found.fix:
        return found
    fix = found.fix
    if CONVERT in fix:
        fix = fix.replace(CONVERT, command(found.file))
    return structs.replace(found, fix=with_file(fix, found.file))


def with_file(fix: str, file: str) -> str:
    """The advice with the file in place of PATH."""
    return fix.replace(_PATH, f" {quote(file)} ")
