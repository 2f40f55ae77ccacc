"""A run for which Bedrock has no job slot waits for one, and costs nothing while it waits.

Its task token goes into the run's row, in the attribute that the index `Queue` has and no other index or
notice. Anyone who reads that index can let runs of the queue try, and cannot answer what is asked of a
person: that token is in another attribute, which the index has not.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.outcomes import Outcomes
from tuning.constructs.steps import WAITS_NO_MORE, catch_all, expression, wait_for_answer
from tuning.runs.job_queue import ASK_AGAIN_SECONDS
from tuning.runs.machine_states import MachineState


class SlotWait:
    """The state `wait`, and after it `again`: the state that tries to start the job."""

    def __init__(
        self,
        scope: Construct,
        *,
        ledger: dynamodb.ITable,
        again: sfn.IChainable,
        end: Outcomes,
    ) -> None:
        self.wait = _waiting(scope, ledger)
        # Its run was stopped or has ended, or nobody answered for a day: the next try finds out.
        nothing: dict[str, object] = {"queue": {}}
        self.wait.add_catch(
            again, errors=[WAITS_NO_MORE, "States.Timeout"], assign=nothing, outputs={}
        )
        catch_all([self.wait], end.fault)
        self.wait.next(again)


def _waiting(scope: Construct, ledger: dynamodb.ITable) -> sfn.CustomState:
    """After a rollback the function of the first version answers how long to wait for the next try, and nobody answers
    the token.
    """
    said = "$exists($job.wait_seconds) and $job.wait_seconds > 0"
    return wait_for_answer(
        scope,
        MachineState.WAIT_FOR_JOB_SLOT,
        ledger,
        update=(
            "SET slot_token = :token, #queue = :waiting, queued_at = if_not_exists(queued_at, :now)"
        ),
        condition="#state = :queued AND attribute_not_exists(stop_asked)",
        names={"#state": "state", "#queue": "queue"},
        values={
            ":now": expression("$states.context.State.EnteredTime"),
            ":waiting": "job_slots",
            ":queued": "queued",
        },
        seconds=f"{said} ? $job.wait_seconds : {ASK_AGAIN_SECONDS}",
        gives="queue",
    )
