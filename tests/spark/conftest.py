"""A real Spark: a driver and a worker as processes of their own, with all that docs/scaling.md asks for."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.programs import JAVA

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PYSPARK_WARNS = (
    # Of pandas 3, which PySpark asks about before it hands over Arrow; pandas has no part in that.
    "ignore:PySpark does not yet fully support pandas:FutureWarning",
    # PySpark leaves a connection to its own JVM for the garbage collector to close.
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let these tests pass over what PySpark itself warns of."""
    for item in items:
        if item.nodeid.startswith("tests/spark/"):
            for warning in PYSPARK_WARNS:
                item.add_marker(pytest.mark.filterwarnings(warning))


QUICK_START = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
)
"""Jobs are small: compiling them well, or checking Spark's own classes, takes longer than running them."""


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of their own for all that Spark writes, to be searched afterwards; workers write into `home`."""
    return {name: tmp_path_factory.mktemp(name) for name in ("events", "local", "home")}


@pytest.fixture(scope="session")
def spark(places: dict[str, Path]) -> Iterator["SparkSession"]:
    """Start Spark once for all tests."""
    import pyspark
    from pyspark.sql import SparkSession

    java_home = JAVA.require()
    home, distribution = places["home"], Path(pyspark.__file__).parent
    for part in ("bin", "jars", "python"):
        (home / part).symlink_to(distribution / part)
    environment = {
        "JAVA_HOME": java_home,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        # Of the store that tests serve; workers look for them where every S3 client does.
        "AWS_ACCESS_KEY_ID": "acme",
        "AWS_SECRET_ACCESS_KEY": "for-tests-only",
        "SPARK_LOCAL_DIRS": str(places["local"]),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        builder = SparkSession.builder.master("local-cluster[1,1,1024]").appName("accountmap tests")
        settings = {
            "spark.authenticate": "true",
            "spark.authenticate.secret": os.urandom(16).hex(),
            "spark.network.crypto.enabled": "true",
            "spark.io.encryption.enabled": "true",
            "spark.driver.host": "127.0.0.1",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": places["events"].as_uri(),
            "spark.eventLog.compress": "false",
            "spark.driver.extraJavaOptions": QUICK_START,
            "spark.executor.extraJavaOptions": QUICK_START,
            "spark.locality.wait": "0s",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.adaptive.enabled": "false",
            "spark.executor.memory": "900m",
            "spark.sql.shuffle.partitions": "1",
            "spark.ui.showConsoleProgress": "false",
        }
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


@contextmanager
def in_two_partitions(spark: "SparkSession") -> Iterator[None]:
    """Cut tables into two parts at each shuffle, where others are left whole, which is quicker."""
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    yield
    spark.conf.set("spark.sql.shuffle.partitions", "1")


@pytest.fixture
def two_partitions(spark: "SparkSession") -> Iterator[None]:
    """The same for one test."""
    with in_two_partitions(spark):
        yield


@pytest.fixture(scope="session")
def company(spark: "SparkSession", tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A company that went through the first example of docs/scaling.md: the names that it leaves.

    The first tests are about it (test_company.py): after a worker was killed, Spark has a new one to warm up.
    """
    from tests.spark.scaling_page import run_company

    with in_two_partitions(spark):
        return run_company(spark, tmp_path_factory.mktemp("company"))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A place for intermediate tables."""
    return tmp_path.as_uri()
