"""What AWS answers when it does not do what was asked, in one line for a person."""


def explained(error: Exception) -> str:
    """One of `aws_errors`, and what to do about it."""
    from botocore import exceptions  # noqa: PLC0415 — not before there is a client, see clients.py

    match error:
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return (
                f"{error}: log in as for the AWS command line (aws sts get-caller-identity shows "
                "whether you are), or set AWS_ENDPOINT_URL and AWS_ACCESS_KEY_ID for an emulator"
            )
        case exceptions.ClientError():
            said = error.response.get("Error", {})
            return f"AWS refused {error.operation_name}: {said.get('Code')}: {said.get('Message')}"
        case exceptions.NoRegionError():
            return "no Region is known: pass --region, or set AWS_REGION"
    return f"AWS cannot be reached: {error}; check network, Region and AWS_ENDPOINT_URL"
