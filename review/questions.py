"""From a rule that people read to questions that an evaluator can decide.

`decisions/` says what must be: who does what, on what, under which circumstances, and whether it
is let. `vocabulary.toml` says what its words mean in a request. Neither is computed from a policy.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import product
from typing import Any, Literal, NotRequired, TypedDict

from review.physical import EXAMPLE_ACCOUNT, Physical
from review.policy_documents import PolicyDocument, documents
from tuning.pipeline.import_tasks import IMPORT_STEPS
from tuning.pipeline.manifest import OPTED_STEPS, STEPS

Expected = Literal["allowed", "denied", "never"]
"""`never`: denied explicitly, so that no right that anyone is given later changes it."""


@dataclass(frozen=True, kw_only=True)
class PolicyRule:
    """All of `who` do all of `does` on all of `on` in each way of `how`."""

    says: str
    who: tuple[str, ...]
    does: tuple[str, ...]
    on: tuple[str, ...]
    how: tuple[str, ...]
    then: Expected
    only: tuple[str, ...] = ()
    """Names of the environments it goes for; all, when there are none."""

    def cases(self) -> Iterator["Case"]:
        for who, does, on, how in product(self.who, self.does, self.on, self.how):
            yield Case(says=self.says, who=who, does=does, on=on, how=how, expected=self.then)


@dataclass(frozen=True, kw_only=True)
class Case:
    says: str
    who: str
    does: str
    on: str
    how: str
    """Circumstances joined by ` + `."""
    expected: Expected


class _Question(TypedDict):
    """As `evaluate.mjs` takes it."""

    principal: str | None
    action: str
    resource: str
    account: str
    context: dict[str, str | list[str]]
    identity: list[str]
    own: NotRequired[str]
    granted: NotRequired[list[dict[str, Any]]]
    endpoint: list[str]
    expected: Expected


def policy_rules(environment: str) -> list[PolicyRule]:
    """All rules that go for an environment, a rule for each case. Raises KeyError for a case that lacks a part."""
    folder = files("review").joinpath("decisions")
    tables = sorted(folder.iterdir(), key=lambda file: file.name)
    groups = _vocabulary()["groups"]
    found = []
    for row in (row for table in tables for row in table_cases(table.read_text("utf-8"))):
        only = tuple(row.get("only", ()))
        rule = PolicyRule(
            says=row["says"],
            who=_members(row["who"], groups),
            does=tuple(row["does"]),
            on=_members(row["on"], groups),
            how=tuple(row["how"]),
            then=row["then"],
            only=only,
        )
        if environment in (only or (environment,)) and environment not in row.get("but", ()):
            found.append(rule)
    return found


def table_cases(text: str) -> Iterator[dict[str, Any]]:
    """The cases of a file of `decisions/`, whole. What all cases of a rule have in common its rule says, once, and what
    all rules of a file do the file. Raises ValueError where something is said a second time, or a rule asks nothing.
    """
    table = tomllib.loads(text)
    for rule in table.pop("rule"):
        cases = rule.pop("cases", [{}])
        if not cases:
            raise ValueError(f"{rule['says']!r}: has no case, so nothing would be asked")
        for case in cases:
            given = Counter(key for part in (table, rule, case) for key in part)
            if twice := [key for key, times in given.items() if times > 1]:
                raise ValueError(f"{rule['says']!r}: given twice: {', '.join(twice)}")
            yield {**table, **rule, **case}


def _members(names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Groups replaced by who or what belongs to them, groups of groups too; `every function but this and that` by all
    others of the group, so that a new step is among those who may not. Raises ValueError where one that is left out is
    not of it.
    """
    found: list[str] = []
    for name in names:
        group, _, left_out = name.partition(" but ")
        if group not in groups:
            found.append(name)
            continue
        members, without = _members(groups[group], groups), left_out.split(" and ")
        if left_out and (strangers := set(without) - set(members)):
            raise ValueError(f"{name!r}: not of that group: {', '.join(sorted(strangers))}")
        found += [each for each in members if each not in without]
    return tuple(found)


def _vocabulary() -> dict[str, Any]:
    """The file's words, and those of the manifest: every step, its role, and the groups of steps."""
    words = tomllib.loads(files("review").joinpath("vocabulary.toml").read_text("utf-8"))
    for step in (*STEPS, *OPTED_STEPS):
        role = f"{step.construct_id}Role"
        words["who"][step.name] = {"role": role, "logs": f"{{{step.construct_id}Logs.id}}"}
        words["what"][f"the role of {step.name}"] = {"arn": f"{{{role}}}", "trust": role}
    with_ledger = [s for s in STEPS if any("Ledger" in each.on for each in s.access)]
    words["groups"] |= {
        "every function": [step.name for step in STEPS],
        "every function of imports": [step.name for step in IMPORT_STEPS],
        "every function in the VPC": [step.name for step in STEPS if step.in_vpc],
        "every function with the ledger": [step.name for step in with_ledger],
        "every function that updates the ledger": [
            step.name
            for step in with_ledger
            if any("dynamodb:UpdateItem" in each.actions for each in step.access)
        ],
        "the role of every function": [f"the role of {step.name}" for step in STEPS],
    }
    return words


