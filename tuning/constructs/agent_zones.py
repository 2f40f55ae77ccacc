"""Where an agent's interfaces may be: zones by their ids, of which each account gives others the same letter."""

from collections.abc import Mapping

from tuning.errors import ConfigError

WITH_AGENTS: Mapping[str, tuple[str, ...]] = {
    "us-east-1": ("use1-az1", "use1-az2", "use1-az4"),
    "us-west-2": ("usw2-az1", "usw2-az2", "usw2-az3"),
}
"""https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/agentcore-vpc.html"""
_ASK = (
    "aws ec2 describe-availability-zones --region {region} --query 'AvailabilityZones[].[ZoneName,ZoneId]'"
    " lists the ids of your account's zones"
)


def letters_with_agents(
    region: str, endpoint_zones: tuple[str, ...], zone_ids: Mapping[str, str]
) -> tuple[str, ...]:
    """Of the zones with endpoints, those that have the service. Raises ConfigError where there is none."""
    known, ask = WITH_AGENTS[region], _ASK.format(region=region)
    if missing := [each for each in endpoint_zones if each not in zone_ids]:
        raise ConfigError(
            f"zone_ids: an assistant has tools, and its agent is placed by zone id; give those of {', '.join(missing)}, "
            f"such as zone_ids={{{missing[0]!r}: {known[0]!r}}}. {ask}"
        )
    found = tuple(each for each in endpoint_zones if zone_ids[each] in known)
    if not found:
        raise ConfigError(
            f"endpoint_zones = {endpoint_zones!r}: none of them has AgentCore, which an assistant with tools takes; it is in "
            f"{', '.join(known)}. {ask}"
        )
    return found
