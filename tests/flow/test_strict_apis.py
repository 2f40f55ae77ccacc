"""As strict as AWS: private REST APIs. docs/emulator.md has the table."""

import json
from uuid import uuid4

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from strict import refused

ANYBODY = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "execute-api:Invoke",
    "Resource": "execute-api:/*",
}
STAGE = {"enforce": True}


def an_api(stage, *statements, kind="PRIVATE"):
    """Id of an API whose one method takes signed requests and answers by itself."""
    client, policy = stage.client("apigateway"), {"Version": "2012-10-17", "Statement": statements}
    said = {"policy": json.dumps(policy)} if statements else {}
    name = f"api-{uuid4().hex[:6]}"
    api = client.create_rest_api(name=name, endpointConfiguration={"types": [kind]}, **said)["id"]
    (root,) = client.get_resources(restApiId=api)["items"]
    of = {"restApiId": api, "resourceId": root["id"], "httpMethod": "POST"}
    client.put_method(**of, authorizationType="AWS_IAM")
    client.put_method_response(**of, statusCode="200")
    answer = {"application/json": json.dumps({"statusCode": 200})}
    client.put_integration(**of, type="MOCK", requestTemplates=answer)
    client.put_integration_response(**of, statusCode="200")
    return api


def deployed(stage, api):
    stage.client("apigateway").create_deployment(restApiId=api, stageName="live")
    return api


def posted(stage, api, *, secret=None):
    """The status of a request that the account's root signs, from nowhere in a VPC."""
    environment = stage.instance.client_environment()
    keys = Credentials(
        environment["AWS_ACCESS_KEY_ID"], secret or environment["AWS_SECRET_ACCESS_KEY"]
    )
    url = f"{stage.instance.endpoint}/_aws/execute-api/{api}/live/"
    headers = {"Content-Type": "application/json"}
    request = AWSRequest(method="POST", url=url, data="{}", headers=headers)
    SigV4Auth(keys, "execute-api", "us-east-1").add_auth(request)
    trusted = stage.instance.settings.authority or True
    return URLLib3Session(verify=trusted).send(request.prepare())


def test_a_private_api_without_a_resource_policy_is_not_deployed(stage):
    api = an_api(stage)
    code, status, message = refused(lambda: deployed(stage, api))
    assert (code, status) == ("BadRequestException", 400)
    assert message == "Private REST API doesn't have a resource policy attached to it"
    assert deployed(stage, an_api(stage, ANYBODY))
    assert deployed(stage, an_api(stage, kind="REGIONAL"))


def test_a_private_api_is_reached_from_a_vpc_alone_by_root_neither(stage):
    private = deployed(stage, an_api(stage, ANYBODY))
    answer = posted(stage, private)
    assert answer.status_code == 403
    assert "a private API is reached from a VPC" in answer.text
    assert posted(stage, deployed(stage, an_api(stage, kind="REGIONAL"))).status_code == 200


def test_a_request_to_an_api_is_signed_with_the_secret_of_its_key(stage):
    api = deployed(stage, an_api(stage, kind="REGIONAL"))
    assert posted(stage, api).status_code == 200
    assert posted(stage, api, secret="0" * 40).status_code == 403
