"""One emulated account for all flow tests, with `dev` deployed to it by the real CDK."""

from collections.abc import Iterator

import pytest
from accounts import World

from emulator import running
from emulator.deploy import Deployer
from operate.account import Account


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with running(phase_seconds=0.1, wait_scale=0.002) as instance:
        deployer = Deployer(instance=instance, say=lambda _line: None)
        deployer.bootstrap(["us-east-1"])
        outputs = deployer.deploy(["dev/*"])["dev-Training"]
        account = Account(client=deployer.client, outputs=outputs)
        yield World(account=account, instance=instance, inbox=_inbox(deployer, outputs))


def _inbox(deployer: Deployer, outputs: dict[str, str]) -> str:
    sqs = deployer.client("sqs")
    url: str = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    topic = outputs["NoticesTopic"]
    deployer.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    return url
