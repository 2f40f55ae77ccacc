"""Which mutants do the tests find? `make mutants`; what it writes is explained in docs/mutants.md.

One process imports the tests and runs each once, under coverage, which notes the lines that each test
runs. Then every mutant lives in a fork of that process, in which the code objects of its function are
replaced: the tests that run its lines are run, the fastest first, until one fails.
"""

import argparse
import gc
import json
import os
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import coverage
import pytest
from _pytest.runner import runtestprotocol
from arguments import Argued, argued, judged
from aws_mutations import named
from code_mutations import ROOT, Mutant, generic, parsed, places
from hypothesis import HealthCheck, Phase, settings
from replaced_code import Loaded

ROOMS = ("tuning/runs", "tuning/releases", "tuning/aws", "lambdas")
TESTS = "tests/unit"
NOT_THEIRS = ("convert", "dataset", "adapters", "render")
"""Rooms of tests/unit that are about other rooms than these."""
SECONDS = 20
"""Of processor time that a mutant's tests may take beyond three times what they take without it: a loop
that does not end is found out by that."""
_LATE = "-Wignore::pytest.PytestAssertRewriteWarning"
"""The warning of a plugin that was imported before pytest; its own assertions are not read."""
SURVIVED, KILLED, UNFIT, CRASHED = 0, 1, 2, 3


def mutants(paths: Iterable[str], *, only_named: bool) -> Iterator[Mutant]:
    for path in paths:
        tree, text = parsed(path)
        for place in places(tree):
            seen = set[str]()
            for operators, is_named in ((named, True), (generic, False)):
                if is_named or not only_named:
                    for operator, new in operators(place):
                        if operator not in seen:
                            seen.add(operator)
                            yield Mutant(
                                path=path, place=place, new=new, operator=operator,
                                named=is_named, text=text,
                            )  # fmt: skip


def sources(patterns: Sequence[str]) -> list[str]:
    found = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    paths = [path.relative_to(ROOT).as_posix() for path in found]
    return [path for path in paths if not patterns or any(each in path for each in patterns)]


