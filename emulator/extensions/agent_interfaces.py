"""EC2: interfaces of an agent on AgentCore, which stay in their subnets for eight hours after it was deleted.

Nobody else deletes them. A report has them in use all that time, as attachments that are AWS's own.
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/agentcore-vpc.html
https://github.com/hashicorp/terraform-provider-aws/issues/47399
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import ec2

from emulator.clock import Clock

LEFT_SECONDS = 8 * 3600
"""The longest that AWS's page says; here it is always so long."""
AGENTIC = "agentic_ai"
_Place = tuple[tuple[str, ...], tuple[str, ...]]
"""Subnets and security groups."""


class AgentInterfaces:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._placed: dict[str, tuple[_Place, list[str]]] = {}
        """By runtime."""
        self._gone_at: dict[str, float] = {}

    def place(self, runtime: str, network: Mapping[str, Any]) -> None:
        """One in each subnet, UNCONFIRMED how many there are; where an update says other subnets, those of the former stay as if
        the runtime were gone.
        """
        said = network.get("networkModeConfig") or {}
        place = (tuple(said.get("subnets", ())), tuple(said.get("securityGroups", ())))
        if runtime in self._placed and self._placed[runtime][0] == place:
            return
        self.leave(runtime)
        self._placed[runtime] = (place, [_made(subnet, place[1]) for subnet in place[0]])

    def leave(self, runtime: str) -> None:
        _, left = self._placed.pop(runtime, (None, []))
        self._gone_at |= dict.fromkeys(left, self._clock.now() + LEFT_SECONDS)

    def drop(self) -> None:
        """Those whose time is over."""
        now = self._clock.now()
        for each in [each for each, at in self._gone_at.items() if at <= now]:
            if each in ec2._network_interfaces:  # of this account and Region
                del ec2._network_interfaces[each]
                del self._gone_at[each]


def _made(subnet: str, groups: tuple[str, ...]) -> str:
    before = set(ec2._network_interfaces)
    named = {f"SecurityGroupId.{n}": [group] for n, group in enumerate(groups, 1)}
    ec2._create_network_interface({"SubnetId": [subnet], **named})
    (made,) = set(ec2._network_interfaces) - before
    ec2._network_interfaces[made] |= {"Status": "in-use", "InterfaceType": AGENTIC}
    return str(made)
