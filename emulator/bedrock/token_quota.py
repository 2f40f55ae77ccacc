"""Tokens per minute, of all deployments of one base in an account and Region together.

https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass(kw_only=True)
class TokenQuota:
    per_minute: int
    _taken: dict[Hashable, deque[tuple[float, int]]] = field(default_factory=dict)

    def take(self, base: Hashable, tokens: int, now: float) -> bool:
        """Whether that many were left in the minute before `now`; then they are taken."""
        taken = self._taken.setdefault(base, deque())
        while taken and taken[0][0] <= now - MINUTE:
            taken.popleft()
        if sum(count for _, count in taken) + tokens > self.per_minute:
            return False
        taken.append((now, tokens))
        return True
