"""Functions of an account that an assistant's tools call."""

import io
import zipfile

from strict import ACCOUNT, trust

COUNTS = """
import json, os, socketserver
from http.server import BaseHTTPRequestHandler
COUNT = 0
class Handler(BaseHTTPRequestHandler):
    def do_GET(self): self.say({"status": "Healthy"})
    def do_POST(self):
        global COUNT
        COUNT += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.say({"count": COUNT}, 500 if COUNT > 2 else 200)
    def say(self, what, status=200):
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
socketserver.ThreadingUnixStreamServer(os.environ["AGENT_ADDRESS"], Handler).serve_forever()
"""
"""An agent's program that counts what it is asked, and fails at more than two."""


def zipped(**files):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return written.getvalue()


def lay_function(lambdas, name, source, **changes):
    """One whose module is `index`, in a role that need not be there."""
    asked = {
        "FunctionName": name,
        "Runtime": "python3.14",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/any",
        "Handler": "index.run",
        "Code": {"ZipFile": zipped(index=source)},
    }
    return lambdas.create_function(**{**asked, **changes})


def lay_tools(world, **functions):
    """By name the text of each; one role is that of all."""
    made = world.client("iam").create_role(
        RoleName="tools", AssumeRolePolicyDocument=trust("lambda.amazonaws.com")
    )
    world.instance.advance_clock(world.instance.settings.role_seconds)
    for name, text in functions.items():
        world.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=made["Role"]["Arn"],
            Handler="main.handler",
            Code={"ZipFile": zipped(main=text)},
        )
