"""ModelImport: the state machine that brings an uploaded adapter or model to a version, or says why not.

Every path goes through `Finish import`, which leaves nothing half-written and records the outcome, and then notifies.
Functions are given the import's id: what they do follows from the ledger and from S3, not from this machine's input.
"""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.function import HandlerFunction
from tuning.constructs.reported_outcome import conclude_with, report_outcome
from tuning.constructs.steps import Steps, catch_all, expression, when
from tuning.imports.import_machine_states import ImportMachineState
from tuning.imports.lost_imports import LONGEST
from tuning.pipeline.import_tasks import (
    ASSEMBLE_MODEL,
    CHECK_ADAPTER,
    FINISH_IMPORT,
    IMPORT_MODEL,
    MERGE_TENSORS,
    RESERVE_IMPORT,
    VERIFY_IMPORT,
)

IMPORT_TIMEOUT = cdk.Duration.days(LONGEST.days)
GROUPS_AT_ONCE = 20
"""Functions that merge at the same time: of an account's thousand, and of what else runs in it."""
_POLL_SECONDS = "60"
_JOB_SECONDS = "$progress.state = 'queued' ? 300 : 60"
"""An account imports one model at a time, and an import takes many minutes."""
_MOST_OF_A_REASON = 500
"""Characters of what a group was refused for. Results of a map have 256 KiB in all:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


class ImportDefinition:
    def __init__(
        self,
        scope: Construct,
        *,
        functions: Mapping[str, HandlerFunction],
        topic: sns.ITopic,
        groups_at_once: int,
    ) -> None:
        self._scope, self._steps, self._topic = scope, Steps(scope), topic
        self._check, self._reserve, self._assemble, self._import, self._verify, self._finish = (
            self._steps.invoke(functions[step.name])
            for step in (
                *(CHECK_ADAPTER, RESERVE_IMPORT, ASSEMBLE_MODEL),
                *(IMPORT_MODEL, VERIFY_IMPORT, FINISH_IMPORT),
            )
        )
        self._merge = self._merging(functions[MERGE_TENSORS.name], groups_at_once)
        self._report()
        fault = self._concluded(ImportMachineState.STEP_FAILED, "failed", "$fault.message")
        catch_all([self._check, self._reserve, self._assemble, self._import, self._verify], fault)
        catch_all([self._merge], fault)
        self._check.next(self._checked())
        self._reserve.next(self._reserved())
        self._merge.next(self._merged())
        self._assemble.next(self._assembled())
        self._import.next(self._job())
        self._verify.next(self._answers())
        self.start = self._begin().next(self._to_be_closed())

    def _begin(self) -> sfn.Pass:
        known: dict[str, Any] = {"import_id": expression("$states.input.import_id")}
        known |= {name: {} for name in ("checked", "progress", "verified", "outcome", "finished")}
        known["lost"] = expression("$exists($states.input.lost) ? $states.input.lost : ''")
        return self._steps.learn(ImportMachineState.BEGIN, known)

    def _to_be_closed(self) -> sfn.Choice:
        """An execution that was stopped records nothing: `reconcile_imports` has another do it, and only that."""
        choice = self._steps.choose(ImportMachineState.TO_BE_CLOSED)
        choice.when(when("$lost = ''"), self._check)
        choice.otherwise(self._concluded(ImportMachineState.LOST, "failed", "$lost"))
        return choice

    def _checked(self) -> sfn.Choice:
        wait = self._steps.wait(ImportMachineState.WAIT_FOR_FILES, _POLL_SECONDS)
        choice = self._steps.choose(ImportMachineState.UPLOAD_CHECKED)
        choice.when(when("$checked.state = 'waiting'"), wait.next(self._check))
        choice.when(when("$checked.state = 'ready'"), self._reserve)
        return self._else_refused(choice, ImportMachineState.NOT_ACCEPTED, "$checked.why")

    def _reserved(self) -> sfn.Choice:
        choice = self._steps.choose(ImportMachineState.BUDGET_RESERVED)
        choice.when(when("$reserved.state = 'reserved'"), self._merge)
        return self._else_refused(choice, ImportMachineState.NOT_RESERVED, "$reserved.why")

    def _merging(self, function: HandlerFunction, at_once: int) -> sfn.DistributedMap:
        """Each group in an execution of its own, which knows no variable of this one. A group that is refused, or
        fails for good, ends as one that is merged does, and says why: a map that fails would say how many items did.
        """
        merge = self._steps.invoke(
            function,
            given={name: f"$states.input.{name}" for name in MERGE_TENSORS.takes},
        )
        why = f"$substring($merged.why, 0, {_MOST_OF_A_REASON})"
        said = f"$merged.state = 'merged' ? {{}} : {{'why': {why}}}"
        merge.next(
            sfn.Succeed.jsonata(
                self._scope, ImportMachineState.GROUP_MERGED, outputs=expression(said)
            )
        )
        cause = expression(f"$substring($fault.message, 0, {_MOST_OF_A_REASON})")
        failed = sfn.Succeed.jsonata(
            self._scope, ImportMachineState.GROUP_FAILED, outputs={"fault": cause}
        )
        catch_all([merge], failed)
        each = sfn.DistributedMap.jsonata(
            self._scope,
            ImportMachineState.MERGE_GROUPS,
            label="MergeGroups",
            items=sfn.ProvideItems.jsonata(expression("[0..($checked.groups - 1)]")),
            item_selector={
                "import_id": expression("$import_id"),
                "group": expression("$states.context.Map.Item.Value"),
            },
            max_concurrency=at_once,
            map_execution_type=sfn.StateMachineType.STANDARD,  # an express one has five minutes
            assign={
                "refusals": expression("[$states.result[$exists(why)].why]"),
                "faults": expression("[$states.result[$exists(fault)].fault]"),
            },
            outputs={},
        )
        return each.item_processor(merge)

    def _merged(self) -> sfn.Choice:
        choice = self._steps.choose(ImportMachineState.ALL_MERGED)
        failed = self._concluded(ImportMachineState.MERGE_FAILED, "failed", "$faults[0]")
        choice.when(when("$count($faults) > 0"), failed)
        choice.when(when("$count($refusals) = 0"), self._assemble)
        return self._else_refused(choice, ImportMachineState.NOT_MERGED, "$refusals[0]")

    def _assembled(self) -> sfn.Choice:
        choice = self._steps.choose(ImportMachineState.MODEL_ASSEMBLED)
        choice.when(when("$assembled.state = 'assembled'"), self._import)
        return self._else_refused(choice, ImportMachineState.NOT_ASSEMBLED, "$assembled.why")

    def _job(self) -> sfn.Choice:
        wait = self._steps.wait(ImportMachineState.WAIT_FOR_JOB, _JOB_SECONDS)
        choice = self._steps.choose(ImportMachineState.JOB_STATUS)
        choice.when(when("$progress.state in ['queued', 'in_progress']"), wait.next(self._import))
        choice.when(when("$progress.state = 'completed'"), self._verify)
        choice.otherwise(
            self._concluded(ImportMachineState.NOT_IMPORTED, "failed", "$progress.why")
        )
        return choice

    def _answers(self) -> sfn.Choice:
        wait = self._steps.wait(ImportMachineState.WAIT_FOR_MODEL, _POLL_SECONDS)
        choice = self._steps.choose(ImportMachineState.MODEL_ANSWERS)
        choice.when(when("$verified.state = 'cold'"), wait.next(self._verify))
        imported = self._concluded(ImportMachineState.MODEL_IMPORTED, "imported", "'It answers.'")
        choice.when(when("$verified.state = 'answered'"), imported)
        why = "'It was imported, but did not answer: ' & $verified.why"
        choice.otherwise(self._concluded(ImportMachineState.SILENT, "failed", why))
        return choice

    def _else_refused(self, choice: sfn.Choice, name: str, why: str) -> sfn.Choice:
        choice.otherwise(self._concluded(name, "refused", why))
        return choice

    def _concluded(self, name: str, state: str, summary: str) -> sfn.Pass:
        return conclude_with(self._scope, name, state, summary, self._finish)

    def _report(self) -> None:
        names = "$exists($finished.recipe) ? ' of ' & $finished.recipe : ''"
        short = "$substring($import_id, 0, 8)"
        report_outcome(
            self._scope,
            self._finish,
            topic=self._topic,
            states=ImportMachineState,
            succeeded={
                ImportMachineState.IMPORTED: ["imported"],
                ImportMachineState.REFUSED: ["refused"],
            },
            says=f"'Import ' & {short} & ({names})",
            lines=[
                "$exists($finished.summary) ? $finished.summary : $outcome.summary",
                "'Import: ' & $import_id",
            ],
            recorded="finished",
            what="Import",
        )
