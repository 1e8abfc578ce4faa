"""A session in an event loop, over a stream of your own: here a socket, each message with its length before it."""

import asyncio
import sys
from pathlib import Path

import accountmap

LENGTH_BYTES = 8
LONGEST = 1 << 34
"""More than any agreement allows; a length beyond it is refused before anything is read."""


async def send(writer: asyncio.StreamWriter, message: bytes) -> None:
    """Write one message."""
    writer.write(len(message).to_bytes(LENGTH_BYTES) + message)
    await writer.drain()


async def receive(reader: asyncio.StreamReader) -> bytes:
    """Read one message.

    Raises:
        ValueError: it is longer than any message can be.
        asyncio.IncompleteReadError: the stream ended.
    """
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES))
    if length > LONGEST:
        raise ValueError("no message is so long")
    return await reader.readexactly(length)


async def exchange(
    workspace: Path, partner: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> accountmap.Outcome:
    """Take part in one session over an open stream, while the event loop goes on with other things."""
    with accountmap.Workspace.open(workspace) as own:
        session = accountmap.Session(own, partner)
        outcome, messages = await session.step_async(lambda preview: preview.automatic or None, new=True)
        while True:
            for message in messages:
                await send(writer, message)
            if outcome.state in ("done", "stopped"):
                return outcome
            received = await receive(reader)
            outcome, messages = await session.step_async(lambda preview: preview.automatic or None, [received])


async def main(workspace: Path, partner: str, host: str, port: int) -> None:
    """Connect to a partner's socket and map with them."""
    reader, writer = await asyncio.open_connection(host, port)
    outcome = await exchange(workspace, partner, reader, writer)
    print(outcome.state)
    writer.close()


if __name__ == "__main__":
    folder, name, address, number = sys.argv[1:]
    asyncio.run(main(Path(folder), name, address, int(number)))
