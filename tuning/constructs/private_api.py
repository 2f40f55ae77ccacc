"""The one way in: a private REST API, whose every method takes signed requests of this account through one endpoint.

No streaming: the guardrail judges an answer as a whole, so that no part of it may go before (docs/decisions/0045).
"""

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from tuning.assistants.question import LONGEST_QUESTION
from tuning.constructs.network import Network
from tuning.constructs.policies import allow, deny

STAGE, _PATH = "live", "assistants"
_PER_SECOND, _AT_ONCE = 20, 40
"""Of all callers together, and of one assistant; those of one caller are counted by the function, since API Gateway
knows callers only by API keys, which are no identities, and holds limits to its best effort.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html"""


class AssistantsApi(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, network: Network) -> None:
        super().__init__(scope, construct_id)
        endpoint = network.endpoints.execute_api
        assert endpoint  # noqa: S101 — Network makes it for the same Config
        self.endpoint_id = endpoint.vpc_endpoint_id
        self.api = apigateway.RestApi(
            self,
            "Rest",
            description="Asks assistants",
            endpoint_configuration=apigateway.EndpointConfiguration(
                types=[apigateway.EndpointType.PRIVATE], vpc_endpoints=[endpoint]
            ),
            policy=_policy(self, self.endpoint_id),
            # A role of API Gateway's for logs is one for the account and Region, and not ours to set.
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=_PER_SECOND,
                throttling_burst_limit=_AT_ONCE,
                metrics_enabled=True,
                tracing_enabled=True,
                data_trace_enabled=False,
            ),
        )
        self._parent = self.api.root.add_resource(_PATH)
        self._validator = self.api.add_request_validator(
            "Validator", validate_request_body=True, validate_request_parameters=True
        )
        self._question = self._model()

    def ask(self, name: str, function_arn: str) -> None:
        """POST /assistants/<name>. The API may invoke the function for that method, and for no other."""
        stack = cdk.Stack.of(self)
        invoked = f"lambda:path/2015-03-31/functions/{function_arn}/invocations"
        self._parent.add_resource(name).add_method(
            "POST",
            apigateway.Integration(
                type=apigateway.IntegrationType.AWS_PROXY,
                integration_http_method="POST",
                uri=f"arn:{stack.partition}:apigateway:{stack.region}:{invoked}",
            ),
            authorization_type=apigateway.AuthorizationType.IAM,
            request_validator=self._validator,
            request_models={"application/json": self._question},
        )
        lambda_.CfnPermission(
            self,
            f"Invoke{name}",
            action="lambda:InvokeFunction",
            function_name=function_arn,
            principal="apigateway.amazonaws.com",
            source_account=stack.account,
            source_arn=self.method_arn(name),
        )

    def method_arn(self, name: str) -> str:
        return self.api.arn_for_execute_api("POST", f"/{_PATH}/{name}", STAGE)

    def _model(self) -> apigateway.Model:
        """What is no question is refused before a function runs."""
        text = apigateway.JsonSchema(
            type=apigateway.JsonSchemaType.STRING, min_length=1, max_length=LONGEST_QUESTION
        )
        return self.api.add_model(
            "Question",
            content_type="application/json",
            schema=apigateway.JsonSchema(
                type=apigateway.JsonSchemaType.OBJECT,
                properties={"question": text},
                required=["question"],
                additional_properties=False,
            ),
        )


def _policy(scope: Construct, endpoint: str) -> iam.PolicyDocument:
    """Who is not of this account, or does not come through the endpoint, is denied, whatever their own policies say. The
    account is named and nobody in it, so that each needs a policy of their own beside: an Allow to everybody would be
    enough for any role of the account.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    stack = cdk.Stack.of(scope)
    root = {"AWS": f"arn:{stack.partition}:iam::{stack.account}:root"}
    through, ours = {"aws:SourceVpce": endpoint}, {"aws:PrincipalAccount": stack.account}
    asked = {"actions": ["execute-api:Invoke"], "resources": [f"execute-api:/{STAGE}/*"]}
    statements = [
        {**allow(**asked, conditions={"StringEquals": through}), "Principal": root},
        *(
            {**deny(**asked, conditions={"StringNotEquals": each}), "Principal": "*"}
            for each in (through, ours)
        ),
    ]
    return iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": statements})
