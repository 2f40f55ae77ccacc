"""Runs commands as they were printed, one after the other, until there is nothing to run."""

import re
import shlex
import sys

from tuning import __main__ as tuning

END = "the end of the road"
ROUNDS = 5
COMMAND = re.compile(
    r"tuning (?:convert|check|split|stats) '?[\w.-]+\.\w+\b.*?(?= or tuning | says why|$)",
    re.MULTILINE,
)


def runner(monkeypatch, capfdbinary, folder):
    """Runs a command as a shell would, in that folder; gives exit code and what it said."""
    monkeypatch.chdir(folder)

    def command(line):
        words = shlex.split(line)
        assert words[0] == "tuning"
        monkeypatch.setattr(sys, "argv", words)
        try:
            tuning.run()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return command


def commands(text):
    """The commands in what was printed, each once, in order."""
    return list(dict.fromkeys(match[0] for match in COMMAND.finditer(text)))


def followed(run, line, folder):
    """The commands run one after the other, the first advised each time, and how it ended."""
    said = ""
    for _ in range(ROUNDS):
        for old in folder.glob("*.converse.jsonl"):
            old.unlink()
        code, out, err = run(line)
        said = out + err
        assert code in (0, 1, 2), said
        assert "Traceback" not in said
        assert "PATH" not in said
        assert "--model ID" not in said
        if code == 0:
            return "accepted", line
        if (
            END in said
            or "cannot be split" in said
            or (line.startswith("tuning check") and not commands(said))
        ):
            return "end", line  # a check that names no command says at each place how to fix it
        assert commands(said), f"{line}: refused without advice\n{said}"
        line = commands(said)[0]
    raise AssertionError(f"{line}: advice in circles\n{said}")
