"""Every command that is printed is run as it is printed, until a file is accepted or it is said that
this is the end of the road."""

import json
import shlex

import pytest
from convert.advice_following import followed
from convert.peoples_files import FILES, packed

pytestmark = pytest.mark.thorough

NOVA_MICRO = "amazon.nova-micro-v1:0:128k"
ASKED = ["convert", "check", "stats", "split"]
"""The commands whose advice is followed."""


@pytest.fixture(scope="session")
def files():
    pytest.importorskip("openpyxl")
    pytest.importorskip("backports.zstd")
    return {**FILES, **packed()}


NAMES = [*FILES, "pairs.jsonl.gz", "pairs.jsonl.bz2", "pairs.jsonl.xz", "pairs.jsonl.zst"]
NAMES += ["cut.jsonl.zst", "archive.zip", "two.zip", "book.xlsx", "sheets.xlsx", "broken.xlsx"]


def test_every_packed_file_is_followed_too():
    assert {*FILES, *packed()} == set(NAMES)


def printed(program, name):
    model = f" --model {NOVA_MICRO}" if program in ("convert", "check") else ""
    return f"tuning {program} {name}{model}"


@pytest.mark.parametrize("program", ASKED)
@pytest.mark.parametrize("name", NAMES)
def test_advice_ends_at_an_accepted_file_or_says_that_this_is_the_end(
    run, files, tmp_path, name, program
):
    content, records = files[name]
    (tmp_path / name).write_bytes(content)
    ended, last = followed(run, printed(program, name), tmp_path)
    if program in ("stats", "split"):
        assert ended == "accepted" or records is None or "--skip-refused" in last or ended == "end"
        return
    assert (ended == "accepted") == (records is not None)
    if ended == "accepted" and last.startswith("tuning convert"):
        (written,) = tmp_path.glob("*.converse.jsonl")
        assert len(written.read_bytes().splitlines()) == records
        model = shlex.split(last)[shlex.split(last).index("--model") + 1]
        code, out, _ = run(
            f"tuning check {shlex.quote(written.name)} --model {model} --format json"
        )
        errors = {f["rule"] for f in json.loads(out)["findings"] if f["severity"] == "error"}
        assert errors <= {"DS601"}, out  # few records are no fault of the conversion
        assert code == (1 if errors else 0)
