"""What others may have set up for a whole account, as far as it is asked for: here nobody has.

MiniStack has neither hooks of CloudFormation nor guardrails that Bedrock enforces, and answers neither
question. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListTypes.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListEnforcedGuardrailsConfiguration.html
"""

from typing import Any

from ministack.services import bedrock
from ministack.services.cloudformation import handlers
from ministack.services.cloudformation.helpers import _p

from emulator.entrance import Response

GUARDRAILS = "/enforcedGuardrailsConfiguration"
CATEGORIES = {"REGISTERED", "ACTIVATED", "THIRD_PARTY", "AWS_TYPES"}


def install() -> None:
    handlers._ACTION_HANDLERS["ListTypes"] = list_types
    theirs = bedrock.handle_request

    async def handle(
        method: str, path: str, headers: Any, body: bytes, query: dict[str, list[str]]
    ) -> Any:
        if (method, path) == ("GET", GUARDRAILS):
            return 200, {"Content-Type": "application/json"}, b'{"guardrailsConfig": []}'
        return await theirs(method, path, headers, body, query)

    bedrock.handle_request = handle


def list_types(asked: dict[str, Any]) -> Response:
    """Hooks only: of resource types the emulator has no registry."""
    if _p(asked, "Type") != "HOOK":
        return _refused("The emulator lists types of kind HOOK only.")
    category = _p(asked, "Filters.Category")
    if category and category not in CATEGORIES:
        return _refused(f"Value '{category}' at 'filters.category' failed to satisfy constraint")
    answer: Response = handlers._xml(
        200, "ListTypesResponse", "<ListTypesResult><TypeSummaries/></ListTypesResult>"
    )
    return answer


def _refused(message: str) -> Response:
    refused: Response = handlers._error("ValidationError", message)
    return refused
