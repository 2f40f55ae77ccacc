"""CloudWatch Logs and S3, where Bedrock logs what models are asked and answer."""

import time

from ministack.core.responses import get_account_id
from ministack.services import cloudwatch_logs, s3

from emulator.extensions.job_objects import MiniStackObjects
from emulator.extensions.roles import SERVICE
from emulator.extensions.service_access import allows, key_lets


class MiniStackLogPlaces:
    def group_exists(self, group: str) -> bool:
        return group in cloudwatch_logs._log_groups

    def append(self, group: str, stream: str, line: str) -> None:
        named = {"logGroupName": group, "logStreamName": stream}
        cloudwatch_logs._create_log_stream(named)  # which is refused when it is there
        event = {"timestamp": int(time.time() * 1000), "message": line}
        cloudwatch_logs._put_log_events({**named, "logEvents": [event]})

    def bucket_admits(self, bucket: str, key: str, source: str) -> bool:
        if bucket not in s3._buckets:
            return False
        policy, place = s3._bucket_policies.get(bucket), f"arn:aws:s3:::{bucket}/{key}"
        asked = {"aws:sourceaccount": get_account_id(), "aws:sourcearn": source}
        own = MiniStackObjects().key_of(bucket, None)
        return (
            bool(policy)
            and allows(policy, SERVICE, "s3:PutObject", place, asked)
            and (key_lets(own, SERVICE, asked))
        )
