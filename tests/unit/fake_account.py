"""An account that answers the doctor: what is laid in it, and botocore's errors for the rest."""

from recipe_refusal_cases import refusal

from tuning.preflight.needs import Needs

REGION = "us-east-1"
NOVA = "amazon.nova-micro-v1:0:128k"
BEDROCK = f"com.amazonaws.{REGION}.bedrock"
LIST = f"com.amazonaws.{REGION}.s3"
NEEDS = Needs(
    environment="dev",
    region=REGION,
    stacks=("dev-Network", "dev-Storage", "dev-Training"),
    models={NOVA: ("support",)},
    methods={NOVA: ("FINE_TUNING",)},
    zones=(f"{REGION}a",),
    endpoints={BEDROCK: (f"{REGION}a",)},
    prefix_lists=("pl-1",),
    gateways=(LIST,),
    functions=11,
    vpcs=1,
    bootstrap=6,
)


def absent(code):
    return refusal(code, "Get", 400)


class FakeAccount:
    """`answers[service, operation]` is what a call answers, raises, or is asked by its arguments."""

    def __init__(self):
        self.asked = []
        self.answers = {
            ("sts", "get_caller_identity"): {"Arn": "arn:aws:iam::123456789012:user/ann"},
            ("cloudformation", "describe_stacks"): absent("ValidationError"),
            ("cloudformation", "list_types"): {"TypeSummaries": []},
            ("ssm", "get_parameter"): {"Parameter": {"Value": "30"}},
            ("bedrock", "get_foundation_model"): {
                "modelDetails": {
                    "modelLifecycle": {"status": "ACTIVE"},
                    "customizationsSupported": ["FINE_TUNING"],
                }
            },
            ("bedrock", "get_foundation_model_availability"): {
                "agreementAvailability": {"status": "AVAILABLE"},
                "authorizationStatus": "AUTHORIZED",
                "entitlementAvailability": "AVAILABLE",
                "regionAvailability": "AVAILABLE",
            },
            ("bedrock", "list_model_customization_jobs"): {"modelCustomizationJobSummaries": []},
            ("bedrock", "list_custom_models"): {"modelSummaries": [{}, {}]},
            ("bedrock", "list_enforced_guardrails_configuration"): {"guardrailsConfig": []},
            ("bedrock", "get_model_invocation_logging_configuration"): {},
            ("service-quotas", "get_service_quota"): {"Quota": {"Value": 10.0}},
            ("lambda", "get_account_settings"): {
                "AccountLimit": {
                    "ConcurrentExecutions": 1000,
                    "UnreservedConcurrentExecutions": 1000,
                }
            },
            ("ec2", "describe_vpcs"): {"Vpcs": [{}]},
            ("ec2", "describe_availability_zones"): {
                "AvailabilityZones": [
                    {"ZoneName": f"{REGION}a", "State": "available"},
                    {"ZoneName": f"{REGION}b", "State": "impaired"},
                ]
            },
            ("ec2", "describe_vpc_endpoint_services"): {
                "ServiceDetails": [
                    {"ServiceName": BEDROCK, "AvailabilityZones": [f"{REGION}a"]},
                    {"ServiceName": "com.amazonaws.us-east-1.other", "AvailabilityZones": []},
                ]
            },
            ("ec2", "describe_managed_prefix_lists"): {
                "PrefixLists": [{"PrefixListName": LIST, "PrefixListId": "pl-1"}]
            },
            **{
                (service, operation): absent(code)
                for service, operation, code in (
                    ("bedrock", "get_model_customization_job", "ResourceNotFoundException"),
                    ("bedrock", "get_custom_model", "ValidationException"),
                    ("s3", "get_bucket_location", "NoSuchBucket"),
                    ("dynamodb", "describe_table", "ResourceNotFoundException"),
                    ("sqs", "get_queue_url", "AWS.SimpleQueueService.NonExistentQueue"),
                    ("sns", "get_topic_attributes", "NotFound"),
                    ("events", "describe_rule", "ResourceNotFoundException"),
                    ("stepfunctions", "describe_state_machine", "StateMachineDoesNotExist"),
                    ("lambda", "get_function_configuration", "ResourceNotFoundException"),
                    ("kms", "describe_key", "NotFoundException"),
                    ("iam", "get_role", "NoSuchEntity"),
                    ("backup", "get_backup_plan", "ResourceNotFoundException"),
                )
            },
        }

    def client(self, service):
        return FakeService(self, service)


class FakeService:
    def __init__(self, account, service):
        self.account, self.service = account, service

    def __getattr__(self, operation):
        def call(**arguments):
            self.account.asked.append((self.service, operation, arguments))
            answer = self.account.answers[self.service, operation]
            answer = answer(**arguments) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def get_paginator(self, operation):
        return FakePages(getattr(self, operation))


class FakePages:
    def __init__(self, call):
        self.call = call

    def paginate(self, **arguments):
        """One entry a page, and none in the last: who forgets to turn pages sees one."""
        [(name, entries)] = self.call(**arguments).items()
        yield from ({name: [entry]} for entry in entries)
        yield {name: []}
