"""Every way a run can end, and the one way that all of them are recorded and reported."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from tuning.constructs.function import HandlerFunction
from tuning.constructs.notice_lines import message, run_subject
from tuning.constructs.steps import Steps, expression, outlast, when
from tuning.runs.ledger_item import KEY
from tuning.runs.machine_states import OUTCOME_NOT_REPORTED, MachineState
from tuning.runs.outcome import Charge
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import OPEN, Partition

_ENDED_ALREADY = "DynamoDB.ConditionalCheckFailedException"
_WAITED = ("task_token", "slot_token", "#queue")
"""The attributes of a run that waits, for a person or for a job slot."""
_STOPPED = "'It was stopped before it had a job; nothing was trained.'"
_BY = "($approval.decision = 'stop' ? $approval.by : $exists($job.by) ? $job.by : $spend.by)"
"""Who asked for it, by whichever step has learnt it; functions of former versions do not say."""
_CHARGED = "$merge([$outcome, {'charge': $charge}])"


class Outcomes:
    """Conclusions, by name; each leads to the tail that records and reports it. An outcome is `unsure`
    when a function that Step Functions gave up may still make a job: the reconciler looks for it. `lines` are
    what every notice says of the run beside its outcome.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        ledger: dynamodb.ITable,
        topic: sns.ITopic,
        settle: HandlerFunction,
        lines: Sequence[str],
    ) -> None:
        self._scope, self._lines = scope, lines
        self._steps = Steps(scope)
        record = self._tail(ledger, topic)
        settled = self._settle(settle, record)
        self.misdirected = self._misdirected()
        self.refused = self._refused()
        self.trained = self._trained()
        self.stopped = self._stopped()
        self.stopped_early = self._stopped_early()
        self.failed = self._failure(MachineState.JOB_FAILED, "$progress.failure", charge="job")
        self.not_started = self._failure(
            MachineState.JOB_NOT_STARTED, "$job.failure", charge="nothing", unsure=True
        )
        self.fault = self._fault()
        self.rejected = self._unapproved(
            MachineState.NOT_APPROVED, "'Not approved by ' & $approval.by & '.'"
        )
        self.expired = self._unapproved(
            MachineState.APPROVAL_EXPIRED, "'Nobody approved it in time.'"
        )
        self.resumed = self._resumed()
        self.misdirected.next(record)
        for conclusion in (
            self.refused,  # perhaps on a second try, whose first has claimed
            *(self.rejected, self.expired, self.trained, self.stopped, self.stopped_early),
            *(self.failed, self.not_started, self.fault, self.resumed),
        ):
            conclusion.next(settled)

    def _misdirected(self) -> sfn.Pass:
        return self._steps.conclude(
            MachineState.UPLOAD_NOT_EXPECTED,
            {"state": "refused", "summary": expression("$run.refusal")},
            charge="nothing",
        )

    def _refused(self) -> sfn.Pass:
        return self._steps.conclude(
            MachineState.DATASET_REFUSED,
            {
                "state": "refused",
                "summary": expression("$dataset.summary"),
                "report": expression("$dataset.report_uri"),
            },
            charge="nothing",
        )

    def _trained(self) -> sfn.Pass:
        return self._steps.conclude(
            MachineState.MODEL_TRAINED,
            {
                "state": "trained",
                "summary": expression("$result.summary"),
                "report": expression("$dataset.report_uri"),
                "model": expression("$result.model_arn"),
            },
            charge="job",
        )

    def _stopped(self) -> sfn.Pass:
        return self._steps.conclude(
            MachineState.JOB_STOPPED,
            {
                "state": "stopped",
                "summary": "The job was stopped by someone with the right to; no model was made.",
                "report": expression("$dataset.report_uri"),
            },
            charge="job",
        )

    def _stopped_early(self) -> sfn.Pass:
        return self._steps.conclude(
            MachineState.STOPPED_EARLY,
            {
                "state": "stopped",
                "summary": expression(
                    f"{_STOPPED} & ($exists({_BY}) ? ' Asked by ' & {_BY} & '.' : '')"
                ),
                "report": expression("$dataset.report_uri"),
                "unsure": True,
            },
            charge="nothing",
        )

    def _fault(self) -> sfn.Pass:
        return self._steps.conclude(
            MachineState.STEP_FAILED,
            {
                "state": "failed",
                "summary": expression("$fault.message"),
                "kind": expression("$fault.kind"),
                "fix": "Find the step in the execution's history, and read its log group.",
                "unsure": True,
            },
            charge="unknown",
        )

    def _resumed(self) -> sfn.Pass:
        """The end of a run whose last execution could not record or report it, or was lost."""
        learnt = {"outcome": expression("$run.outcome"), "charge": expression("$run.charge")}
        return self._steps.learn(MachineState.RESUME_OUTCOME, learnt)

    def _unapproved(self, name: str, why: str) -> sfn.Pass:
        return self._steps.conclude(
            name,
            {
                "state": "refused",
                "summary": expression(f"{why} & ' ' & $spend.why"),
                "report": expression("$dataset.report_uri"),
                "kind": "not_approved",
                "fix": "Upload the file again to ask again.",
            },
            charge="nothing",
        )

    def _settle(
        self, function: HandlerFunction, record: tasks.DynamoUpdateItem
    ) -> tasks.LambdaInvoke:
        """A claim that cannot be settled stays whole, which is the safe side, until the reconciler
        settles it; the end is recorded.
        """
        settle = self._steps.invoke(function)
        settle.add_catch(
            record,
            errors=["States.ALL"],
            assign={"outcome": expression(f"$merge([{_CHARGED}, {{'unsure': true}}])")},
            outputs={},
        )
        settle.next(record)
        return settle

    def _failure(
        self, name: str, failure: str, *, charge: Charge, unsure: bool = False
    ) -> sfn.Pass:
        return self._steps.conclude(
            name,
            {
                "state": "failed",
                "summary": expression(f"{failure}.message"),
                "report": expression("$dataset.report_uri"),
                "kind": expression(f"{failure}.kind"),
                "fix": expression(f"{failure}.fix"),
                "unsure": unsure,
            },
            charge=charge,
        )

    def _tail(self, ledger: dynamodb.ITable, topic: sns.ITopic) -> tasks.DynamoUpdateItem:
        record, notify = self._record(ledger), self._notify(topic)
        not_reported = sfn.Fail.jsonata(
            self._scope,
            MachineState.NOT_REPORTED,
            error=OUTCOME_NOT_REPORTED,
            cause=expression(f"$string({_CHARGED})"),
        )
        # The one that ended the run before us was right, and what we know is still reported.
        record.add_retry(
            errors=[_ENDED_ALREADY],
            max_attempts=1,
            max_delay=cdk.Duration.seconds(5),
            jitter_strategy=sfn.JitterType.FULL,
        )
        record.add_catch(notify, errors=[_ENDED_ALREADY])
        for step in (record, notify):
            outlast(step, "States.TaskFailed")
            step.add_catch(not_reported, errors=["States.ALL"])
        end = self._steps.choose(MachineState.OUTCOME)
        for name in (MachineState.TRAINED, MachineState.REFUSED, MachineState.STOPPED):
            succeed = sfn.Succeed.jsonata(self._scope, name, outputs=expression("$outcome"))
            end.when(when(f"$outcome.state = '{name.lower()}'"), succeed)
        end.otherwise(
            sfn.Fail.jsonata(
                self._scope,
                MachineState.FAILED,
                error=expression("$exists($outcome.kind) ? $outcome.kind : 'RunFailed'"),
                cause=expression("$outcome.summary"),
            )
        )
        close = self._close(ledger)
        close.add_catch(end, errors=["States.ALL"], outputs={})
        record.next(notify).next(close).next(end)
        return record

    def _record(self, ledger: dynamodb.ITable) -> tasks.DynamoUpdateItem:
        """Over an open state only, or over the same outcome when its answer was lost. A row that is
        lost is written anew. It stays in the index of open runs until its notice is sent.
        """
        written = {
            "state": "$outcome.state",
            "ended_at": "$states.context.State.EnteredTime",
            "outcome": "$string($outcome)",
            "open": f"'{Partition.UNNOTIFIED}'",
        }
        kept = {
            "arrived_at": "$run.upload.arrived_at",
            "month": "$substring($run.upload.arrived_at, 0, 7)",
            "upload": "'s3://' & $run.upload.bucket & '/' & $run.upload.key",
            "recipe": "$split($run.upload.key, '/')[1]",
        }
        terms = [f"#{name} = :{name}" for name in written]
        terms += [f"#{name} = if_not_exists(#{name}, :{name})" for name in kept]
        value = tasks.DynamoAttributeValue.from_string
        opened = {f":from{n}": value(state) for n, state in enumerate(sorted(OPEN))}
        facts = {f":{name}": value(expression(e)) for name, e in {**written, **kept}.items()}
        names = {f"#{name}": RunRecord.attribute(name) for name in (*written, *kept, "queue")}
        among = f"#state IN ({', '.join(opened)})"
        return tasks.DynamoUpdateItem.jsonata(
            self._scope,
            MachineState.RECORD_OUTCOME,
            table=ledger,
            key={KEY: value(expression("$run.id"))},
            update_expression=f"SET {', '.join(terms)} REMOVE {', '.join(_WAITED)}",
            condition_expression=f"attribute_not_exists({KEY}) OR {among} OR #outcome = :outcome",
            expression_attribute_names=names,
            expression_attribute_values=facts | opened,
            outputs={},
        )

    def _close(self, ledger: dynamodb.ITable) -> tasks.DynamoUpdateItem:
        """Only after a fault a row stays in the index, for the reconciler, which also closes what was
        not closed here.
        """
        removed = f"'REMOVE {', '.join(_WAITED)}' & ($outcome.unsure ? '' : ', #open')"
        value = tasks.DynamoAttributeValue.from_string
        close = tasks.DynamoUpdateItem.jsonata(
            self._scope,
            MachineState.CLOSE_RUN,
            table=ledger,
            key={KEY: value(expression("$run.id"))},
            update_expression=expression(removed),
            condition_expression="#outcome = :outcome AND attribute_exists(#open)",
            expression_attribute_names={f"#{name}": name for name in ("open", "outcome", "queue")},
            expression_attribute_values={":outcome": value(expression("$string($outcome)"))},
            outputs={},
        )
        close.add_retry(
            errors=["States.TaskFailed"],
            max_attempts=2,
            max_delay=cdk.Duration.minutes(1),
            jitter_strategy=sfn.JitterType.FULL,
        )
        return close

    def _notify(self, topic: sns.ITopic) -> tasks.SnsPublish:
        learnt = [f"$outcome.{name}" for name in ("summary", "fix", "model", "report")]
        return tasks.SnsPublish.jsonata(
            self._scope,
            MachineState.NOTIFY,
            topic=topic,
            subject=run_subject("$outcome.state"),
            message=sfn.TaskInput.from_text(message([*learnt, *self._lines])),
            outputs={},
        )
