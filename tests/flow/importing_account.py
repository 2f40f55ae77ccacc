"""An environment that imports models, in an emulated account of its own, with every policy enforced; and what is brought to
it and read from it.
"""

import hashlib
import json
import sys
from contextlib import contextmanager
from functools import partial
from textwrap import dedent

import stages
from accounts import World, subscribed
from patience import until
from tiny_weights import base

from emulator.deploy import Deployer
from tuning.adapters.companion_files import RECEIPT
from tuning.adapters.folder_merge import Order, merge
from tuning.aws.import_ledger import Imports
from tuning.cli.account import Account

RECIPE, BASE, REGION = "support-imported", "tiny-llama", "us-west-2"
TOML = f"""
    method = "IMPORT"
    description = "Adapters of a tiny Llama."
    base = "{BASE}"
    architecture = "LlamaForCausalLM"
"""
TRAINING = """
    description = "What an environment has always."
    base_model = "meta.llama3-3-70b-instruct-v1:0:128k"
"""
APP = f"""
    from pathlib import Path
    import aws_cdk as cdk
    from stacks.deployment import Deployment, deployments
    from tuning.constructs.acknowledgements import review
    from tuning.constructs.config import Config

    app = cdk.App(analytics_reporting=False, tree_metadata=False)
    folder, names = Path(__file__).parent, ("support-trained", "{RECIPE}")
    Deployment(app, "import", config=Config(region="{REGION}", recipes=names, recipes_folder=folder))
    review(app, [each.training for each in deployments(app)])
    app.synth()
"""


@contextmanager
def account_that_imports(folder):
    for name, text in ((RECIPE, TOML), ("support-trained", TRAINING)):
        (folder / f"{name}.toml").write_text(dedent(text), encoding="utf-8")
    (folder / "importing_app.py").write_text(dedent(APP), encoding="utf-8")
    pace = {"phase_seconds": 0.1, "wait_scale": 0.002, "role_seconds": 3, "deployment_seconds": 1}
    with stages.running(**pace, enforce=True) as instance:
        app = f"{sys.executable} {folder / 'importing_app.py'}"
        deployer = Deployer(instance=instance, say=lambda _line: None, app=app)
        deployer.bootstrap([REGION])
        deployed = deployer.deploy(["import/*"])
        client = partial(deployer.client, region=REGION)
        outputs = {**deployed["import-Training"], **deployed["import-Import"]}
        world = World(
            account=Account(client=client, outputs=outputs),
            instance=instance,
            inbox=subscribed(client, outputs),
        )
        put(world, "WeightsBucket", f"bases/{BASE}/", base(folder / "base"))
        yield world


def put(world, output, prefix, folder):
    """What begins an import comes first: the rest may come later."""
    beginning = ("adapter_model.safetensors", "config.json")
    for path in sorted(folder.iterdir(), key=lambda path: path.name not in beginning):
        key = f"{prefix}{path.name}"
        bucket = world.account.outputs[output]
        world.client("s3").put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


def put_adapter(world, name, folder):
    put(world, "DatasetsBucket", f"adapters/{RECIPE}/{name}/", folder)
    return f"adapters/{RECIPE}/{name}/adapter_model.safetensors"


def ended(world, key):
    """The record of the import that an object began, once it has ended."""
    imports = Imports(ledger=world.account.ledger)

    def found():
        records = [each for each in imports.records() if getattr(each, "upload", None)]
        return next((each for each in records if each.upload.key == key), None)

    def outcome():
        record = found()
        return record if record and record.ended else None

    seen = lambda: (record := found()) and (record.state, executions(world))  # noqa: E731 — one line
    return until(outcome, f"the end of the import of {key}", progress=seen)


def executions(world):
    machine = world.account.outputs["ModelImportMachine"]
    listed = world.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return [each["status"] for each in listed]


def merged(world, record):
    """Every file of the folder that was imported, by name."""
    bucket, s3 = world.account.outputs["WeightsBucket"], world.client("s3")
    prefix = f"merged/{record.import_id}/model/"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        each["Key"].removeprefix(prefix): s3.get_object(Bucket=bucket, Key=each["Key"])[
            "Body"
        ].read()
        for each in listed
    }


def same_as_here(found, here):
    """But for the receipt, which says where folders were and what made it."""
    wanted = {path.name: path.read_bytes() for path in here.iterdir()}
    assert set(found) == set(wanted)
    for name in set(wanted) - {RECEIPT}:
        assert sha(found[name]) == sha(wanted[name]), name
    receipts = [json.loads(each[RECEIPT]) for each in (found, wanted)]
    assert receipts[0]["changed"] == receipts[1]["changed"]


def sha(content):
    return hashlib.sha256(content).hexdigest()


def unfinished(world):
    listed = world.client("s3").list_multipart_uploads(
        Bucket=world.account.outputs["WeightsBucket"]
    )
    return listed.get("Uploads", [])


def merge_here(place, own, folder):
    merge(Order(base=own, adapter=folder, converted=True), place)
    return place
