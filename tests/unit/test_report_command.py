"""The page of a run, as typed; AWS is in dictionaries."""

import json
import webbrowser

import pytest
from cli_world import an_account, left
from msgspec import structs
from recipe_refusal_cases import refusal
from sample_runs import CHECK, LIVE, TRAINED, VERSION, evaluation

from tuning.aws.model_registry import ModelRegistry
from tuning.cli.account import Account
from tuning.cli.aws_errors import AccountError, UnknownRunError
from tuning.cli.report_command import report_command
from tuning.errors import OptionError
from tuning.releases.evaluated_version import EvaluatedVersion, candidate_key

RUN = TRAINED.id


@pytest.fixture
def account(aws, monkeypatch, tmp_path):
    """A trained run with its report, version and what is live, and a folder of one's own."""
    monkeypatch.chdir(tmp_path)
    made = an_account(aws, monkeypatch)
    made.dynamodb.lay(TRAINED)
    made.dynamodb.lay(LIVE)
    ModelRegistry(ledger=Account.of("dev").ledger).register(VERSION)
    made.s3.lay("artifacts", f"runs/{RUN}/report.json", json.dumps(CHECK).encode())
    return made


@pytest.fixture
def opened(monkeypatch):
    """What the browser was asked for; it shows it, unless the test says otherwise."""
    asked = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: not asked.append(uri))
    return asked


def reported(capsys, **given):
    assert left(report_command, **{"run": RUN, "shown": "json", **given}) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("account")
def test_the_page_is_written_here_under_the_run_s_id_from_all_that_is_known(tmp_path, capsys):
    said = reported(capsys, run=RUN[:10])
    assert said["page"] == f"{RUN}.html"
    assert (said["run"], said["state"], said["opened"]) == (RUN, "trained", False)
    page = (tmp_path / f"{RUN}.html").read_text("utf-8")
    for words in (
        "12,400 records",
        "Contradiction",
        "1 of support-nova-lite",
        "not live; version 2",
    ):
        assert words in page


@pytest.mark.usefixtures("account")
def test_it_is_shown_in_the_browser_when_it_is_asked_for(tmp_path, capsys, opened):
    assert reported(capsys, shows=True)["opened"] is True
    assert opened == [(tmp_path / f"{RUN}.html").as_uri()]


@pytest.mark.usefixtures("account")
def test_where_there_is_no_browser_the_reader_is_given_the_address(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda _uri: False)
    assert left(report_command, run=RUN, shows=True) == 0
    assert (tmp_path / f"{RUN}.html").as_uri() in capsys.readouterr().err


@pytest.mark.usefixtures("account")
def test_an_earlier_page_is_overwritten_and_a_foreign_file_is_not(tmp_path, capsys):
    mine = tmp_path / "mine.html"
    reported(capsys, out=mine)
    before = mine.read_text("utf-8")
    mine.write_text(before.replace("Trained", "Overtaken"), encoding="utf-8")
    reported(capsys, out=mine)
    assert "Overtaken" not in mine.read_text("utf-8")
    mine.write_text("<p>of mine</p>", encoding="utf-8")
    with pytest.raises(OptionError, match="already exists; overwrite it with --force"):
        report_command(run=RUN, out=mine)
    assert mine.read_text("utf-8") == "<p>of mine</p>"
    reported(capsys, out=mine, force=True)
    assert "Trained" in mine.read_text("utf-8")


def evaluated(account, **changes):
    """The version's release has evaluated it."""
    of_one = {"recipe": VERSION.recipe, "version": 1, "execution": "e", "deployment": "d"}
    times = {"begun_at": "2026-11-23T07:00:00Z", "due": "2026-11-23T13:00:00Z"}
    key = candidate_key(VERSION.recipe, 1)
    account.dynamodb.lay(EvaluatedVersion(id=key, **of_one, **times, **changes))


def test_the_evaluation_of_its_release_is_part_of_the_page(account, tmp_path, capsys):
    key = f"runs/{RUN}/evaluations/e/evaluation.json"
    account.s3.lay("artifacts", key, json.dumps(evaluation("hold").to_json()).encode())
    evaluated(account, outcome="held", evaluation_uri=f"s3://artifacts/{key}")
    reported(capsys)
    page = (tmp_path / f"{RUN}.html").read_text("utf-8")
    assert "Worst regressions, 2 of 48" in page
    assert "was not checked" not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"outcome": "failed", "summary": "The candidate was not deployed."}, "was not deployed"),
        ({"outcome": "evaluating"}, "It is being evaluated."),
        ({"outcome": "held", "evaluation_uri": "s3://artifacts/gone"}, "NoSuchKey"),
    ],
)
def test_why_there_is_no_evaluation_is_on_the_page(account, tmp_path, capsys, changes, said):
    evaluated(account, **changes)
    reported(capsys)
    assert said in (tmp_path / f"{RUN}.html").read_text("utf-8")


def test_an_evaluation_that_was_printed_is_part_of_the_page(account, tmp_path, capsys):
    file = tmp_path / "evaluation.json"
    file.write_text(json.dumps(evaluation("hold").to_json()), encoding="utf-8")
    reported(capsys, evaluation=file)
    page = (tmp_path / f"{RUN}.html").read_text("utf-8")
    assert "Worst regressions, 2 of 48" in page
    assert "From evaluation.json" in page
    assert "it was not checked that it is about this model" in page
    file.write_text('{"decision": 1}', encoding="utf-8")
    account.dynamodb.items.clear()  # nothing is asked of AWS for an option that is wrong
    with pytest.raises(OptionError, match=r"evaluation\.json: not what tuning evaluate"):
        report_command(run=RUN, evaluation=file)


def test_a_report_that_is_denied_leaves_a_page_that_says_so(account, tmp_path, capsys, monkeypatch):
    def denied(**_):
        raise refusal("AccessDenied", "GetObject", 403)

    monkeypatch.setattr(account.s3, "get_object", denied)
    reported(capsys)
    page = (tmp_path / f"{RUN}.html").read_text("utf-8")
    assert "Its report cannot be read. AWS refused GetObject: AccessDenied" in page
    assert "Accepted: 12,400 records." in page


def test_a_run_that_was_not_checked_yet_has_a_page_and_asks_for_no_report(
    account, tmp_path, capsys
):
    fresh = structs.replace(TRAINED, id="ab" * 16, state="started", dataset=None, outcome=None)
    account.dynamodb.lay(fresh)
    assert reported(capsys, run="abab")["state"] == "started"
    assert account.s3.reads == []
    assert (tmp_path / f"{'ab' * 16}.html").exists()


@pytest.mark.usefixtures("account")
def test_a_run_that_nobody_knows_writes_nothing(tmp_path):
    with pytest.raises(UnknownRunError, match="no such run"):
        report_command(run="fff")
    assert list(tmp_path.iterdir()) == []


def test_without_access_to_the_ledger_it_is_an_error_of_aws(account, tmp_path, monkeypatch):
    def denied(**_):
        raise refusal("AccessDeniedException", "GetItem", 400)

    monkeypatch.setattr(account.dynamodb, "get_item", denied)
    with pytest.raises(AccountError, match="AWS refused GetItem: AccessDeniedException"):
        report_command(run=RUN)
    assert list(tmp_path.iterdir()) == []
