"""What moto answers, as far as we vouch for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from declarative.sandbox.server import Sandbox

WRITERS = 4


def test_one_of_many_conditional_writes_wins_each_time() -> None:
    with Sandbox() as sandbox:
        s3 = sandbox.client("s3")
        s3.create_bucket(Bucket="conditions")
        tag = s3.put_object(Bucket="conditions", Key="head", Body=b"0")["ETag"]
        barrier = threading.Barrier(WRITERS)
        clients = [sandbox.client("s3") for _ in range(WRITERS)]

        def write(number: int, tag: str) -> str | None:
            barrier.wait()
            body = f"{tag} {number}".encode()
            with suppress(clients[number].exceptions.ClientError):
                return clients[number].put_object(
                    Bucket="conditions", Key="head", Body=body, IfMatch=tag
                )["ETag"]
            return None

        with ThreadPoolExecutor(WRITERS) as pool:
            for _ in range(20):
                written = [one for one in pool.map(write, range(WRITERS), [tag] * WRITERS) if one]
                assert len(written) == 1
                [tag] = written
