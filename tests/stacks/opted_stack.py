"""What is asked alike of each stack that an environment has only where its Config asks for it."""

import json

from review.permission_table import render, reviewed, table


def plugin_reports(folder):
    """What each pack, validator and set of rules says, of the templates in this folder."""
    return json.loads((folder / "validation-report.json").read_bytes())["pluginReports"]


def said_against(reports):
    """Rules and what they are about."""
    return [
        (violation["ruleName"], violation["violatingConstructs"])
        for plugin in reports
        for violation in plugin.get("violations", [])
        # Guard names the stack of it, for which nothing is accepted: review/synthesis.py puts it where it belongs.
        if violation["ruleName"] != "kms_create_grant_aws_service_check"
    ]


def decisions_about(decided, word):
    """Those of which the table says something with this word."""
    return [row for row in decided if word in row.case.says.lower()]


def not_as_decided(decided):
    """Cases that are decided in another way, and how."""
    return [(row.case, row.got) for row in decided if not row.holds]


def assert_reviewed(environment, file, roles):
    """That these roles may what the file says that was reviewed, and that it is written in the one way."""
    found = {name: entry for name, entry in table(environment).items() if name in roles}
    entries, text = reviewed(file)
    assert found == entries
    assert render(found) == text
