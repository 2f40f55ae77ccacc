"""The topic that people are notified by."""

from dataclasses import dataclass

from tuning.aws.clients import Clients, client


@dataclass(frozen=True, kw_only=True)
class NoticesTopic:
    arn: str
    client: Clients = client

    def publish(self, subject: str, message: str) -> None:
        self.client("sns").publish(TopicArn=self.arn, Subject=subject, Message=message)
