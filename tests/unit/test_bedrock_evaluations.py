"""Evaluation jobs with a judge, as strict as Bedrock is known to be."""

import json

import pytest
from emulated_world import DEPLOYMENT, EAST, ROLE, WEST

from emulator.bedrock.api_errors import ApiError, Conflict, NotFound, QuotaExceeded, ValidationError
from emulator.bedrock.injected_faults import InjectedFault

SOURCE = "candidate"


def record(prompt="Where?", answer="It is here.", source=SOURCE, **more):
    said = [{"response": answer, "modelIdentifier": source}]
    return json.dumps(
        {"prompt": prompt, "referenceResponse": "It is here.", "modelResponses": said} | more
    )


@pytest.fixture
def world(world):
    give(world, record())
    return world


def give(world, *records):
    world.objects["in.jsonl"] = [each.encode() for each in records]


def request(
    metrics=("Builtin.Correctness",), judges=("amazon.nova-pro-v1:0",), sources=(SOURCE,), **changes
):
    dataset = {"name": "d", "datasetLocation": {"s3Uri": "s3://data/in.jsonl"}}
    configured = {"taskType": "General", "dataset": dataset, "metricNames": list(metrics)}
    models = [
        {"precomputedInferenceSource": {"inferenceSourceIdentifier": each}} for each in sources
    ]
    judging = {"bedrockEvaluatorModels": [{"modelIdentifier": each} for each in judges]}
    return {
        "jobName": "a-job",
        "roleArn": ROLE,
        "evaluationConfig": {
            "automated": {"datasetMetricConfigs": [configured], "evaluatorModelConfig": judging}
        },
        "inferenceConfig": {"models": models},
        "outputDataConfig": {"s3Uri": "s3://data/out/"},
    } | changes


def create(engine, given=None, scope=EAST, **changes):
    return engine.call("CreateEvaluationJob", scope, given or request(**changes))["jobArn"]


def ended(engine, world, arn):
    world.seconds += DEPLOYMENT
    return engine.call("GetEvaluationJob", EAST, {"jobIdentifier": arn})


def test_a_job_rates_each_answer_by_the_words_of_the_expected_one(engine, world):
    give(world, record(), record(answer="It went."))
    arn = create(engine, metrics=("Builtin.Correctness", "Builtin.Coherence"))
    assert engine.call("GetEvaluationJob", EAST, {"jobIdentifier": arn})["status"] == "InProgress"
    assert world.written == {}
    found = ended(engine, world, arn)
    assert (found["status"], found["jobType"]) == ("Completed", "Automated")
    [(_, body)] = [(k, v) for k, v in world.written.items() if k.endswith("_output.jsonl")]
    first, second = map(json.loads, body.splitlines())
    scores = [
        {s["metricName"]: s["result"] for s in each["automatedEvaluationResult"]["scores"]}
        for each in (first, second)
    ]
    assert scores[0] == {"Builtin.Correctness": 1.0, "Builtin.Coherence": 1.0}
    assert scores[1]["Builtin.Correctness"] == pytest.approx(1 / 3, abs=1e-4)
    assert "no model was asked" in body.decode()
    assert world.published == []  # no event reports an evaluation


@pytest.mark.parametrize(
    "changes",
    [
        {"jobName": "Upper"},
        {"jobName": "with.dot"},
        {"jobName": "x" * 64},
        {"metrics": ("Builtin.Accuracy",)},
        {"metrics": ("mine",)},
        {"sources": ("a", "b")},
        {"judges": ()},
        {"judges": ("amazon.nova-pro-v1:0", "amazon.nova-lite-v1:0")},
        {
            "judges": (
                "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/abcdefghijkl",
            )
        },
        {"applicationType": "RagEvaluation"},
        {"roleArn": "arn:aws:iam::111122223333:role/another"},
    ],
)
def test_what_bedrock_would_refuse_is_refused(engine, changes):
    with pytest.raises(ValidationError):
        create(engine, **changes)


def test_another_task_type_is_refused(engine):
    given = request()
    given["evaluationConfig"]["automated"]["datasetMetricConfigs"][0]["taskType"] = "Generation"
    with pytest.raises(ValidationError, match="must be General"):
        create(engine, given)


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([record(source="live")], "its modelIdentifier is not candidate"),
        ([record(prompt="x" * 4097)], "longer than 4 KB"),
        ([record()] * 1001, "more than 1000 prompts"),
        ([record(modelResponses=[])], "exactly one model response"),
        (["{"], "exactly one model response"),
        ([], "empty"),
    ],
)
def test_a_dataset_that_is_not_as_it_must_be_fails_the_job(engine, world, records, says):
    give(world, *records)
    found = ended(engine, world, create(engine))
    assert found["status"] == "Failed"
    assert says in found["failureMessages"][0]


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "bedrock:InvokeModel"])
def test_a_job_does_what_its_role_may(engine, world, action):
    world.denied.add(action)
    assert ended(engine, world, create(engine))["status"] == "Failed"


def test_the_same_request_once_more_is_the_same_job_and_a_name_is_used_once(engine):
    given = request(clientRequestToken="t1")
    assert create(engine, given) == create(engine, given)
    with pytest.raises(Conflict, match="different parameters"):
        create(engine, given | {"jobName": "another"})
    with pytest.raises(Conflict, match="in use"):
        create(engine)


def test_twenty_jobs_are_under_way_at_most(engine, world):
    for number in range(20):
        create(engine, jobName=f"job-{number}")
    with pytest.raises(QuotaExceeded):
        create(engine, jobName="job-20")
    world.seconds += DEPLOYMENT
    assert create(engine, jobName="job-20")


def test_a_job_is_stopped_once_and_what_has_ended_is_not(engine, world):
    arn = create(engine)
    engine.call("StopEvaluationJob", EAST, {"jobIdentifier": arn})
    with pytest.raises(Conflict):
        engine.call("StopEvaluationJob", EAST, {"jobIdentifier": arn})
    assert ended(engine, world, arn)["status"] == "Stopped"
    assert world.written == {}


def test_faults_strike_it(engine, world):
    engine.faults.add(InjectedFault(kind="fail", phase="Evaluation", message="no", times=1))
    found = ended(engine, world, create(engine))
    assert (found["status"], found["failureMessages"]) == ("Failed", ["no"])
    engine.faults.add(InjectedFault(kind="stall", phase="Evaluation"))
    assert ended(engine, world, create(engine, jobName="b"))["status"] == "InProgress"


@pytest.mark.parametrize("action", ["bedrock:CreateEvaluationJob", "iam:PassRole"])
def test_a_caller_needs_the_right_to_start_it_and_to_pass_its_role(engine, world, action):
    world.forbidden.add(action)
    with pytest.raises(ApiError, match="not allowed"):
        create(engine)


def test_jobs_belong_to_one_region(engine):
    arn = create(engine)
    with pytest.raises(NotFound):
        engine.call("GetEvaluationJob", WEST, {"jobIdentifier": arn})
