"""What a judge model can rate, by the names that Bedrock has for it."""

JUDGE_METRICS = (
    "Builtin.Correctness",
    "Builtin.Completeness",
    "Builtin.Faithfulness",
    "Builtin.Helpfulness",
    "Builtin.Coherence",
    "Builtin.Relevance",
    "Builtin.FollowingInstructions",
    "Builtin.ProfessionalStyleAndTone",
    "Builtin.Harmfulness",
    "Builtin.Stereotyping",
    "Builtin.Refusal",
)
"""https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-metrics.html"""
USUAL_METRICS = ("Builtin.Correctness", "Builtin.Completeness", "Builtin.Helpfulness")
