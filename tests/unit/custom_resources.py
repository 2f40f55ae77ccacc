"""What CloudFormation asks a custom resource's function, and is answered."""

import json
from types import SimpleNamespace

from tuning.aws import clients

IDENTITY = {"StackId": "stack", "RequestId": "request", "LogicalResourceId": "Resource"}


def answered_by(handler, monkeypatch, context, service, **event):
    """The answer to a request; `service` is every client. Without an answer a deployment hangs."""
    answers = []
    monkeypatch.setattr(clients, "create", lambda _service, _region: service)

    def put(request, timeout):
        # Without one urllib fills in a form's type, which the URL is not signed for.
        assert request.get_header("Content-type") == ""
        assert request.get_method() == "PUT"
        answers.append(json.loads(request.data))
        assert timeout == 20  # seconds, of the 60 that the function has
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr("urllib.request.urlopen", put)
    handler({"ResponseURL": "https://cloudformation.example/answer", **IDENTITY, **event}, context)
    [answer] = answers
    assert answer["Reason"]
    assert IDENTITY.items() <= answer.items()
    return answer
