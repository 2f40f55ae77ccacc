"""Functions of an account that an assistant's tools call."""

import io
import zipfile

from strict import trust


def zipped(**files):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return written.getvalue()


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
