"""The world of a function: its environment, AWS in dictionaries, a context."""

import importlib
import io
import json
import os
import pkgutil
from types import SimpleNamespace

# Powertools reads these when `lambdas.observe` is imported, as in a function.
os.environ["POWERTOOLS_SERVICE_NAME"] = "function"
os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "Tuning"

import pytest
from cli_world import an_account
from domain_builders import DATASETS, RELEASE_MACHINE, a_context, any_recipe, any_run_settings
from fake_aws import FakeBedrock, FakeDynamoDB, FakeS3, FakeStepFunctions
from laid_recipes import deploy_recipes

import lambdas
from lambdas.observe import logger
from tuning.__main__ import run
from tuning.aws import clients

HANDLERS = [
    importlib.import_module(f"lambdas.{each.name}")
    for each in pkgutil.iter_modules(lambdas.__path__)
]


CREATE = clients.create


@pytest.fixture(autouse=True)
def _no_real_aws(monkeypatch):
    """Every client is made by one function, and here it makes none."""

    def create(service, region):
        raise AssertionError(f"a unit test asked for the real {service} of {region}")

    monkeypatch.setattr(clients, "create", create)
    clients.client.cache_clear()


@pytest.fixture
def real_clients(monkeypatch):
    """For tests of how clients are made: they are made, and nobody calls them."""
    monkeypatch.setattr(clients, "create", CREATE)


@pytest.fixture
def aws(monkeypatch):
    """What every client speaks to, for one test; settings are read anew."""
    fakes = SimpleNamespace(
        bedrock=FakeBedrock(),
        dynamodb=FakeDynamoDB(),
        s3=FakeS3(),
        stepfunctions=FakeStepFunctions(),
        recipes={each.name: each for each in (any_recipe(),)},
    )
    deploy_recipes(monkeypatch, fakes.recipes)
    monkeypatch.setattr(clients, "create", lambda service, _region: getattr(fakes, service))
    environment = {
        **any_run_settings().to_env(),
        "DATASETS_BUCKET": DATASETS,
        "RELEASE_MACHINE_ARN": RELEASE_MACHINE,
        "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices",
        "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun",
        "RECIPES": "support-nova-micro,support-nova-lite",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for handler in HANDLERS:
        if hasattr(handler, "_settings"):
            handler._settings.cache_clear()  # noqa: SLF001 — a function's cache lives as long as it does
    return fakes


@pytest.fixture
def world():
    """What surrounds the emulated Bedrock."""
    from emulated_world import World  # noqa: PLC0415 — the emulator, which most tests do without

    return World()


@pytest.fixture
def engine(world):
    """Jobs run to their end inside the call that creates them; what takes its time goes by the world's clock."""
    from emulated_world import an_engine  # noqa: PLC0415 — as above

    return an_engine(world, lambda task: task())


@pytest.fixture
def account(aws, monkeypatch):
    """A deployed environment that commands find."""
    return an_account(aws, monkeypatch)


@pytest.fixture
def releasing(aws, context):
    from release_world import Releasing  # noqa: PLC0415 — as above

    return Releasing(aws, context)


@pytest.fixture
def bought(aws, context):
    """As `releasing`, of a base that is served by Provisioned Throughput alone."""
    from bought_world import GATE  # noqa: PLC0415 — as above
    from emulated_world import LLAMA, WEST  # noqa: PLC0415 — as above
    from release_world import RECIPE, Releasing  # noqa: PLC0415 — as above

    made = Releasing(aws, context, base=LLAMA, scope=WEST)
    aws.recipes[RECIPE] = any_recipe(base_model=LLAMA, release=GATE)
    return made


@pytest.fixture
def serving(bought):
    """As `bought`, with its first version live."""
    bought.trained()
    bought.release(bought.request(1))
    return bought


@pytest.fixture
def importing(tmp_path, monkeypatch, context):
    """Imports into an environment with the recipe `support`; groups are small."""
    from import_world import Importing, small_groups  # noqa: PLC0415 — numpy, which most tests do without

    (tmp_path / "recipes").mkdir()
    small_groups(monkeypatch)
    made = Importing(tmp_path / "recipes", context)
    made.install(monkeypatch)
    return made


@pytest.fixture
def folders(tmp_path):
    """A base in two files, and an adapter of it."""
    import tiny_models  # noqa: PLC0415 — as above

    return (
        tiny_models.base(tmp_path / "tiny", shards=2),
        tiny_models.adapter(tmp_path / "adapter"),
    )


@pytest.fixture
def begun(importing, folders):
    """The id of an import of that adapter."""
    from import_world import BEGINS, FOLDER, WEIGHTS  # noqa: PLC0415 — as above

    base, adapter = folders
    importing.lay(WEIGHTS, "bases/tiny/", base)
    importing.lay(DATASETS, FOLDER, adapter)
    (import_id,) = importing.announced(BEGINS)
    return import_id


@pytest.fixture
def context():
    return a_context()


@pytest.fixture
def written(monkeypatch, capsys):
    """Everything a function has written, as text: its log, and the metrics on standard output."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)

    def so_far():
        captured = capsys.readouterr()
        assert captured.err == ""
        stream.write(captured.out)
        return stream.getvalue()

    return so_far


@pytest.fixture
def log(written):
    """What a function has written: lines of JSON, each of them."""
    return lambda: [json.loads(line) for line in written().split("\n") if line]


@pytest.fixture
def typed(monkeypatch, capsys):
    """typed("doctor", …) → exit code, standard output and error of the command line; never a traceback."""

    def said(*words):
        monkeypatch.setattr("sys.argv", ["tuning", *words])
        with pytest.raises(SystemExit) as left:
            run()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return int(left.value.code or 0), captured.out, captured.err

    return said
