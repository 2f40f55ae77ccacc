"""An environment with assistants that have tools, one of them documents, beside one that has documents and no tools."""

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
GUIDE = f"""
model = "amazon.nova-2-lite-v1:0:256k"
system_prompt = "You help."
daily_budget = 5.00
{assisted.KNOWLEDGE}
[[tools]]
name = "handbook"
description = "Searches the handbook."
kind = "documents"
"""
"""Of a base model: it calls no function."""
PLAIN = assisted.ASSISTANTS["plain"] + assisted.KNOWLEDGE
ZONE_IDS = {"b": "use1-az3", "d": "use1-az4"}


def reviewed_tools(folder, **more):
    return assisted.reviewed(
        folder,
        "tooled",
        assistants=("clerk", "guide", "plain"),
        files={"clerk": CLERK, "guide": GUIDE, "plain": PLAIN},
        zone_ids=ZONE_IDS,
        **more,
    )
