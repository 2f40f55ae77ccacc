"""Times as texts: written in one form each, so that texts sort as the moments do, and read in UTC."""

from datetime import UTC, datetime


def moment(at: datetime) -> str:
    """To the second, of an aware time."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def instant(at: datetime) -> str:
    """To the microsecond, so that what came before a round can be distinguished from what came after."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def zulu(at: datetime) -> str:
    """To the second with a Z at the end, as S3's events and Bedrock's API write it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def utc_time(text: str) -> datetime:
    """The moment of any of these, aware, in UTC. Raises ValueError for what is not ISO 8601."""
    return datetime.fromisoformat(text).astimezone(UTC)
