"""The operations that the engine has, each with its method, and the kinds of resources that it keeps."""

IMPORTED = ("model-import-job", "imported-model")

KEPT_HERE = (
    "model-customization-job",
    "custom-model",
    "custom-model-deployment",
    "provisioned-model",
    *IMPORTED,
    "guardrail",
)
"""Kinds of resources of the engine; the rest of Bedrock is MiniStack's."""

NAMED_BY = (
    *("jobName", "jobIdentifier", "modelDeploymentName", "customModelDeploymentIdentifier"),
    *("provisionedModelName", "provisionedModelId"),
)
"""Members of requests that name what faults can be limited to."""

OPERATIONS = {
    "CreateModelCustomizationJob": "create",
    "GetModelCustomizationJob": "get",
    "StopModelCustomizationJob": "stop",
    "ListModelCustomizationJobs": "list_jobs",
    "GetFoundationModel": "get_foundation_model",
    "GetCustomModel": "get_model",
    "ListCustomModels": "list_models",
    "DeleteCustomModel": "delete_model",
    "CreateCustomModelDeployment": "deploy",
    "GetCustomModelDeployment": "deployments.get",
    "ListCustomModelDeployments": "deployments.list_all",
    "UpdateCustomModelDeployment": "update_deployment",
    "DeleteCustomModelDeployment": "deployments.delete",
    "GetModelInvocationLoggingConfiguration": "invocations.get",
    "PutModelInvocationLoggingConfiguration": "invocations.put",
    "DeleteModelInvocationLoggingConfiguration": "invocations.delete",
    "CreateProvisionedModelThroughput": "provision",
    "GetProvisionedModelThroughput": "throughputs.get",
    "ListProvisionedModelThroughputs": "throughputs.list_all",
    "UpdateProvisionedModelThroughput": "update_throughput",
    "DeleteProvisionedModelThroughput": "throughputs.delete",
    "CreateEvaluationJob": "evaluations.create",
    "GetEvaluationJob": "evaluations.get",
    "StopEvaluationJob": "evaluations.stop",
    "CreateModelImportJob": "imports.create",
    "GetModelImportJob": "imports.get",
    "ListModelImportJobs": "imports.list_jobs",
    "GetImportedModel": "imports.get_model",
    "ListImportedModels": "imports.list_models",
    "DeleteImportedModel": "imports.delete_model",
    "CreateGuardrail": "guardrails.create",
    "CreateGuardrailVersion": "guardrails.number",
    "GetGuardrail": "guardrails.get",
    "ListGuardrails": "guardrails.list_all",
    "UpdateGuardrail": "guardrails.update",
    "DeleteGuardrail": "guardrails.delete",
    "TagResource": "tag",
    "UntagResource": "untag",
    "ListTagsForResource": "list_tags",
}
