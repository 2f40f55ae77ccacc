"""How clients are made: by one function, which makes none in a unit test."""

import importlib.util
import pkgutil

import pytest

from tuning import aws as adapters
from tuning.aws import clients


@pytest.mark.parametrize("maker", [clients.client, clients.clients()])
def test_no_unit_test_can_get_a_real_client(maker):
    with pytest.raises(AssertionError, match="the real dynamodb"):
        maker("dynamodb")


def test_no_adapter_keeps_a_client_of_its_own():
    for each in pkgutil.iter_modules(adapters.__path__):
        module = importlib.import_module(f"tuning.aws.{each.name}")
        assert getattr(module, "client", clients.client) is clients.client


@pytest.mark.usefixtures("aws")
def test_a_client_is_made_once_for_each_service():
    assert clients.client("s3") is clients.client("s3")
    assert clients.client("s3") is not clients.client("dynamodb")


def test_a_client_gives_up_when_the_longest_call_says():
    """Of a second copy of the module: in this one, nobody can make a real client."""
    spec = importlib.util.spec_from_file_location("real_clients", clients.__file__)
    real = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(real)
    config = real.create("sts", "us-east-1").meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 10)
    assert config.retries["total_max_attempts"] == clients.ATTEMPTS
    assert clients.longest_call() == 3 * (5 + 10) + 2 + 4
