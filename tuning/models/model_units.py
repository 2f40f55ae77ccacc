"""Model units of Provisioned Throughput: how many are bought for a model, and by which quota."""

UNITS_EACH = 1
"""Of each model. https://docs.aws.amazon.com/bedrock/latest/userguide/prov-throughput.html"""
MODEL_UNITS_CODE = "L-BE77399C"
"""Of the quota of model units without a commitment, across custom models: 0 until AWS raises it.
https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
