"""An environment with an assistant that has documents, in an emulated account of its own, every policy enforced."""

import shutil
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from textwrap import dedent

import stages
from accounts import World, subscribed

from emulator.deploy import Deployer
from tuning.cli.account import Account

REGION = "us-east-1"
ROOT = Path(__file__).resolve().parents[2]
ASSISTANT = """
    model = "amazon.nova-2-lite-v1:0:256k"
    system_prompt = "You help our staff. The word of the day is tangerine."
    daily_budget = 5.00
    caller_requests_per_minute = 1000
    guardrail = "support"
    [knowledge_base]
    dimensions = 256
    least_score = 0.3
"""
RERANKED = ASSISTANT.replace(
    "least_score = 0.3", 'least_score = 0.2\n    rerank = "cohere.rerank-v3-5:0"'
)
RECIPE = """
    description = "What an environment has always."
    base_model = "amazon.nova-2-lite-v1:0:256k"
"""
APP = f"""
    from pathlib import Path
    import aws_cdk as cdk
    from stacks.deployment import Deployment, deployments
    from tuning.constructs.acknowledgements import review
    from tuning.constructs.config import Config

    app = cdk.App(analytics_reporting=False, tree_metadata=False)
    folder = Path(__file__).parent
    config = Config(
        region="{REGION}", recipes=("support",), recipes_folder=folder / "recipes", assistants=("help", "sales"),
    )
    Deployment(app, "dev", config=config)
    review(app, [each.training for each in deployments(app)])
    app.synth()
"""


@contextmanager
def account_with_documents(folder):
    for room in ("recipes", "assistants", "guardrails"):
        (folder / room).mkdir()
    (folder / "recipes/support.toml").write_text(dedent(RECIPE), encoding="utf-8")
    for name, text in {"help": ASSISTANT, "sales": RERANKED}.items():
        (folder / f"assistants/{name}.toml").write_text(dedent(text), encoding="utf-8")
    shutil.copy(ROOT / "guardrails/support.toml", folder / "guardrails")
    (folder / "app_with_documents.py").write_text(dedent(APP), encoding="utf-8")
    pace = {"phase_seconds": 0.5, "wait_scale": 0.01, "role_seconds": 3}
    with stages.running(**pace, enforce=True) as instance:
        app = f"env PYTHONPATH=. {sys.executable} {folder / 'app_with_documents.py'}"
        deployer = Deployer(instance=instance, say=lambda _line: None, app=app)
        deployer.bootstrap([REGION])
        deployed = deployer.deploy(["dev/*"])
        client = partial(deployer.client, region=REGION)
        outputs = {**deployed["dev-Training"], **deployed["dev-Assistants"]}
        yield World(
            account=Account(client=client, outputs=outputs),
            instance=instance,
            inbox=subscribed(client, outputs),
        )
