"""What Bedrock offers for customization, from the project's catalog data (not its code)."""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from emulator.bedrock.api_errors import ValidationError
from emulator.bedrock.training_data import DataFormat

CATALOG = Path(__file__).resolve().parents[2] / "tuning" / "models" / "catalog.json"
INVALID_MODEL = "The provided model identifier is invalid."


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One base model, customized by one method."""

    model: str
    format: DataFormat
    hyperparameters: dict[str, dict[str, Any]]
    validation_refused: bool
    teachers: tuple[str, ...]
    on_demand: bool
    """Whether what is customized from it can be deployed on demand."""
    provisioned: bool
    """Whether AWS lists it for Provisioned Throughput."""

    def complete(self, given: dict[str, str]) -> dict[str, str]:
        """The hyperparameters a job runs with: the service fills the defaults it documents."""
        # Names are checked, ranges are checked, texts are UNCONFIRMED.
        for name, value in given.items():
            rule = self.hyperparameters.get(name)
            if rule is None:
                raise ValidationError(message=f"Invalid hyperparameter for {self.model}: {name}")
            _in_range(name, value, rule)
        missing = [
            name
            for name, rule in self.hyperparameters.items()
            if rule.get("required") and name not in given
        ]
        if missing:
            raise ValidationError(
                message=f"Missing hyperparameter for {self.model}: {', '.join(missing)}"
            )
        defaults = {
            name: _text(rule["default"])
            for name, rule in self.hyperparameters.items()
            if "default" in rule
        }
        return {**defaults, **given}


def offer(identifier: str, method: str, region: str) -> Offer:
    """What a base model id or ARN stands for; refuses one that is not offered in the Region."""
    model = _find(identifier, region)
    if model is None:
        raise ValidationError(message=INVALID_MODEL)
    terms = model["methods"].get(method)
    if terms is None:
        # UNCONFIRMED text.
        raise ValidationError(
            message=f"The provided model {model['id']} does not support {method}."
        )
    reserved = _catalog()["reserved_words"].get(
        terms.get("reserved_words"), {"words": [], "where": []}
    )
    return Offer(
        model=model["id"],
        hyperparameters=_catalog()["hyperparameter_sets"].get(terms.get("hyperparameters"), {}),
        validation_refused=terms["validation"] == "refused",
        teachers=tuple(terms.get("teachers", ())),
        on_demand=model.get("on_demand") is True,
        provisioned=model.get("provisioned") is True,
        format=DataFormat(
            kind=terms["format"],
            min_records=terms["min_records"],
            max_records=terms["max_records"],
            media=tuple(terms.get("media", ())),
            reserved_words=tuple(reserved["words"]),
            reserved_in=tuple(reserved["where"]),
            max_line_bytes=terms.get("max_line_kb", 0) * 1024 or None,
            caption_characters=tuple(terms["caption_chars"]) if "caption_chars" in terms else None,
        ),
    )


def foundation_model(identifier: str, region: str) -> dict[str, Any] | None:
    """`modelDetails` of a base model offered for customization in the Region.

    A model that is at its end of life is none any more (UNCONFIRMED).
    """
    model = _find(identifier, region)
    if model is None:
        return None
    return {
        "modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model['id']}",
        "modelId": model["id"],
        "modelName": model["name"],
        # The enumeration has no reinforcement fine-tuning.
        "customizationsSupported": [
            each for each in model["methods"] if each in ("FINE_TUNING", "DISTILLATION")
        ],
        "inferenceTypesSupported": ["PROVISIONED"] if model.get("provisioned") is True else [],
        "modelLifecycle": {"status": "ACTIVE"},
    }


def reranks(identifier: str, region: str) -> bool:
    """Whether the Region has it, as a model that reranks."""
    found: dict[str, list[str]] = _catalog()["rerankers"]
    return region in found.get(identifier, ())


def _find(identifier: str, region: str) -> dict[str, Any] | None:
    name = identifier.rsplit("foundation-model/", 1)[-1]
    offered = (each for each in _catalog()["models"] if region in each["regions"])
    return next((each for each in offered if each["id"] == name and each["status"] != "EOL"), None)


@cache
def _catalog() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(CATALOG.read_text(encoding="utf-8"))
    return document


def _in_range(name: str, value: str, rule: dict[str, Any]) -> None:
    if value in (*rule.get("also", ()), *rule.get("values", ())):
        return
    try:
        number = int(value) if rule["type"] == "int" else float(value)
    except ValueError:
        raise ValidationError(message=f"Invalid value for hyperparameter {name}: {value}") from None
    if not rule.get("min", number) <= number <= rule.get("max", number):
        raise ValidationError(
            message=f"Value {value} of hyperparameter {name} must be between {rule['min']} and {rule['max']}"
        )


def _text(default: Any) -> str:
    """The API carries every hyperparameter as text, without an exponent."""
    return format(Decimal(repr(default)), "f") if isinstance(default, float) else str(default)
