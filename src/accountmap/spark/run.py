"""A run under an agreement, of a party whose list lies in Spark: one session for each rectangle (psi-v1 §5.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame

from accountmap.errors import UsageError
from accountmap.model import Role
from accountmap.psi.parameters import Ports
from accountmap.psi.run import Run, unpack
from accountmap.session.rectangles import run_parameters
from accountmap.spark.joint_filter import filtered
from accountmap.spark.matched_entities import open_entities
from accountmap.spark.prepare import PreparedFrames
from accountmap.spark.session import TableSession
from accountmap.spark.session_tables import SessionTables
from accountmap.trust.agreement import Agreement


@dataclass(frozen=True, repr=False)
class SparkList:
    """A list that lies in Spark, as sessions need it.

    Attributes:
        accounts: as `prepare` takes them, with the columns that the agreement shows of matches or filters by.
        prepared: what `prepare` made of them.
        points: what `make_points` made of its keys.
    """

    accounts: DataFrame
    prepared: PreparedFrames
    points: DataFrame


class TableRun(Run):
    """A Run whose sessions are TableSessions."""

    def __init__(self, agreement: Agreement, role: Role, own: SparkList, folder: str, ports: Ports) -> None:
        """Prepare a run; nothing is computed yet.

        Args:
            agreement: that both have signed.
            role: ours in it.
            own: the list.
            folder: of this run and no other, which all workers reach.
            ports: what a session needs from outside.

        Raises:
            UsageError: the agreement shows the rest of a list.
            InputError: the list lacks a column that the agreement's joint filter looks at.
        """
        sharing = agreement.terms.sharing
        if sharing.rest_shown_by:
            raise UsageError("an agreement that shows the rest of a list does not run on Spark")
        entities = filtered(own.accounts, own.prepared, sharing.joint_filter)
        parameters = run_parameters(agreement)
        sessions: list[TableSession] = []
        for number, (each, rectangle) in enumerate(zip(parameters.sessions, sharing.rectangles, strict=True)):
            fields = rectangle.disclosure.fields
            tables = SessionTables(
                spark=own.accounts.sparkSession,
                role=role,
                parameters=each,
                segments=agreement.terms.segments,
                entities=entities.where(entities.segment.isin(list(rectangle.segments[role]))),
                points=own.points,
                open_entities=partial(open_entities, own.accounts, own.prepared, fields[role], fields[1 - role]),
                folder=f"{folder.rstrip('/')}/{number}",
            )
            sessions.append(TableSession(tables, ports))
        super().__init__(parameters, list(sessions), NoRest(), b"")
        self._tables, self._ports = [session.tables for session in sessions], ports

    def resume(self, saved: bytes) -> None:
        """Go on where a run stood that was dumped, under the same agreement and in the same folder.

        Raises:
            UsageError: the bytes were not written by `dump`, or were damaged since.
        """
        parts = unpack(saved)
        if len(parts) != len(self._tables) + 1:
            raise UsageError("the saved state of the session cannot be read")
        resumed = zip(self._tables, parts, strict=False)
        self._sessions = [TableSession.resume(tables, self._ports, part) for tables, part in resumed]

    @property
    def ids(self) -> tuple[tuple[str, ...], ...]:
        """Of each session our entity of each match, once they are known: what `group` counts in its result."""
        return tuple(session.ids for session in self._sessions if isinstance(session, TableSession))


class NoRest:
    """psi's Rest port where neither side shows the rest of its list."""

    def show(self, matched: Sequence[npt.NDArray[np.int64] | None]) -> bytes:  # noqa: ARG002 - of the port
        """Show nothing."""
        return b""

    def accepts(self, shown: bytes) -> bool:
        """Tell whether the partner shows nothing either."""
        return not shown
