"""Policies of a stack, changed in every way, and which changes no decision notices."""

import json
import tomllib

from whole_app import ROOT

from review.decide import noticing
from review.mutations import mutants


def changes_of(policies):
    """Each policy with each of its statements taken away, without each condition, and with more in it; none twice."""
    found = {
        (each.name, json.dumps(one.content)): one for each in policies for one in mutants(each)
    }
    return list(found.values())


def unnoticed(environment, changed, *, region):
    """Policy and change of those that change no decision."""
    by = noticing(environment, changed, region=region)
    return {(one.policy, one.change) for one, case in zip(changed, by, strict=True) if case is None}


def known_as_equivalent(environment):
    """Those that change nothing, by `review/equivalent.toml`, where that environment alone has them."""
    rows = tomllib.loads((ROOT / "review/equivalent.toml").read_text("utf-8"))["change"]
    return {(row["policy"], row["change"]) for row in rows if row.get("only") == [environment]}