@dataclass(frozen=True, kw_only=True)
class Phrasebook:
    """What the words of a case mean in one environment."""

    physical: Physical

    @cached_property
    def documents(self) -> dict[str, PolicyDocument]:
        return {found.name: found for found in documents(self.physical)}

    @cached_property
    def _words(self) -> dict[str, Any]:
        return _vocabulary()

    def policies(self) -> dict[str, Any]:
        """Of the templates, and those of people, who are not made by them."""
        people = {f"rights of {n}": w["may"] for n, w in self._words["who"].items() if "may" in w}
        return {
            **{name: document.content for name, document in self.documents.items()},
            **{
                name: {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": may, "Resource": "*"}],
                }
                for name, may in people.items()
            },
        }

    def question(self, case: Case) -> _Question:
        who = self._fill(self._words["who"][case.who])
        what = self._fill(self._words["what"][case.on], **{"its logs": who.get("logs", "")})
        service = case.does.split(":")[0]
        found = _Question(
            principal=who.get("principal"),
            action=case.does,
            resource=what["arn"],
            account=what.get("account", EXAMPLE_ACCOUNT),
            context=self._basis(who, what, service),
            identity=[],
            endpoint=[],
            expected=case.expected,
        )
        if "may" in who:
            found["identity"] = [f"rights of {case.who}"]
        if "attached" in who:
            found["identity"] = [who["attached"]]
        if "role" in who:
            self._as_role(found, who["role"])
        if own := self._own(what):
            found["own"] = own
        if "open" in what:
            found["granted"] = [_grant(what["open"], service, what["arn"])]
        for way in case.how.split(" + "):
            self._apply(found, self._fill(self._words["how"][way]), service)
        return found

    def _basis(
        self, who: Mapping[str, Any], what: Mapping[str, Any], service: str
    ) -> dict[str, str | list[str]]:
        context: dict[str, str | list[str]] = {
            "aws:SecureTransport": "true",
            "aws:PrincipalIsAWSService": "true" if who.get("service") else "false",
            **what.get("context", {}),
        }
        if not who.get("service"):
            context["aws:PrincipalAccount"] = who.get("account", EXAMPLE_ACCOUNT)
        if "principal" in who and not who.get("service"):
            context["aws:PrincipalArn"] = who["principal"]
        if what["arn"] != "*":
            context["aws:ResourceAccount"] = what.get("account", EXAMPLE_ACCOUNT)
        if service == "s3":
            context["s3:TlsVersion"] = "1.3"
        return context

    def _as_role(self, found: _Question, role: str) -> None:
        """A session of one of our roles: its policies, and its tags in every request."""
        logical_id = self.physical.logical_id(role)
        name = self.physical.name(logical_id)
        found["principal"] = f"arn:aws:sts::{EXAMPLE_ACCOUNT}:assumed-role/{name}/session"
        found["context"]["aws:PrincipalArn"] = self.physical.arn(logical_id)
        found["identity"] = [
            d.name for d in self.documents.values() if d.kind == "identity" and role in d.owners
        ]
        properties = self.physical.environment.one("AWS::IAM::Role", role).properties
        for tag in properties.get("Tags", []):
            found["context"][f"aws:PrincipalTag/{tag['Key']}"] = tag["Value"]

    def _own(self, what: Mapping[str, Any]) -> str | None:
        for kind in ("policy", "trust"):
            if kind in what:
                return f"{kind} of {what[kind]}"
        return None

    def _apply(self, found: _Question, way: Mapping[str, Any], service: str) -> None:
        for key in way.get("without", ()):
            found["context"].pop(key, None)
        found["context"].update(way.get("context", {}))
        if "granted" in way:
            found["granted"] = [_grant(way["granted"], service, found["resource"])]
        if "endpoints" in way:
            places = way["endpoints"]
            found["endpoint"] = [f"endpoint {places.get(found['action']) or places[service]}"]

    def _fill(self, given: Any, **more: str) -> Any:
        """`{Prepared}` is an ARN, `{Vpc.id}` a name or id, `{region}` and `{account}` are places."""
        match given:
            case dict():
                return {key: self._fill(value, **more) for key, value in given.items()}
            case list():
                return [self._fill(value, **more) for value in given]
            case str():
                words = {
                    "region": self.physical.region,
                    "account": EXAMPLE_ACCOUNT,
                    "environment": self.physical.environment.name,
                    **more,
                }
                return re.sub(
                    r"\{([\w. ]+)\}", lambda m: words.get(m[1]) or self._ours(m[1]), given
                )
        return given

    def _ours(self, word: str) -> str:
        name, _, part = word.partition(".")
        logical_id = self.physical.logical_id(name)
        return self.physical.name(logical_id) if part else self.physical.arn(logical_id)


def _grant(principal: Any, service: str, resource: str) -> dict[str, Any]:
    """What counts besides the policies: a grant of KMS, or what the owner of a resource let."""
    action = {"Effect": "Allow", "Principal": principal, "Action": f"{service}:*"}
    return {**action, "Resource": resource}
