"""Neither a page in the developer's browser nor another user of the machine reaches the emulator."""

import http.client
import json
import os
import ssl
import stat
from contextlib import suppress

import boto3
import pytest
import stages
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from laid_tools import lay_function
from strict import trust

from emulator.credentials import CREDENTIALS
from emulator.emulator_settings import ACCOUNT

READS = ("/", "/health", "/_emulator/health", "/_emulator/actions", "/_ministack/health")
CONTROLS = (
    ("GET", "/_emulator/health"),
    ("GET", "/_emulator/faults"),
    ("POST", "/_emulator/faults"),
    ("DELETE", "/_emulator/faults"),
    ("GET", "/_emulator/actions"),
    ("DELETE", "/_emulator/actions"),
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/_ministack/health"),
    ("GET", "/_ministack/sqs/messages"),
    ("GET", f"/_ministack/lambda-code/{ACCOUNT}/us-east-1/any"),
    ("GET", "/_localstack/health"),
    ("GET", "/_aws/lambda-url/any/"),
    ("GET", "/health"),
)
CALL = b"Action=CreateQueue&QueueName=planted&Version=2012-11-05"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module", params=[False, True], ids=["open", "enforcing"])
def instance(request):
    with stages.running(enforce=request.param) as running:
        yield running


def connection(instance, *, plain=False):
    settings = instance.settings
    if plain or not settings.enforce:
        port = settings.plain_port or settings.port
        return http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    trusted = ssl.create_default_context(cafile=settings.authority)
    return http.client.HTTPSConnection("127.0.0.1", settings.port, timeout=10, context=trusted)


def raw(instance, method, path, headers=(), body=b"", *, plain=False):
    """One request as it is, with no header of a client's own: (status, headers, body)."""
    opened = connection(instance, plain=plain)
    given = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in given}
    opened.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
    for name, value in [*given, ("Content-Length", str(len(body)))]:
        opened.putheader(name, value)
    opened.endheaders(body)
    answer = opened.getresponse()
    said = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    opened.close()
    return said


def signed(instance, secret=None, *, key=ACCOUNT, body=CALL, service="sqs", host=None):
    """Headers of a call of a service, signed as an SDK signs them."""
    secret = secret or instance.client_environment()["AWS_SECRET_ACCESS_KEY"]
    headers = FORM | ({"Host": host} if host else {})
    asked = AWSRequest("POST", f"{instance.endpoint}/", headers=headers, data=body)
    SigV4Auth(Credentials(key, secret), service, "us-east-1").add_auth(asked)
    return dict(asked.headers.items())


def client(instance, service, secret=None):
    environment = instance.client_environment()
    return boto3.client(
        service,
        endpoint_url=instance.endpoint,
        region_name="us-east-1",
        verify=instance.settings.authority or None,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key=secret or environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="v4" if service != "s3" else "s3v4"),
    )


def a_role(instance):
    """As Lambda wants it, where policies are enforced."""
    iam = client(instance, "iam")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="any", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))


WHO = "import os\ndef run(event, context): return os.getuid()"


