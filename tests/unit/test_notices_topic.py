import re
from pathlib import Path

import pytest

from tuning.aws.notices_topic import NoticesTopic
from tuning.reports.visible_text import printable

ROOT = Path(__file__).parents[2]


class Topic:
    def __init__(self):
        self.sent = []

    def publish(self, **notice):
        self.sent.append(notice)


@pytest.mark.parametrize("text", ["a\nb", "a\r\x1b[2Jb", "a\u2028b\u202e", "é" * 300, "a\x85b"])
def test_a_notice_is_one_line_and_its_subject_is_what_sns_takes(text):
    topic = Topic()
    NoticesTopic(arn="arn:topic", client=lambda _service: topic).publish(text, text)
    (sent,) = topic.sent
    assert re.fullmatch("[ -~]{1,99}", sent["Subject"])
    assert sent["Message"] == printable(text)
    assert len(sent["Message"].splitlines()) == 1


def test_nothing_but_the_topic_publishes():
    """So that no function sends what is not spelled out."""
    publishers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("tuning", "lambdas")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(
            r"\.publish(_batch)?\(\s*(TopicArn|PhoneNumber|TargetArn)=", path.read_text("utf-8")
        )
    }
    assert publishers == {"tuning/aws/notices_topic.py"}
