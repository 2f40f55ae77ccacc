"""Each of many is treated apart: what one raises is logged and counted, and stops no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lambdas.observe import logger
from tuning.aws.transient import aws_errors


class NotReconciled(Exception):  # noqa: N818 — the alarm's log names it so
    """What could not be checked or healed in this round; the next one comes soon."""


@dataclass(frozen=True, kw_only=True)
class Apart:
    what: str
    """What is said of an item that raised, such as `not reconciled`."""
    missed: list[str] = field(default_factory=list)
    """Names of items that a fault of AWS kept from being treated; the next round may do better."""
    unreadable: list[str] = field(default_factory=list)
    """Names of items that raised anything else: they are not what they should be, and will raise it
    again."""

    @contextmanager
    def each(self, name: str) -> Iterator[None]:
        """Treat one item. Nothing that it raises leaves this block."""
        try:
            yield
        except aws_errors() as error:
            logger.error(self.what, item=name, error=str(error))
            self.missed.append(name)
        except Exception:  # noqa: BLE001 — whatever one item raises must not take down the others
            logger.exception(self.what, item=name)
            self.unreadable.append(name)
