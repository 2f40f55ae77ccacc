"""What the tokens of a question and its answer cost, in millionths of a cent so that nothing is rounded away."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Self

_SMALLEST = Decimal("0.00000001")
"""US dollars."""


@dataclass(frozen=True, kw_only=True)
class TokenPrice:
    input_usd_per_1000: Decimal
    output_usd_per_1000: Decimal

    def of(self, input_tokens: int, output_tokens: int) -> Decimal:
        """US dollars, rounded up."""
        usd = input_tokens * self.input_usd_per_1000 + output_tokens * self.output_usd_per_1000
        return (usd / 1000).quantize(_SMALLEST, ROUND_CEILING)

    def most(self, input_bytes: int, output_tokens: int) -> Decimal:
        """Before anything is asked: no tokenizer makes more tokens than bytes, beside a few that a model's own
        template adds.
        """
        return self.of(input_bytes + _OF_TEMPLATE, output_tokens)

    def to_text(self) -> str:
        return f"{self.input_usd_per_1000:f}/{self.output_usd_per_1000:f}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """As a function's settings have it."""
        asked, answered = text.split("/")
        return cls(input_usd_per_1000=Decimal(asked), output_usd_per_1000=Decimal(answered))


_OF_TEMPLATE = 200
"""Tokens. UNCONFIRMED how many: no page of AWS's counts them."""
