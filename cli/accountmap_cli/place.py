"""Where the messages of a session are, as the user named it, and what to say of it."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A folder, or the address of a remote one.

    Attributes:
        target: what the library is given.
        text: how it is shown: an address without its user.
        remote: whether what is written there needs no sending.
    """

    target: Path | str
    text: str
    remote: bool

    @classmethod
    def of(cls, folder: str | None, default: Path) -> "Place":
        """Understand `--folder`; a local folder is made."""
        if folder is not None and "://" in folder:
            return cls(folder, re.sub(r"//[^/]*@", "//", folder).rstrip("/"), remote=True)
        local = Path(folder) if folder else default
        local.mkdir(parents=True, exist_ok=True)
        return cls(local, str(local), remote=False)

    def file(self, name: str) -> str:
        """Name a file in it."""
        return f"{self.text}/{name}" if self.remote else str(Path(self.text) / name)

    def next_step(self, sent: tuple[str, ...], partner: str) -> str:
        """Say what has to happen so that the partner's next file is taken in."""
        if sent and not self.remote:
            named = " and ".join(map(self.file, sent))
            return f"Next: send {named} to {partner}; when their file is in {self.text}, run this again."
        return f"Next: wait for {partner}'s file; when it is in {self.text}, run this again."

    def please_send(self, sent: tuple[str, ...], partner: str, why: str) -> str:
        """Ask the user to send the last files, or nothing where they arrive by themselves."""
        if not sent or self.remote:
            return ""
        return f"Send {' and '.join(map(self.file, sent))} to {partner}{why} "
