"""What it costs to ask the prompts of an evaluation set, before anything is asked."""

from decimal import Decimal
from typing import Any, Self

from msgspec import Struct

from tuning.evaluation.answer_length import most_answered
from tuning.models.prices import cents
from tuning.models.serving import Serving, ThroughputBound
from tuning.runs.prepared_dataset import EvaluationSize

_MODELS = 3
"""That answer at most: the candidate, the live model and the base model. What is paid by the hour has no price by the
token, so that then it is the base alone."""


class EvaluationCost(Struct, frozen=True, kw_only=True):
    """Of one evaluation of one trained model. Its tokens are billed at the price of the base model on demand:
    https://docs.aws.amazon.com/bedrock/latest/userguide/deploy-custom-model-on-demand.html
    Where what answers is paid by the hour, the hours of the candidate and of what goes live are in it.
    """

    prompts: int
    usd: Decimal | None
    """Expected; None where no dated price is known."""
    most_usd: Decimal | None
    basis: str

    @classmethod
    def of(
        cls, size: EvaluationSize, base_model: str, throughput: ThroughputBound | None = None
    ) -> Self:
        """Questions and expected answers are not counted apart, so that each token counts both as asked and as
        answered; at most, each answer is as long as it may be.
        """
        serving, models = Serving.of(base_model), 1 if throughput else _MODELS
        tokens = serving.of_tokens(models * size.tokens, models * size.tokens)
        longest = models * most_answered(size.prompts, size.bytes)
        most = serving.of_tokens(models * size.tokens_at_most, longest)
        hours = throughput.usd if throughput else Decimal(0)
        if tokens is None or most is None or hours is None:
            unknown = "by the hour" if hours is None else "for tokens on demand"
            basis = f"evaluation: no dated price is known for {base_model} {unknown}"
            return cls(prompts=size.prompts, usd=None, most_usd=None, basis=basis)
        basis = (
            f"evaluation: {size.prompts:,} prompts, asked once of {_MODELS} models at most"
            f"{f', and {throughput.words}' if throughput else ''}; "
            "one that a person starts again with tuning release is not in it"
        )
        usd, most_usd = cents(tokens + hours), cents(most + hours)
        return cls(prompts=size.prompts, usd=usd, most_usd=most_usd, basis=basis)

    def to_dict(self) -> dict[str, Any]:
        dollars = {"usd": self.usd, "most_usd": self.most_usd}
        return {
            "prompts": self.prompts,
            **{name: None if usd is None else f"{usd:f}" for name, usd in dollars.items()},
        }
