"""Of botocore's models a function gets what it calls, whole."""

import gzip
import json

import pytest

from tuning.constructs.service_models import prune

MODEL = {
    "metadata": {"apiVersion": "2020-01-01"},
    "clientContextParams": {"Faster": {"type": "boolean", "documentation": "read by botocore"}},
    "operations": {
        "GetThing": {"input": {"shape": "Asked"}, "output": {"shape": "Thing"}},
        "ListThingsV2": {"output": {"shape": "Things"}},
        "DropThing": {"input": {"shape": "Dropped"}},
    },
    "shapes": {
        "Asked": {
            "type": "structure",
            "members": {"name": {"shape": "Name", "documentation": "x"}},
        },
        "Thing": {"type": "structure", "members": {"documentation": {"shape": "Name"}}},
        "Things": {"type": "list", "member": {"shape": "Thing"}},
        "Name": {"type": "string"},
        "Dropped": {"type": "string"},
        "Refused": {"type": "structure", "members": {"why": {"shape": "Words"}}, "exception": True},
        "Words": {"type": "string"},
    },
}


@pytest.fixture
def pruned(tmp_path):
    folder = tmp_path / "data" / "things" / "2020-01-01"
    folder.mkdir(parents=True)
    for name, document in (
        ("service-2", MODEL),
        ("endpoint-rule-set-1", {"documentation": "kept"}),
    ):
        packed = gzip.compress(json.dumps(document).encode())
        (folder / f"{name}.json.gz").write_bytes(packed)
    code = tmp_path / "code.py"
    code.write_text("things.get_thing()\npages = things.get_paginator('list_things_v2')\n")
    prune(tmp_path / "data", [code])
    return {path.name: json.loads(path.read_text("utf-8")) for path in folder.iterdir()}


def test_operations_that_the_code_names_are_left(pruned):
    assert sorted(pruned["service-2.json"]["operations"]) == ["GetThing", "ListThingsV2"]


def test_every_shape_that_they_reach_is_left_and_every_exception(pruned):
    left = {"Asked", "Thing", "Things", "Name", "Refused", "Words"}
    assert pruned["service-2.json"]["shapes"].keys() == left


def test_a_member_called_documentation_is_no_documentation(pruned):
    model = pruned["service-2.json"]
    assert "documentation" in model["shapes"]["Thing"]["members"]
    assert model["clientContextParams"] == MODEL["clientContextParams"]
    assert model["shapes"]["Asked"]["members"]["name"] == {"shape": "Name"}


def test_other_files_are_unpacked_as_they_are(pruned):
    assert pruned["endpoint-rule-set-1.json"] == {"documentation": "kept"}
    assert len(pruned) == 2
