"""What AWS answers when it does not do what was asked, in one line that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore import exceptions as botocore
from urllib3.exceptions import HTTPError

from training.errors import AwsError

_CREDENTIALS: Final = (
    "sign in with `aws configure` or `aws sso login`, "
    "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
)

_BY_KIND: Final[tuple[tuple[tuple[type[Exception], ...], str], ...]] = (
    (
        (botocore.NoCredentialsError, botocore.PartialCredentialsError, botocore.CredentialRetrievalError),
        f"no AWS credentials: {_CREDENTIALS}",
    ),
    (
        (botocore.SSOError, botocore.TokenRetrievalError, botocore.NoAuthTokenError),
        "the AWS sign-in is over: run `aws sso login`",
    ),
    ((botocore.NoRegionError,), "no AWS region: give --region, or set AWS_DEFAULT_REGION"),
    ((botocore.ProfileNotFound,), "AWS_PROFILE names a profile that `aws configure list-profiles` does not"),
    (
        (
            botocore.HTTPClientError,
            botocore.IncompleteReadError,
            botocore.ConnectionError,
            HTTPError,
        ),
        "no connection to AWS: check network, proxy and --region",
    ),
    ((botocore.InvalidRegionError,), "no such AWS region: correct --region or AWS_DEFAULT_REGION"),
)

_BY_CODE: Final = {
    **dict.fromkeys(
        (
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
        ),
        f"AWS does not know these credentials: {_CREDENTIALS}",
    ),
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired"),
        f"the AWS credentials have expired: {_CREDENTIALS}",
    ),
    "RequestTimeTooSkewed": "AWS refuses because this machine's clock is wrong: set it",
    "NoSuchBucket": "{what}: there is no such bucket; make it with `aws s3 mb`, or correct the name",
    **dict.fromkeys(
        ("404", "NoSuchKey", "NotFound"), "{what} does not exist; `aws s3 ls` shows what there is"
    ),
    **dict.fromkeys(
        ("403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled"),
        "{what}: no permission for {operation}; docs/iam/ holds the policies to attach (or the bucket is "
        "somebody else's)",
    ),
    **dict.fromkeys(
        (
            "301",
            "PermanentRedirect",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
        ),
        "{what}: the bucket is in another region; give --region, or set AWS_DEFAULT_REGION",
    ),
    **dict.fromkeys(("412", "PreconditionFailed"), "{what} was replaced while it was read; try again"),
    "ResourceLimitExceeded": "{what}: the account's quota does not allow it: ask for more under Service "
    "Quotas, or choose another --instance ({message})",
    "ResourceInUse": "{what}: this name is taken; choose another --name",
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "SlowDown", "RequestLimitExceeded"),
        "AWS asks for a pause: try again in a minute",
    ),
}


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what boto3 raises into one line.

    Args:
        what: the bucket, object or job that is worked on, as a person named it.

    Raises:
        AwsError: in place of anything that boto3 raised within.
    """
    try:
        yield
    except botocore.ClientError as error:
        raise AwsError(_explain_answer(error, what)) from error
    except botocore.ParamValidationError as error:
        raise AwsError(f"{what}: {_one_line(str(error))}") from error
    except (botocore.BotoCoreError, HTTPError) as error:
        raise AwsError(_explain_kind(error)) from error


def find_code(error: BaseException | None) -> str:
    """The code of AWS's answer, e.g. ``NoSuchBucket``, or of a bare HTTP status; empty: it gave no answer."""
    return str(_read(error, "Code"))


def _explain_kind(error: Exception) -> str:
    for kinds, text in _BY_KIND:
        if isinstance(error, kinds):
            return text
    return f"AWS: {_one_line(str(error))}"


def _explain_answer(error: botocore.ClientError, what: str) -> str:
    message, code = _one_line(str(_read(error, "Message"))), find_code(error)
    if code == "ValidationException" and "role" in message.lower():
        return f"{what}: SageMaker cannot take this role: docs/aws.md says how to make it ({message})"
    text = _BY_CODE.get(code, "{what}: AWS refused {operation}: {message}")
    return text.format(what=what, operation=error.operation_name, message=message)


def _read(error: BaseException | None, field: str) -> Any:
    return getattr(error, "response", {}).get("Error", {}).get(field, "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
