"""Whether zones, endpoint services and prefix lists are there under the names that the templates have."""

from collections.abc import Iterator

from tuning.preflight.facts import Facts, NoAnswer
from tuning.preflight.finding import AccountFinding, ok, unanswered, will_fail
from tuning.preflight.needs import Needs


def place_findings(needs: Needs, facts: Facts) -> Iterator[AccountFinding]:
    if needs.zones:
        yield _zones(needs, facts)
    if needs.endpoints:
        yield from _endpoints(needs, facts)
    if needs.prefix_lists:
        yield _prefix_lists(needs, facts)


def _zones(needs: Needs, facts: Facts) -> AccountFinding:
    check, subject = "zones", "Zones"
    if isinstance(facts.zones, NoAnswer):
        return unanswered(check, subject, facts.zones)
    there, wanted = _letters(needs, facts.zones), _letters(needs, needs.zones)
    missing = [letter for letter in wanted if letter not in there]
    if missing:
        why = f"{', '.join(missing)} not available to this account, which has {', '.join(there)}"
        left = tuple(letter for letter in wanted if letter in there)
        return will_fail(check, subject, why, f"Set zones={left!r} in the environment's Config.")
    return ok(check, subject, f"{', '.join(wanted)} of {needs.region} are available")


def _endpoints(needs: Needs, facts: Facts) -> Iterator[AccountFinding]:
    check = "endpoints"
    if isinstance(facts.services, NoAnswer):
        yield unanswered(check, "Endpoint services", facts.services)
        return
    bad = False
    for service, wanted in needs.endpoints.items():
        offered = facts.services.get(service)
        if offered is None:
            bad = True
            fix = "Deploy to another Region, or ask AWS Support."
            yield will_fail(check, service, f"no such endpoint service in {needs.region}", fix)
        elif missing := sorted(set(wanted) - set(offered)):
            bad = True
            why = f"has no endpoint in {', '.join(missing)}"
            yield will_fail(check, service, why, _instead(needs, facts))
    if not bad:
        zones = sorted({zone for each in needs.endpoints.values() for zone in each})
        names = ", ".join(service.rpartition(".")[2] for service in needs.endpoints)
        where = ", ".join(_letters(needs, zones))
        yield ok(check, "Endpoint services", f"{names} are in zones {where}")


def _instead(needs: Needs, facts: Facts) -> str:
    """The zones that have all services: as many as there were, as far as there are."""
    assert not isinstance(facts.services, NoAnswer)  # noqa: S101 — narrows for mypy
    offers = [set(facts.services.get(service, ())) for service in needs.endpoints]
    everywhere = set(needs.zones).intersection(*offers)
    count = max(len(zones) for zones in needs.endpoints.values())
    letters = tuple(_letters(needs, sorted(everywhere))[:count])
    if not letters:
        return "No zone has all services; deploy to another Region."
    return f"Set endpoint_zones={letters!r} in the environment's Config: those have all services."


def _prefix_lists(needs: Needs, facts: Facts) -> AccountFinding:
    check, subject = "prefix_lists", "Prefix lists"
    if isinstance(facts.prefix_lists, NoAnswer):
        return unanswered(check, subject, facts.prefix_lists)
    wrong = sorted(set(needs.prefix_lists) - set(facts.prefix_lists.values()))
    if wrong:
        there = ", ".join(f"{name} {each}" for name, each in sorted(facts.prefix_lists.items()))
        why = f"{', '.join(wrong)} not those of {needs.region}, which are: {there or 'none'}"
        fix = "Correct PREFIX_LISTS in tuning/constructs/config.py, and please report it."
        return will_fail(check, subject, why, fix)
    return ok(check, subject, f"{', '.join(needs.prefix_lists)} are those of {needs.region}")


def _letters(needs: Needs, zones: tuple[str, ...] | list[str]) -> list[str]:
    return [zone.removeprefix(needs.region) for zone in zones]