@pytest.mark.parametrize("plain", [False, True], ids=["as it is", "without TLS"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:1", ""])
def test_another_name_of_this_machine_is_refused(instance, host, plain):
    """A page whose name was rebound to 127.0.0.1 is of the same origin to its browser."""
    for path in READS:
        status, _, body = raw(instance, "GET", path, {"Host": host}, plain=plain)
        assert (status, "Host" in json.loads(body)["message"]) == (403, True)
    status, _, _ = raw(instance, "POST", "/", signed(instance) | {"Host": host}, CALL, plain=plain)
    assert status == 403


def test_two_names_are_refused(instance):
    port = instance.settings.port
    both = [("Host", f"127.0.0.1:{port}"), ("Host", "evil.example")]
    assert raw(instance, "GET", "/", both)[0] in (400, 403)


@pytest.mark.parametrize(
    "sign",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": "https://evil.example/"},
        {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"},
    ],
    ids=lambda sign: "-".join(*sign.items()),
)
def test_a_browser_is_refused(instance, sign):
    for path in READS:
        assert raw(instance, "GET", path, sign)[0] == 403
    status, headers, _ = raw(instance, "POST", "/", signed(instance) | sign, CALL)
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control-")]
    assert "planted" not in str(client(instance, "sqs").list_queues())


def test_no_page_is_given_permission_by_a_preflight(instance):
    ask = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in READS:
        status, headers, _ = raw(instance, "OPTIONS", path, ask)
        assert status == 403
        assert not [name for name in headers if name.startswith("access-control-")]


def test_no_answer_invites_a_page(instance):
    s3 = client(instance, "s3")
    s3.create_bucket(Bucket="shared")
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket="shared", CORSConfiguration={"CORSRules": [rule]})
    s3.put_object(Bucket="shared", Key="x", Body=b"x")
    for answer in (
        s3.get_object(Bucket="shared", Key="x"),
        client(instance, "sqs").list_queues(),
        client(instance, "bedrock").list_model_customization_jobs(),
    ):
        sent = answer["ResponseMetadata"]["HTTPHeaders"]
        assert not [name for name in sent if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ["/", "/_aws/execute-api/a/b", "/_emulator/health"])
def test_a_socket_of_a_page_is_refused(instance, path):
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for more in ({}, {"Origin": "https://evil.example"}):
        assert raw(instance, "GET", path, upgrade | more)[0] == 403


@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_control_takes_the_token(instance, method, path):
    """Erasing what was recorded above all."""
    for token in ({}, {"X-Emulator-Token": "guess"}, {"X-Emulator-Token": ""}):
        assert raw(instance, method, path, token)[0] == 403
    assert raw(instance, method, path, signed(instance))[0] == 403


def test_what_was_recorded_is_not_erased_without_the_token(instance):
    if not instance.settings.enforce:
        pytest.skip("only an enforcing emulator records")
    client(instance, "sqs").list_queues()
    before = len(instance.recorded())
    raw(instance, "DELETE", "/_emulator/actions")
    raw(instance, "POST", "/_ministack/reset")
    assert before
    assert len(instance.recorded()) >= before


@pytest.mark.parametrize("secret", ["test", "x" * 40])
def test_another_user_runs_no_code(instance, secret):
    """Anyone who reaches the port of 127.0.0.1 and knows the account's number is not the developer."""
    with pytest.raises(ClientError) as refusal:
        lay_function(client(instance, "lambda", secret), "planted", WHO)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert refusal.value.response["Error"]["Code"] == "InvalidSignatureException"  # Lambda's own
    assert not client(instance, "lambda").list_functions()["Functions"]


def test_an_unsigned_call_is_refused(instance):
    assert raw(instance, "POST", "/", FORM, CALL)[0] == 403
    assert raw(instance, "GET", f"/?{CALL.decode()}")[0] == 403
    assert raw(instance, "GET", "/shared/x")[0] == 403
    assert raw(instance, "GET", "/2015-03-31/functions/")[0] == 403
    assert raw(instance, "PUT", "/planted")[0] == 403
    assert "planted" not in str(client(instance, "sqs").list_queues())


@pytest.mark.parametrize("key", ["111122223333", "test", "AKIA" + "X" * 16, "ASIA" + "X" * 16])
def test_no_other_key_is_root(instance, key):
    secret = instance.client_environment()["AWS_SECRET_ACCESS_KEY"]
    for each in (secret, "test"):
        assert raw(instance, "POST", "/", signed(instance, each, key=key), CALL)[0] == 403


def test_a_signature_is_of_its_body(instance):
    assert raw(instance, "POST", "/", signed(instance), CALL + b"&DelaySeconds=1")[0] == 403
    content = {"x-amz-content-sha256": "0" * 64}
    assert raw(instance, "POST", "/", signed(instance) | content, CALL)[0] == 403


def test_a_presigned_address_is_of_the_secret(instance):
    client(instance, "s3").create_bucket(Bucket="signed")
    client(instance, "s3").put_object(Bucket="signed", Key="x", Body=b"content")
    for secret, status in (("test", 403), (None, 200)):
        url = client(instance, "s3", secret).generate_presigned_url(
            "get_object", Params={"Bucket": "signed", "Key": "x"}
        )
        assert raw(instance, "GET", url.removeprefix(instance.endpoint))[0] == status


def test_a_presigned_address_expires(instance):
    asked = AWSRequest("GET", f"{instance.endpoint}/signed/x")
    secret = instance.client_environment()["AWS_SECRET_ACCESS_KEY"]
    signer = SigV4QueryAuth(Credentials(ACCOUNT, secret), "s3", "us-east-1", expires=-1)
    signer.add_auth(asked)
    assert raw(instance, "GET", asked.url.removeprefix(instance.endpoint))[0] == 403


def test_the_names_of_loopback_are_let_in(instance):
    port = instance.settings.port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}"):
        listing = b"Action=ListQueues&Version=2012-11-05"
        headers = signed(instance, body=listing, host=host)
        assert raw(instance, "POST", "/", headers, listing)[0] == 200


def test_a_functions_secret_cannot_be_computed(instance):
    """From what everybody knows: its name, its role, the source of the emulator."""
    a_role(instance)
    lambdas = client(instance, "lambda")
    reported = "import os\ndef run(event, context): return os.environ['AWS_SECRET_ACCESS_KEY']"
    lay_function(lambdas, "telling", reported)
    here = json.load(lambdas.invoke(FunctionName="telling")["Payload"])
    with stages.running(enforce=instance.settings.enforce) as other:
        a_role(other)
        elsewhere = client(other, "lambda")
        lay_function(elsewhere, "telling", reported)
        assert json.load(elsewhere.invoke(FunctionName="telling")["Payload"]) != here


def test_no_runtime_opens_a_port_of_its_own(instance):
    """A custom runtime is served its events over HTTP, by a port that asks for nothing."""
    with pytest.raises(ClientError, match="provided"):
        lay_function(client(instance, "lambda"), "own", WHO, Runtime="provided.al2023", Handler="x")


def test_nobody_else_reads_the_emulators_files(instance):
    assert stat.S_IMODE(instance.directory.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(instance.directory.stat().st_mode) == 0o700
    a_role(instance)
    lay_function(client(instance, "lambda"), "files", WHO)
    client(instance, "lambda").invoke(FunctionName="files")
    for private in (CREDENTIALS, *(["server.pem"] if instance.settings.enforce else [])):
        assert stat.S_IMODE((instance.directory / private).stat().st_mode) == 0o600
    of_functions = [*(instance.directory / "tmp").rglob("*")]
    assert any("files" in str(each) for each in of_functions)
    for each in of_functions:
        assert not stat.S_IMODE(each.stat().st_mode) & 0o077, each


def test_secrets_are_in_no_answer_and_no_command_line(instance):
    secret = instance.client_environment()["AWS_SECRET_ACCESS_KEY"]
    assert len(secret) >= 32
    health = json.dumps(instance.request("GET", "/_emulator/health"))
    assert secret not in health
    if os.path.exists(f"/proc/{instance.pid}/cmdline"):  # noqa: PTH110 -- a table of the kernel's
        with open(f"/proc/{instance.pid}/cmdline", encoding="utf-8") as command:  # noqa: PTH123 -- idem
            assert secret not in command.read()
