"""Where agents are: the subnets of a runtime, by the name of its role's session."""

_SUBNETS: dict[str, list[str]] = {}


def remember_subnets(session: str, subnets: list[str]) -> None:
    _SUBNETS[session] = subnets


def subnets_of_agent(session: str) -> list[str]:
    """None of anything else."""
    return _SUBNETS.get(session, [])
