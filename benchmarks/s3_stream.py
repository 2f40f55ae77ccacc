"""Measures the checker on an object in S3 over TLS, against `iter_lines()` and `json.loads`.

    PYTHONPATH=. python benchmarks/s3_stream.py --megabytes 256 --rounds 5

A server of its own process on 127.0.0.1 answers botocore's real client; every run is a fresh
process, they take turns, and the best of each counts. "As prepare_dataset" looks for every rule and
writes the copy that is trained, with its digest.
"""

import argparse
import hashlib
import json
import os
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme
from check_speed import MODELS
from generated_datasets import write

from tuning.aws import s3_objects
from tuning.aws.clients import client
from tuning.datasets.opening import opened
from tuning.datasets.scan import Copy, Scanner
from tuning.datasets.tally import Policy
from tuning.models.catalog import catalog

_ROOT = Path(__file__).parents[1]
_PIECE = 1 << 20
WHERE = {"Bucket": "datasets", "Key": "train.jsonl", "VersionId": "v1"}


def naive(_kind: str, _size: int) -> None:
    for line in client("s3").get_object(**WHERE)["Body"].iter_lines():
        json.loads(line)


def ours(kind: str, size: int, *, thorough: bool, copied: bool) -> None:
    method = catalog().model(MODELS[kind]).methods["FINE_TUNING"]
    with (
        s3_objects.reading(*WHERE.values(), size) as stream,
        tempfile.TemporaryFile() as target,
    ):
        copy = Copy(target, hashlib.sha256()) if copied else None
        Scanner("train.jsonl", method, Policy(thorough=thorough)).scan(opened(stream), copy)


RUNS: dict[str, Callable[[str, int], None]] = {
    "iter_lines() and json.loads": naive,
    "ours, error rules": partial(ours, thorough=False, copied=False),
    "ours, error rules and the copy": partial(ours, thorough=False, copied=True),
    "ours, as prepare_dataset": partial(ours, thorough=True, copied=True),
}


class _Answers(BaseHTTPRequestHandler):
    """One object, whole or in ranges."""

    protocol_version = "HTTP/1.1"
    content = memoryview(b"")

    def do_GET(self) -> None:
        size, wanted = len(self.content), self.headers["Range"]
        start, end = 0, size - 1
        if wanted:
            start, end = (int(at) for at in wanted.removeprefix("bytes=").split("-"))
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(end + 1 - start))
        self.send_header("x-amz-version-id", WHERE["VersionId"])
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.end_headers()
        for at in range(start, end + 1, _PIECE):
            self.wfile.write(self.content[at : min(at + _PIECE, end + 1)])

    def log_message(self, *_: object) -> None:
        """Silence."""


def serve(path: str, certificate: str) -> None:
    """Answer until killed; says its port first."""
    _Answers.content = memoryview(Path(path).read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(server.server_port, flush=True)
    server.serve_forever()


@contextmanager
def served(path: Path, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which botocore finds the server."""
    authority, pem, trusted = trustme.CA(), folder / "server.pem", folder / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    authority.cert_pem.write_to_path(trusted)
    with subprocess.Popen(  # noqa: S603 — our own interpreter and code
        [sys.executable, __file__, "--serve", path, pem], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout  # noqa: S101 — for the type checker
        port = server.stdout.readline().strip()
        try:
            yield {
                **os.environ,
                "AWS_ACCESS_KEY_ID": "benchmark",
                "AWS_SECRET_ACCESS_KEY": "benchmark",
                "AWS_CA_BUNDLE": str(trusted),
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{port}",
            }
        finally:
            server.kill()


def once(name: str, kind: str, size: int) -> None:
    """One run in this process: its seconds, those of processor time, its peak memory in MB."""
    client("s3")
    start, worked = time.perf_counter(), time.process_time()
    RUNS[name](kind, size)
    took, work = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([took, work, peak]))


def measured(kind: str, size: int, rounds: int, env: dict[str, str]) -> None:
    best: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name in RUNS:
            done = subprocess.run(  # noqa: S603 — our own interpreter and code
                [sys.executable, __file__, "--once", name, kind, str(size)],
                env=env,
                check=True,
                capture_output=True,
                text=True,
            )
            found = json.loads(done.stdout)
            best[name] = list(map(min, best.get(name, found), found))
    print(f"\n### {kind}, {size / 1e6:,.0f} MB, best of {rounds}\n")
    print("| approach | MB/s | ratio | MB/s of processor time | ratio | peak memory, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    base = best["iter_lines() and json.loads"]
    for name, (*seconds, peak) in best.items():
        rates = (
            f"{size / s / 1e6:,.0f} | {b / s:.2f}" for s, b in zip(seconds, base, strict=False)
        )
        print(f"| {name} | {' | '.join(rates)} | {peak:.0f} |", flush=True)


def run() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--once", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(*asked.serve)
    elif asked.once:
        once(asked.once[0], asked.once[1], int(asked.once[2]))
    else:
        for kind in MODELS:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "train.jsonl")
                write(path, kind, asked.megabytes * 10**6)
                with served(path, Path(folder)) as env:
                    measured(kind, path.stat().st_size, asked.rounds, env)


if __name__ == "__main__":
    run()
