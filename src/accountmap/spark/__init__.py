"""Lists that outgrow one machine: the bulk of the work, and sessions, as transformations of Spark DataFrames.

The functions run the library's own code over partitions, through Arrow, and give the same results as on one
machine, byte for byte. docs/scaling.md has an example, the settings that keep a session's secret from leaking, and
the costs.

Each function that has to pass over its result more than once takes a folder, or the address of one in an object
store, and keeps tables there. They are in clear, so guard the folder like the list, and empty it afterwards.
"""

from accountmap.errors import BackendError, install_command

try:
    import pyspark  # noqa: F401 - imported here, so that there is one message if it is missing
except ImportError as error:
    raise BackendError("Spark is not installed.", f"Install it with: {install_command('spark')}") from error

from accountmap.linkage.prepared import PROFILES
from accountmap.spark.bodies import read_column, write_column
from accountmap.spark.party import SparkEntities, SparkList, SparkParty
from accountmap.spark.prepare import PreparedFrames, entities_of_sketch, make_points, prepare, sketch_values
from accountmap.spark.tables import SparkTables

__all__ = [
    "PROFILES",
    "PreparedFrames",
    "SparkEntities",
    "SparkList",
    "SparkParty",
    "SparkTables",
    "entities_of_sketch",
    "make_points",
    "prepare",
    "read_column",
    "sketch_values",
    "write_column",
]
