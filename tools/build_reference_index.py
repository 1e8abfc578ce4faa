"""Make the keys of the shipped reference list, so that loading it takes a tenth of a second.

    python tools/build_reference_index.py

Run it when the list has changed, or any rule or table that names and domains are read by: a test compares what it
wrote with the keys that the rules make.
"""

from pathlib import Path

import pyarrow as pa

from accountmap.linkage.reference import SHIPPED, SHIPPED_INDEX, make_reference


def main() -> None:
    """Write the index beside the list; it is equal for equal lists and rules."""
    index = make_reference(SHIPPED.read_bytes()).index()
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 19))
    with pa.ipc.new_stream(Path(str(SHIPPED_INDEX)), index.schema, options=options) as stream:
        stream.write_table(index)
    print(f"{len(index)} keys")


if __name__ == "__main__":
    main()
