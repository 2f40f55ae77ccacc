"""Functions of an account that an assistant's tools call."""

import io
import zipfile

from strict import ACCOUNT, trust


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
