"""The operations that the engine has, each with its method."""

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
    "ListProvisionedModelThroughputs": "list_throughputs",
    "GetModelInvocationLoggingConfiguration": "invocations.get",
    "PutModelInvocationLoggingConfiguration": "invocations.put",
    "DeleteModelInvocationLoggingConfiguration": "invocations.delete",
    "TagResource": "tag",
    "UntagResource": "untag",
    "ListTagsForResource": "list_tags",
}
