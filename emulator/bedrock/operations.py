"""The operations that the engine has, each with its method, and the kinds of resources that it keeps."""

KEPT_HERE = (
    "model-customization-job",
    "custom-model",
    "custom-model-deployment",
    "provisioned-model",
)
"""Kinds of resources of the engine; the rest of Bedrock is MiniStack's."""

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
    "TagResource": "tag",
    "UntagResource": "untag",
    "ListTagsForResource": "list_tags",
}
