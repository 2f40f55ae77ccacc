"""An environment with an assistant that has tools, beside one that has none."""

import assisted

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:cancel:live"
CLERK = f"""
recipe = "support"
system_prompt = "You help."
daily_budget = 5.00
[[tools]]
name = "order_status"
description = "Looks an order up."
function = "orders"
input = {{type = "object"}}
[[tools]]
name = "cancel_order"
description = "Cancels an order."
function = "{FUNCTION}"
input = {{type = "object"}}
changes = true
"""
ZONE_IDS = {"b": "use1-az3", "d": "use1-az4"}


def synthesized(folder, **more):
    return assisted.synthesized(
        folder, "tooled", assistants=("clerk", "plain"), files={"clerk": CLERK}, **more
    )
