"""What an account answers to the doctor's questions. Every call reads; none costs anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuning.aws.answers import ask, code_of
from tuning.aws.clients import Clients, chosen_region
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.invocation_logging import destinations, group_in_words
from tuning.aws.probes import probes
from tuning.aws.stack_outputs import caller
from tuning.aws.transient import aws_errors
from tuning.aws.unknown_in_bedrock import CODES as UNKNOWN_IN_BEDROCK
from tuning.preflight.facts import Concurrency, Facts, FoundGuardrail, NoAnswer, OfferedModel
from tuning.preflight.needs import GUARDRAIL, LOG_RESOURCE, Needs
from tuning.preflight.quotas import IMPORT_QUOTAS, QUOTAS, Quota

_GRANTED = {"AVAILABLE", "AUTHORIZED"}


@dataclass(frozen=True, kw_only=True)
class Questions:
    client: Clients
    """Of the Region of `needs`."""
    needs: Needs

    def facts(self, *, session_region: str | None) -> Facts:
        """All of them. When even the caller is not known, nothing else is asked."""
        who = ask("sts:GetCallerIdentity", lambda: caller(self.client))
        if isinstance(who, NoAnswer):
            return _nothing(who, session_region)
        account = who.split(":")[4]
        stacks = ask("cloudformation:DescribeStacks", self._stacks)
        names = () if isinstance(stacks, NoAnswer) else tuple(stacks)
        imports = bool(self.needs.imports)
        counted = (*QUOTAS, *(IMPORT_QUOTAS if imports else ()))
        return Facts(
            caller=who,
            session_region=session_region,
            stacks=stacks,
            bootstrap=ask("ssm:GetParameter", self._bootstrap),
            models={model: self._model(model) for model in self.needs.models},
            quotas={quota.code: self._quota(quota) for quota in counted},
            jobs=ask("bedrock:ListModelCustomizationJobs", self._jobs),
            custom_models=ask("bedrock:ListCustomModels", self._custom_models),
            imported_models=(
                ask("bedrock:ListImportedModels", self._imported_models) if imports else 0
            ),
            concurrency=ask("lambda:GetAccountSettings", self._concurrency),
            vpcs=ask("ec2:DescribeVpcs", self._vpcs),
            zones=ask("ec2:DescribeAvailabilityZones", self._zones),
            services=ask("ec2:DescribeVpcEndpointServices", self._services),
            prefix_lists=ask("ec2:DescribeManagedPrefixLists", self._prefix_lists),
            probes={
                each.action: each.ask(self.client) for each in probes(self.needs.region, account)
            },
            keys=ask("kms:DescribeKey", lambda: self._keys(names)),
            hooks=ask("cloudformation:ListTypes", self._hooks),
            guardrails=ask("bedrock:ListEnforcedGuardrailsConfiguration", self._guardrails),
            account_guardrails=(
                ask("bedrock:ListGuardrails", lambda: self._account_guardrails(names))
                if self.needs.guardrail
                else ()
            ),
            invocation_log=ask("bedrock:GetModelInvocationLoggingConfiguration", self._log),
            own_log=ask("cloudformation:ListStackResources", lambda: self._own_log(names)),
        )

    def _absent(self, error: Exception, *codes: str) -> None:
        """Raises the error unless it says by one of these codes that there is no such thing."""
        if code_of(error) not in codes:
            raise error

    def _stacks(self) -> dict[str, str]:
        found = {}
        for name in self.needs.stacks:
            try:
                answer = self.client("cloudformation").describe_stacks(StackName=name)
            except aws_errors() as error:
                self._absent(error, "ValidationError")  # so it says "does not exist"
            else:
                found[name] = str(answer["Stacks"][0]["StackStatus"])
        return found

    def _bootstrap(self) -> int | None:
        """https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""
        try:
            answer = self.client("ssm").get_parameter(Name=self.needs.bootstrap_parameter)
        except aws_errors() as error:
            self._absent(error, "ParameterNotFound")
            return None
        return int(answer["Parameter"]["Value"])

    def _model(self, model: str) -> OfferedModel | NoAnswer | None:
        described = ask("bedrock:GetFoundationModel", lambda: self._described(model))
        if described is None or isinstance(described, NoAnswer):
            return described
        access = ask("bedrock:GetFoundationModelAvailability", lambda: self._access(model))
        if isinstance(access, NoAnswer):
            return access
        agreement = access.get("agreementAvailability", {}).get("status", "AVAILABLE")
        return OfferedModel(
            lifecycle=described.get("modelLifecycle", {}).get("status", "ACTIVE"),
            methods=tuple(described.get("customizationsSupported", ())),
            missing=tuple(
                name
                for name in ("authorizationStatus", "entitlementAvailability", "regionAvailability")
                if access.get(name, "AVAILABLE") not in _GRANTED
            ),
            agreement=agreement,
        )

    def _described(self, model: str) -> dict[str, Any] | None:
        try:
            answer = self.client("bedrock").get_foundation_model(modelIdentifier=model)
        except aws_errors() as error:
            self._absent(error, *UNKNOWN_IN_BEDROCK)
            return None
        details: dict[str, Any] = answer["modelDetails"]
        return details

    def _access(self, model: str) -> Mapping[str, Any]:
        """UNCONFIRMED whether it knows the ids that jobs take, which end in the length of a context: where it
        does not, the base model is asked for that they are of.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetFoundationModelAvailability.html
        """
        bedrock = self.client("bedrock")
        try:
            found: dict[str, Any] = bedrock.get_foundation_model_availability(modelId=model)
        except aws_errors() as error:
            self._absent(error, *UNKNOWN_IN_BEDROCK)
            base = model.rpartition(":")[0]
            found = bedrock.get_foundation_model_availability(modelId=base)
        return found

    def _quota(self, quota: Quota) -> float | NoAnswer:
        """What was granted, or else the default: of some quotas there is nothing else.
        https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
        """
        named = {"ServiceCode": quota.service, "QuotaCode": quota.code}

        def value() -> float:
            quotas = self.client("service-quotas")
            try:
                answer = quotas.get_service_quota(**named)
            except aws_errors() as error:
                self._absent(error, "NoSuchResourceException")
                answer = quotas.get_aws_default_service_quota(**named)
            return float(answer["Quota"]["Value"])

        return ask("servicequotas:GetServiceQuota", value)

    def _jobs(self) -> int:
        return CustomizationJobs(client=self.client).taking_slots()

    def _custom_models(self) -> int:
        pages = self.client("bedrock").get_paginator("list_custom_models").paginate(isOwned=True)
        return sum(len(page["modelSummaries"]) for page in pages)

    def _imported_models(self) -> int:
        pages = self.client("bedrock").get_paginator("list_imported_models").paginate()
        return sum(len(page["modelSummaries"]) for page in pages)

    def _concurrency(self) -> Concurrency:
        limit = self.client("lambda").get_account_settings()["AccountLimit"]
        return Concurrency(
            quota=int(limit["ConcurrentExecutions"]),
            unreserved=int(limit["UnreservedConcurrentExecutions"]),
        )

    def _vpcs(self) -> int:
        pages = self.client("ec2").get_paginator("describe_vpcs").paginate()
        return sum(len(page["Vpcs"]) for page in pages)

    def _zones(self) -> tuple[str, ...]:
        found = self.client("ec2").describe_availability_zones()["AvailabilityZones"]
        return tuple(sorted(z["ZoneName"] for z in found if z.get("State") == "available"))

    def _services(self) -> dict[str, tuple[str, ...]]:
        """All are asked for: naming one that is not there would be answered with an error."""
        wanted = [{"Name": "service-type", "Values": ["Interface"]}]
        pages = self.client("ec2").get_paginator("describe_vpc_endpoint_services")
        return {
            each["ServiceName"]: tuple(sorted(each.get("AvailabilityZones", ())))
            for page in pages.paginate(Filters=wanted)
            for each in page["ServiceDetails"]
            if each["ServiceName"] in self.needs.endpoints
        }

    def _prefix_lists(self) -> dict[str, str]:
        wanted = [{"Name": "prefix-list-name", "Values": list(self.needs.gateways)}]
        found = self.client("ec2").describe_managed_prefix_lists(Filters=wanted)["PrefixLists"]
        return {each["PrefixListName"]: each["PrefixListId"] for each in found}

    def _keys(self, stacks: tuple[str, ...]) -> dict[str, str]:
        kms, ids = self.client("kms"), self._made(stacks, "AWS::KMS::Key")
        keys = [kms.describe_key(KeyId=each)["KeyMetadata"] for each in ids]
        return {key["Arn"]: key["KeyState"] for key in keys}

    def _hooks(self) -> tuple[str, ...]:
        """Their own, and those that they have activated from others.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListTypes.html
        """
        pages = self.client("cloudformation").get_paginator("list_types")
        shown = ({"Visibility": "PRIVATE"}, {"Visibility": "PUBLIC"} | _ACTIVATED)
        return tuple(
            each["TypeName"]
            for which in shown
            for page in pages.paginate(Type="HOOK", **which)
            for each in page["TypeSummaries"]
        )

    def _guardrails(self) -> tuple[str, ...]:
        pages = self.client("bedrock").get_paginator("list_enforced_guardrails_configuration")
        return tuple(
            str(each.get("guardrailId") or each.get("guardrailArn"))
            for page in pages.paginate()
            for each in page["guardrailsConfig"]
        )

    def _account_guardrails(self, stacks: tuple[str, ...]) -> tuple[FoundGuardrail, ...]:
        """Their drafts. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListGuardrails.html"""
        own = self._made(stacks, GUARDRAIL)
        pages = self.client("bedrock").get_paginator("list_guardrails").paginate()
        return tuple(
            FoundGuardrail(
                name=each["name"],
                arn=each["arn"],
                status=each["status"],
                own=each["arn"] in own,
            )
            for page in pages
            for each in page["guardrails"]
        )

    def _log(self) -> str | None:
        answer = self.client("bedrock").get_model_invocation_logging_configuration()
        return destinations(answer.get("loggingConfig") or {})

    def _own_log(self, stacks: tuple[str, ...]) -> str | None:
        found = self._made(stacks, LOG_RESOURCE)
        return group_in_words(found[0]) if found else None

    def _made(self, stacks: tuple[str, ...], kind: str) -> list[str]:
        """Physical ids of the environment's resources of one type."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return [
            entry["PhysicalResourceId"]
            for stack in stacks
            for page in pages.paginate(StackName=stack)
            for entry in page["StackResourceSummaries"]
            if entry["ResourceType"] == kind and "PhysicalResourceId" in entry
        ]


_ACTIVATED: dict[str, Any] = {"Filters": {"Category": "ACTIVATED"}}


def region_of_session(region: str | None, profile: str | None) -> str | NoAnswer | None:
    """Where commands go that name a Region so, or none."""
    return region or ask("sts:GetCallerIdentity", lambda: chosen_region(profile))


def _nothing(why: NoAnswer, session_region: str | None) -> Facts:
    return Facts(
        caller=why,
        session_region=session_region,
        stacks=why,
        bootstrap=why,
        models={},
        quotas={},
        jobs=why,
        custom_models=why,
        concurrency=why,
        vpcs=why,
        zones=why,
        services=why,
        prefix_lists=why,
        probes={},
        keys=why,
        hooks=why,
        guardrails=why,
        invocation_log=why,
    )
