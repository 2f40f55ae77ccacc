"""Events of AWS's own services: straight to the bus, for a PutEvents call may not name a source aws.*."""

import json
from typing import Any

from ministack.services import eventbridge


def publish_event(source: str, detail_type: str, resource: str, detail: dict[str, Any]) -> None:
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Resources": [resource],
        "Detail": json.dumps(detail),
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
