"""What it costs to ask the prompts of an evaluation set, before anything is asked."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from tuning.evaluation.answer_length import most_answered
from tuning.models.prices import cents
from tuning.models.serving import Serving
from tuning.runs.prepared_dataset import EvaluationSize

if TYPE_CHECKING:
    from tuning.datasets.report import Report

_MODELS = 3
"""That answer at most: the candidate, the live model and the base model."""


@dataclass(frozen=True, kw_only=True)
class EvaluationCost:
    """Of one evaluation of one trained model. Its tokens are billed at the price of the base model on demand:
    https://docs.aws.amazon.com/bedrock/latest/userguide/deploy-custom-model-on-demand.html
    """

    prompts: int
    usd: Decimal | None
    """Expected; None where no dated price is known."""
    most_usd: Decimal | None
    basis: str

    @classmethod
    def of(cls, size: EvaluationSize, base_model: str) -> Self:
        """Questions and expected answers are not counted apart, so that each token counts both as asked and as
        answered; at most, each answer is as long as it may be.
        """
        serving = Serving.of(base_model)
        usd = serving.of_tokens(_MODELS * size.tokens, _MODELS * size.tokens)
        longest = most_answered(size.prompts, size.bytes)
        most = serving.of_tokens(_MODELS * size.tokens_at_most, _MODELS * longest)
        if usd is None:
            basis = f"evaluation: no dated price is known for tokens of {base_model} on demand"
        else:
            basis = (
                f"evaluation: {size.prompts:,} prompts, asked once of {_MODELS} models at most; "
                "one that a person starts again with tuning release is not in it"
            )
        return cls(prompts=size.prompts, usd=cents(usd), most_usd=cents(most), basis=basis)

    def to_dict(self) -> dict[str, Any]:
        dollars = {"usd": self.usd, "most_usd": self.most_usd}
        return {
            "prompts": self.prompts,
            **{name: None if usd is None else f"{usd:f}" for name, usd in dollars.items()},
        }


def evaluation_size(report: "Report") -> EvaluationSize | None:
    """Of the evaluation set that was checked with a dataset; None without one."""
    if (counted := report.statistics.get("evaluation")) is None:
        return None
    return EvaluationSize(
        prompts=int(counted["records"]),
        tokens=report.tokens("evaluation") or 0,
        tokens_at_most=report.most_tokens("evaluation"),
        bytes=int(counted["bytes"]),
    )
