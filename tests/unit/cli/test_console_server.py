"""The server of `tuning console`: who reaches it, who does not, and that nothing of a request is taken on trust."""

import json
import socket

import pytest
from console_world import a_console

from tuning.cli.console_page import console_page

QUESTION = {"assistant": "help-desk", "question": "When?"}


@pytest.fixture
def console():
    with a_console() as made:
        yield made


def test_the_page_asks_and_is_answered(console):
    status, headers, content = console.ask()
    assert (status, headers["content-type"]) == (200, "application/json")
    said = json.loads(content)
    assert (said["answer"], said["outcome"]) == ("At nine [1].", "answered")
    assert console.api.asked == [("help-desk", "When?")]


def test_it_listens_on_this_machine_only(console):
    assert console.server.server_address[0] == "127.0.0.1"
    others = {each[4][0] for each in socket.getaddrinfo(socket.gethostname(), 80)}
    for other in others - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"refused|timed out|unreachable"):
            socket.create_connection((other, console.server.server_address[1]), timeout=2)


def test_each_console_has_a_token_of_its_own_that_nobody_guesses(console):
    with a_console() as other:
        assert other.path != console.path
    assert len(console.path.strip("/")) >= 43  # 32 random bytes


@pytest.mark.parametrize("part", ["", "state", "questions"])
@pytest.mark.parametrize(
    "wrong",
    [
        str.upper,
        lambda t: t[:-1],
        lambda t: f"{t}x",
        lambda t: f"../{t}",
        lambda _: "",
        lambda _: "%C3%A9",
    ],
)
def test_without_the_token_there_is_nothing(console, part, wrong):
    path = f"/{wrong(console.path.strip('/'))}/{part}"
    usual = {"Origin": console.server.origin, "Content_Type": "application/json"}
    asked = part == "questions"
    got = console.send("POST", path, QUESTION, **usual) if asked else console.send("GET", path)
    assert got[0] == 404
    assert console.api.asked == []


def test_a_path_that_is_no_ascii_is_nothing_either(console):
    with socket.create_connection(console.server.server_address) as sent:
        sent.sendall(f"GET /é/ HTTP/1.0\r\nHost: {console.server.host}\r\n\r\n".encode())
        assert b" 404 " in sent.makefile("rb").readline()


@pytest.mark.parametrize(
    "host",
    ["localhost:{}", "attacker.example:{}", "attacker.example", "127.0.0.1", "127.0.0.1:1", "[::1]:{}", None,
     ["127.0.0.1:{}", "attacker.example"], ["127.0.0.1:{}", "127.0.0.1:{}"]],
)  # fmt: skip
def test_a_name_that_leads_here_is_not_this_address(console, host):
    """DNS rebinding: a page of another site, whose name resolves to this machine a second later."""
    port = console.server.server_address[1]
    sent = (
        [each.format(port) for each in host]
        if isinstance(host, list)
        else host and host.format(port)
    )
    for status, _, content in (console.get(Host=sent), console.ask(Host=sent)):
        assert status == 421
        assert console.path.encode() not in content
    assert console.api.asked == []


@pytest.mark.parametrize(
    "origin",
    ["https://attacker.example", "null", None, "http://127.0.0.1", "http://127.0.0.1:1", "http://localhost:{}",
     "https://127.0.0.1:{}", ["http://127.0.0.1:{}", "https://attacker.example"]],
)  # fmt: skip
def test_a_question_of_another_page_is_refused(console, origin):
    port = console.server.server_address[1]
    sent = (
        [each.format(port) for each in origin]
        if isinstance(origin, list)
        else origin and origin.format(port)
    )
    status, headers, _ = console.ask(Origin=sent)
    assert status == 403
    assert not any(name.startswith("access-control") for name in headers)
    assert console.api.asked == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_browser_that_says_where_a_question_comes_from_is_believed(console, site):
    assert console.ask(Sec_Fetch_Site=site)[0] == 403
    assert console.ask(Sec_Fetch_Site="same-origin")[0] == 200
    assert len(console.api.asked) == 1


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_a_form_can_send_is_no_question(console, kind):
    assert console.ask(Content_Type=kind)[0] == 415
    assert console.api.asked == []


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "HEAD", "TRACE", "X" * 300])
def test_another_method_does_nothing(console, method):
    status, headers, content = console.send(method, f"{console.path}questions")
    assert status in (501, 400)
    assert not any(name.startswith("access-control") for name in headers)
    assert b"<" not in content


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"null", 400),
        (b"[" * 100_000, 400),
        (b"\xff", 400),
        ([], 400),
        ({}, 400),
        ({**QUESTION, "more": 1}, 400),
        ({**QUESTION, "assistant": "other"}, 400),
        ({**QUESTION, "assistant": ["help-desk"]}, 400),
        ({**QUESTION, "question": 1}, 400),
        ({**QUESTION, "question": " \n"}, 400),
        ({**QUESTION, "question": "x" * 8_001}, 400),
        ({**QUESTION, "question": "x" * 200_000}, 413),
    ],
)
def test_what_is_no_question_is_refused_with_a_sentence(console, body, status):
    got, _, content = console.ask(body)
    assert got == status
    assert json.loads(content)["error"].endswith(".")
    assert console.api.asked == []


@pytest.mark.parametrize("length", [None, "x", "-1", "1e3", "٣", "9" * 5_000])
def test_a_body_without_a_length_is_not_read(console, length):
    sent = None if length is None else length.encode().decode("latin-1")
    assert console.ask(Content_Length=sent)[0] in (411, 413)
    assert console.api.asked == []


def test_the_longest_question_has_room_in_whatever_script(console):
    assert console.ask({**QUESTION, "question": "😀" * 8_000})[0] == 200


def test_every_answer_forbids_all_that_is_not_needed(console):
    page = console_page()
    for got, policy in (
        (console.get(), page.policy),
        (console.get("state"), "default-src 'none'; frame-ancestors 'none'"),
        (console.get("nothing"), "default-src 'none'; frame-ancestors 'none'"),
        (console.ask(), "default-src 'none'; frame-ancestors 'none'"),
        (console.send("PUT", "/"), "default-src 'none'; frame-ancestors 'none'"),
    ):
        headers = got[1]
        assert headers["content-security-policy"] == policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "python" not in headers["server"].casefold()


def test_the_page_has_no_token_and_names_nothing_beyond_itself(console):
    _, _, content = console.get()
    text = content.decode()
    assert console.path.strip("/") not in text
    assert "src=" not in text
    assert "http" not in text.replace("https://www.w3.org/WAI", "")
    assert "innerHTML" not in text


def test_nothing_of_a_request_is_logged(console, capfd):
    console.ask()
    console.get("nothing")
    console.send("PUT", console.path)
    assert capfd.readouterr() == ("", "")


def test_a_browser_that_goes_away_harms_nobody(console, capfd):
    sent = socket.create_connection(console.server.server_address)
    sent.sendall(
        f"POST {console.path}questions HTTP/1.1\r\nHost: {console.server.host}\r\n".encode()
    )
    sent.close()
    assert console.ask()[0] == 200
    assert capfd.readouterr().err == ""


def test_questions_at_once_are_all_answered_and_counted():
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 — for this alone

    with a_console() as console, ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: console.ask(), range(16)))
        assert {status for status, _, _ in got} == {200}
        sums = sorted(json.loads(content)["spent_usd"] for _, _, content in got)
        assert sums[-1] == "0.0016"
