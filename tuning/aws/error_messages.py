"""What AWS answers when it does not do what was asked, in one line for a person."""


def without_credentials() -> tuple[type[Exception], ...]:
    """What botocore raises when it has no credentials to sign with."""
    from botocore import exceptions  # noqa: PLC0415 — not before there is a client, see clients.py

    return (
        exceptions.CredentialRetrievalError,
        exceptions.LoginError,
        exceptions.NoAuthTokenError,
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.ProfileNotFound,
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
    )


def explained(error: Exception) -> str:
    """One of `aws_errors`, and what to do about it."""
    from botocore import exceptions  # noqa: PLC0415 — not before there is a client, see clients.py

    match error:
        case exceptions.ProfileNotFound():
            return f"{error}: aws configure list-profiles lists them"
        case _ if isinstance(error, without_credentials()):
            return (
                f"{error}: log in as for the AWS command line (aws sts get-caller-identity shows "
                "whether you are), or set AWS_ENDPOINT_URL and AWS_ACCESS_KEY_ID for an emulator"
            )
        case exceptions.ClientError():
            said = error.response.get("Error", {})
            return f"AWS refused {error.operation_name}: {said.get('Code')}: {said.get('Message')}"
        case exceptions.NoRegionError():
            return "no Region is known: pass --region, or set AWS_REGION"
        case exceptions.InvalidRegionError():
            return f"{error} A Region has a name such as us-east-1"
    return f"AWS cannot be reached: {error}; check network, Region and AWS_ENDPOINT_URL"
