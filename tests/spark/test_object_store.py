"""Columns of messages as parts in an S3-compatible store, written and read by workers and by the driver."""

import logging
import secrets
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from accountmap.errors import PeerError
from accountmap.spark import bodies, read_column, write_column

WIDTH = 32
ROWS = 100


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve a bucket on the loopback; the workers have had the same credentials since they began."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1")
    client.create_bucket(Bucket="maps")
    yield f"s3://maps/session/ours?endpoint_override={host}:{port}&scheme=http&region=us-east-1"
    client.close()
    server.stop()


@pytest.mark.usefixtures("two_partitions")
def test_parts_are_written_and_read_by_workers(
    spark: SparkSession, store: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "PART_BYTES", 40 * WIDTH)
    cells = [secrets.token_bytes(WIDTH) for _ in range(ROWS)]
    rows = spark.createDataFrame(list(enumerate(cells)), "row long, points binary").orderBy("points")
    assert write_column(rows, "points", WIDTH, store) == 3
    assert bodies.read_back(store).tobytes() == b"".join(cells)
    read = read_column(spark, store, "points", WIDTH, ROWS, folder).orderBy("row").collect()
    assert [(row["row"], row["points"]) for row in read] == list(enumerate(cells))
    with pytest.raises(PeerError, match="length"):
        read_column(spark, store, "points", WIDTH, ROWS + 1, folder)


@pytest.mark.usefixtures("spark")
def test_what_an_earlier_try_left_is_gone(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PART_BYTES", WIDTH)
    long, short = secrets.token_bytes(5 * WIDTH), secrets.token_bytes(2 * WIDTH)
    for column in (long, short):
        bodies.lay_out(memoryview(column), WIDTH, store)
        assert bodies.read_back(store).tobytes() == column
