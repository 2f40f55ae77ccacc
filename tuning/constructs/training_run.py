"""TrainingRun: the state machine that takes one upload to its outcome.

Written in JSONata: variables keep what each step learnt without threading it through every output,
and one expression says what three JSONPath fields would (docs/decisions/0008).
"""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from tuning.constructs.approval import ApprovalWait
from tuning.constructs.config import Config
from tuning.constructs.earlier_version import EarlierVersion
from tuning.constructs.first_release import FirstRelease
from tuning.constructs.function import HandlerFunction
from tuning.constructs.notice_lines import console_link, run_commands_of
from tuning.constructs.outcomes import Outcomes
from tuning.constructs.placement import own_name
from tuning.constructs.slot_wait import SlotWait
from tuning.constructs.steps import Steps, catch_all, expression, when
from tuning.pipeline.run_steps import (
    AUTHORIZE_SPEND,
    COLLECT_RESULTS,
    PREPARE_DATASET,
    START_TRAINING,
    TRACK_TRAINING,
)
from tuning.runs.machine_states import MachineState

# Longer than the longest queue (tuning/runs/job_queue.py), a request for approval and two jobs; an
# execution may last a year: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
RUN_TIMEOUT = cdk.Duration.days(300)


class TrainingRun(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Mapping[str, HandlerFunction],
        ledger: dynamodb.ITable,
        topic: sns.ITopic,
        config: Config,
        environment: str,
    ) -> None:
        super().__init__(scope, construct_id)
        # Known beforehand, so that its role can be for this one machine and no other.
        self.name = own_name(self, "TrainingRun")
        self._functions = functions
        self._steps = Steps(self)
        self._config = config
        self._ledger, self._environment = ledger, environment
        page, approve, reject = run_commands_of(environment, "report --open", "approve", "reject")
        known = ("$run.upload.key", page, console_link(config.region))
        self._end = Outcomes(
            self, ledger=ledger, topic=topic, settle=functions["settle_spend"], lines=known
        )
        self._approval = ApprovalWait(
            self, ledger=ledger, topic=topic, end=self._end, lines=(*known, approve, reject)
        )
        self.definition = self._definition()

    def _definition(self) -> sfn.IChainable:
        steps = self._steps
        prepare, authorize, start, track, collect = (
            steps.invoke(self._functions[step.name])
            for step in (
                PREPARE_DATASET,
                AUTHORIZE_SPEND,
                START_TRAINING,
                TRACK_TRAINING,
                COLLECT_RESULTS,
            )
        )
        catch_all([prepare, authorize, start, track, collect], self._end.fault)
        follow = self._follow(track, collect, prepare)
        sound = steps.choose(MachineState.DATASET_ACCEPTED)
        authorized = steps.choose(MachineState.SPEND_AUTHORIZED)
        authorized.when(when("$spend.decision = 'stopped'"), self._end.stopped_early)
        # `leave` and `seconds` are what the function of the first version says, after a rollback.
        authorized.when(
            when("$spend.decision = 'authorized' or $spend.leave = 'granted'"),
            start.next(self._admit(start, follow)),
        )
        authorized.otherwise(self._approval.ask)
        self._approval.granted(authorize)
        sound.when(when("$dataset.verdict = 'waiting'"), self._wait_for_uploads(prepare))
        sound.when(when("$dataset.verdict = 'accepted'"), authorize.next(authorized)).otherwise(
            self._end.refused
        )
        routed = steps.choose(MachineState.UPLOAD_EXPECTED)
        routed.when(when("$exists($run.refusal)"), self._end.misdirected)
        routed.when(when("$exists($run.outcome)"), self._end.resumed)
        earlier = EarlierVersion(self, ledger=self._ledger, then=prepare, end=self._end)
        routed.when(when("$exists($run.supersedes)"), earlier.stop)
        routed.otherwise(prepare.next(sound))
        return self._begin().next(routed)

    def _wait_for_uploads(self, prepare: tasks.LambdaInvoke) -> sfn.Wait:
        """Once, for as long as the first try says; what came meanwhile is seen by the second."""
        wait = sfn.Wait.jsonata(
            self,
            MachineState.WAIT_FOR_UPLOADS,
            time=sfn.WaitTime.seconds(expression("$dataset.wait_seconds")),
            assign={"waited": True},
            outputs={},
        )
        wait.next(prepare)
        return wait

    def _begin(self) -> sfn.Pass:
        """An execution that takes a run up gets its job's status at the last poll."""
        seen = "$exists($states.input.progress) ? $states.input.progress : {}"
        first = {
            "run": expression("$states.input"),
            "execution": expression("$states.context.Execution.Id"),
            "progress": expression(seen),
            "waited": False,
            "job": {},
            "queue": {},
            "approval": {},
            "refused_answer": {},
        }
        return self._steps.learn(MachineState.BEGIN, first)

    def _admit(self, start: tasks.LambdaInvoke, follow: sfn.IChainable) -> sfn.Choice:
        """An account may have ten jobs in progress, and that quota cannot be raised: a run that finds no
        job slot waits for one. https://docs.aws.amazon.com/general/latest/gr/bedrock.html
        """
        queue = SlotWait(self, ledger=self._ledger, again=start, end=self._end)
        started = self._steps.choose(MachineState.JOB_STARTED)
        started.when(when("$job.state = 'started'"), follow)
        # `no_room` is what the function of the first version says, after a rollback.
        started.when(when("$job.state in ['queued', 'no_room']"), queue.wait)
        started.when(when("$job.state = 'stopped'"), self._end.stopped_early)
        return started.otherwise(self._end.not_started)

    def _follow(
        self, track: tasks.LambdaInvoke, collect: tasks.LambdaInvoke, prepare: tasks.LambdaInvoke
    ) -> sfn.Wait:
        """Bedrock's events are best effort, and a stalled job sends none: the loop is the truth."""
        pause = f"$max([{self._config.poll_seconds}, $progress.pause_seconds])"
        wait = self._steps.wait(MachineState.WAIT_FOR_JOB, pause)
        once_more = {
            "run": expression("$progress.next_run"),
            "job": {},
            "progress": {},
            "queue": {},
        }
        again = self._steps.learn(MachineState.RETRY_TRAINING, once_more)
        state = self._steps.choose(MachineState.JOB_STATUS)
        state.when(when("$progress.state in ['in_progress', 'overdue']"), wait)
        release = FirstRelease(self, environment=self._environment, then=self._end.trained)
        state.when(when("$progress.state = 'trained'"), collect.next(release.begin))
        state.when(when("$progress.state = 'stopped'"), self._end.stopped)
        state.when(when("$progress.state = 'again'"), again.next(prepare))
        state.otherwise(self._end.failed)
        wait.next(track).next(state)
        return wait
