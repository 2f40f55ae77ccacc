"""A first deployment that fails, and the way on that the documents name, typed at the CDK's own command line.

The CDK protects Storage before it is made. What CloudFormation has rolled back then can be neither deleted nor
deployed; with `--no-rollback` nothing is rolled back, and the protection is there all the time.
"""

import re

import pytest
from documented_commands import ROOT
from person import Person
from stages import running

from emulator.deploy import Deployer

SPOILT = {
    "import sys\n": "import sys\nfrom aws_cdk import aws_backup as backup\n",
    "    review(application": (
        '    storage = application.node.find_child("dev").node.find_child("Storage")\n'
        '    backup.CfnBackupVault(storage, "Extra", backup_vault_name="taken")\n'
        "    review(application"
    ),
}
"""Storage with something whose name is taken: a vault that an environment before it has left."""
DEPLOY = r"npx cdk deploy 'dev/\*'[^\n`#,]*"


class Deployments:
    """Of Storage, and of Network, which it needs."""

    def __init__(self, folder, instance):
        self.person = Person(folder, instance)
        deployer = Deployer(instance=instance, say=lambda _line: None)
        self._formation, self._backup = deployer.client("cloudformation"), deployer.client("backup")
        self._backup.create_backup_vault(BackupVaultName="taken")
        self.person.edit_app(**SPOILT)
        self.person.type("npx cdk bootstrap")

    def type(self, command, *, exits=0):
        return self.person.type(command.replace("dev/*", "dev/Storage"), exits=exits)

    def free_the_name(self):
        self._backup.delete_backup_vault(BackupVaultName="taken")

    def storage(self):
        [stack] = self._formation.describe_stacks(StackName="dev-Storage")["Stacks"]
        return stack["StackStatus"], stack["EnableTerminationProtection"]


@pytest.fixture
def deployments(tmp_path):
    with running() as instance:
        yield Deployments(tmp_path, instance)


def documented(document):
    """How the first deployment is typed there."""
    [command] = set(re.findall(DEPLOY, (ROOT / document).read_text("utf-8")))
    return command


@pytest.mark.parametrize(
    ("document", "fix"),
    [
        ("README.md", lambda there: there.free_the_name()),
        ("docs/first-deployment.md", lambda there: there.person.edit_app()),
    ],
    ids=["outside of the app", "in the app"],
)
def test_a_first_deployment_that_failed_goes_on_by_the_same_command(deployments, document, fix):
    command = documented(document)
    deployments.type(command, exits=1)
    assert deployments.storage() == ("CREATE_FAILED", True)
    deployments.type(command, exits=1)
    assert deployments.storage() == ("UPDATE_FAILED", True)
    fix(deployments)
    deployments.type(command)
    assert deployments.storage() == ("UPDATE_COMPLETE", True)


def test_what_was_rolled_back_takes_the_commands_of_the_runbook(deployments):
    deployments.type("npx cdk deploy 'dev/Storage'", exits=1)
    assert deployments.storage() == ("ROLLBACK_COMPLETE", True)
    deployments.free_the_name()
    deployments.type("npx cdk deploy 'dev/Storage'", exits=1)
    assert deployments.storage() == ("ROLLBACK_COMPLETE", True)
    text = (ROOT / "docs/runbook.md").read_text("utf-8")
    [row] = [
        line for line in text.splitlines() if line.startswith("| the first deployment of Storage")
    ]
    for command in re.findall(r"`(aws [^`]+)`", row):
        deployments.type(command)
    deployments.type("npx cdk deploy 'dev/Storage'")
    assert deployments.storage() == ("CREATE_COMPLETE", True)
