"""The control plane of Bedrock model customization, as its callers see it. It trains nothing.

What a caller can observe is here: validation, idempotency, the role, the reading of the data,
phases, failures, artefacts, the custom model and the events. Texts and rules that no AWS page
confirms are marked UNCONFIRMED. Facts: https://docs.aws.amazon.com/bedrock/latest/userguide/custom-models.html
"""