@dataclass
class Hunt:
    """A plugin of pytest: in place of running the tests once, it runs them against each mutant."""

    patterns: Sequence[str]
    only_named: bool
    minutes: float
    jobs: int
    seconds: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    unseen: int = 0
    """Mutants that the time did not suffice for."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        assert not session.testsfailed, "the tests could not be collected"
        lines = self._lines(session.items)
        items = {item.nodeid: item for item in session.items}
        chosen = list(mutants(sources(self.patterns), only_named=self.only_named))
        chosen.sort(key=lambda each: not each.named)
        ends = time.monotonic() + self.minutes * 60
        loaded = Loaded.now()
        gc.freeze()
        self._run([([each], self._tests([each], lines)) for each in chosen], items, loaded, ends)
        keys = {_key(each) for each in self.results if each["outcome"] == "killed"}
        killed = [each for each in chosen if each.named and each.key in keys]
        self._run([(five, self._tests(five, lines)) for five in fives(killed)], items, loaded, ends)
        return True

    def _lines(self, items: Sequence[pytest.Item]) -> dict[tuple[str, int], set[str]]:
        """The tests that run each line."""
        measured = coverage.Coverage(
            data_file=None, config_file=False, source=[str(ROOT / room) for room in ROOMS]
        )
        measured.start()
        for item, after in zip(items, [*items[1:], None], strict=True):
            measured.switch_context(item.nodeid)
            began = time.process_time()
            if failed(item, after):
                self.broken.append(item.nodeid)
            self.seconds[item.nodeid] = time.process_time() - began
        measured.stop()
        found = defaultdict(set)
        data = measured.get_data()
        for path in sources(()):
            for line, tests in data.contexts_by_lineno(str(ROOT / path)).items():
                found[path, line] = set(tests) - {"", *self.broken}
        return found

    def _tests(self, changes: list[Mutant], lines: Mapping[tuple[str, int], set[str]]) -> list[str]:
        """The fastest first. A constant is used by whoever runs any of its file."""
        found = set[str]()
        for mutant in changes:
            for (path, line), tests in lines.items():
                if path == mutant.path and (not mutant.place.function or line in mutant.lines):
                    found |= tests
        return sorted(found, key=lambda test: (self.seconds[test], test))

    def _run(
        self,
        work: Sequence[tuple[list[Mutant], list[str]]],
        items: Mapping[str, pytest.Item],
        loaded: Loaded,
        ends: float,
    ) -> None:
        running: dict[int, tuple[list[Mutant], int]] = {}
        for n, (changes, tests) in enumerate(work):
            if time.monotonic() > ends:
                self.unseen += len(work) - n
                break
            if not tests:
                self._note(changes, "survived", "no test runs it")
                continue
            while len(running) >= self.jobs:
                self._reap(running)
            reader, writer = os.pipe()
            if (pid := os.fork()) == 0:
                usual = sum(self.seconds[test] for test in tests)
                _live(loaded, changes, [items[test] for test in tests], usual, writer)
            os.close(writer)
            running[pid] = (changes, reader)
        while running:
            self._reap(running)

    def _reap(self, running: dict[int, tuple[list[Mutant], int]]) -> None:
        pid, status = os.wait()
        changes, reader = running.pop(pid)
        with os.fdopen(reader) as said:
            by = said.read()
        if os.WIFSIGNALED(status):
            return self._note(changes, "killed", "it does not end")
        code = os.WEXITSTATUS(status)
        assert code != CRASHED, f"the tool failed at {changes[0].key}"
        outcome = {SURVIVED: "survived", KILLED: "killed", UNFIT: "no mutant"}[code]
        return self._note(changes, outcome, by)

    def _note(self, changes: list[Mutant], outcome: str, by: str) -> None:
        for each in changes if len(changes) == 1 else ():
            where, line, operator = each.key
            self.results.append(
                {"where": where, "line": line, "change": operator, "named": each.named,
                 "at": each.place.node.lineno, "outcome": outcome, "by": by}
            )  # fmt: skip
        if len(changes) > 1:
            text = " + ".join(" ".join(each.key) for each in changes)
            self.results.append({"where": text, "line": "", "change": "five at once", "named": True,
                                 "at": 0, "outcome": outcome, "by": by})  # fmt: skip
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{len(self.results):,} mutants")


def _key(result: Mapping[str, Any]) -> tuple[str, str, str]:
    return result["where"], result["line"], result["change"]


def fives(chosen: Sequence[Mutant]) -> list[list[Mutant]]:
    """Mutants that are found one by one, five at once: one must not hide the others. No two are of one
    function."""
    rest, groups = [each for each in chosen if each.place.function], []
    while rest:
        group: dict[tuple[str, str], Mutant] = {}
        for each in rest:
            if len(group) < 5:
                group.setdefault((each.path, each.place.function), each)
        if len(group) < 5:
            break
        rest = [each for each in rest if each not in group.values()]
        groups.append(list(group.values()))
    return groups


def failed(item: pytest.Item, after: pytest.Item | None) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))


def _live(
    loaded: Loaded, changes: list[Mutant], items: list[pytest.Item], usual: float, writer: int
) -> None:
    """In a fork. It ends by an exit code, or by a signal when it takes too long."""
    code = CRASHED
    try:
        limit = int(SECONDS + 3 * usual)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        code = SURVIVED if loaded.become(changes) else UNFIT
        for item, after in zip(items, [*items[1:], None], strict=True):
            if code == SURVIVED and failed(item, after):
                os.write(writer, item.nodeid.encode())
                code = KILLED
    except (SyntaxError, ValueError) as error:  # of a change that Python does not accept there
        os.write(writer, str(error).encode())
        code = UNFIT
    finally:
        os._exit(code)


def report(hunt: Hunt, known: Sequence[Argued]) -> int:
    """Prints score and survivors. The exit code: 1 when a survivor is not argued, or an argument idle."""
    lived = [each for each in hunt.results if each["outcome"] != "no mutant"]
    count = Counter(each["outcome"] for each in lived)
    survivors = [each for each in lived if each["outcome"] == "survived"]
    whole = not hunt.patterns and not hunt.unseen
    wrong = judged(survivors, hunt.results, known, whole=whole, only_named=hunt.only_named)
    folder = ROOT / "build/mutants"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(hunt.results, indent=1), "utf-8")
    out = sys.stdout.write
    out("\n".join(["", *wrong, ""]))
    by_named = [each for each in lived if each["named"]]
    out(
        f"\n{count['killed']} of {len(lived)} mutants killed; {len(by_named)} of them are named faults. "
    )
    out(f"{len(survivors)} survive; {hunt.unseen} were not tried.\n")
    for test in hunt.broken:
        out(f"fails without any mutant, and was set aside: {test}\n")
    return 1 if wrong or hunt.broken else 0


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", help="parts of paths: ledger budgets; none is all")
    parser.add_argument("--named", action="store_true", help="only the faults of programs on AWS")
    parser.add_argument("--minutes", type=float, default=60, help="when to stop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(words)
    settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None, max_examples=30,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutants")
    hunt = Hunt(
        patterns=chosen.paths, only_named=chosen.named, minutes=chosen.minutes, jobs=chosen.jobs
    )
    ignored = [f"--ignore=tests/unit/{room}" for room in NOT_THEIRS]
    code = pytest.main(
        ["-q", "-p", "no:cacheprovider", "--capture=sys", _LATE, *ignored, TESTS], [hunt]
    )
    return int(code) if code not in (0, 5) else report(hunt, argued())


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
