"""Own messages about single matches (conversation-v1): stored before they leave, and sent until acknowledged."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from accountmap.channels import Channel
from accountmap.session.conversation_content import write_acknowledgement, write_entries
from accountmap.session.open_session import MESSAGE_LIFE
from accountmap.session.questions import SessionMatches
from accountmap.trust.conversation import Kind, write_talk
from accountmap.trust.envelope import CONVERSATION, HEADER_BYTES, Header
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.conversations import SentMessage

_MOST_IDS: Final = 65_535
"""The most ids in one acknowledgement (conversation-v1 §3)."""


class Outbox:
    """The messages for one partner.

    Args:
        channel: where they are left.

    Attributes:
        handed_over: file names of those that were written into the channel.
    """

    def __init__(self, workspace: Workspace, partner: PartnerRecord, channel: Channel) -> None:
        self._workspace, self._partner, self._channel = workspace, partner, channel
        self.handed_over: list[str] = []

    def store(self, matches: SessionMatches, kind: Kind, content: bytes, now: datetime) -> bytes:
        """Write and store a message, and return its id. Call inside a transaction."""
        message_id, sealed = write_talk(
            kind,
            content,
            role=matches.role,
            agreement=matches.agreement.digest,
            session=matches.record.sid,
            identity=self._workspace.identity,
            partner=self._partner.card,
            created=int(now.timestamp()),
            expires=int((now + MESSAGE_LIFE).timestamp()),
        )
        self._workspace.conversations.send(
            SentMessage(message_id, self._partner.slug, matches.record.id, kind, now, None, sealed)
        )
        return message_id

    def acknowledge(self, session_of: Callable[[int], SessionMatches], now: datetime) -> None:
        """Acknowledge the messages of the partner that were taken and are not acknowledged yet.

        Args:
            session_of: returns the matches of a session by its number in the workspace.
        """
        conversations, slug = self._workspace.conversations, self._partner.slug
        sent = []
        with self._workspace.transaction():
            while ids := conversations.to_acknowledge(slug)[:_MOST_IDS]:
                matches = session_of(conversations.session_of(slug, ids[-1]))
                sent.append(self.store(matches, Kind.ACKNOWLEDGEMENT, write_acknowledgement(ids), now))
                conversations.did_acknowledge(slug, ids, sent[-1])
        for message_id in sent:
            self.hand_over(conversations.sent(slug, message_id))

    def renew(self, session_of: Callable[[int], SessionMatches], now: datetime) -> None:
        """Write messages again that cannot be read any more, since they have expired or a card was replaced.

        That is only for entries, which may come any number of times. A question under another id would be another
        question.

        Args:
            session_of: returns the matches of a session by its number in the workspace.
        """
        conversations, slug = self._workspace.conversations, self._partner.slug
        with self._workspace.transaction():
            for message in conversations.unacknowledged(slug):
                header = Header.decode(message.body[:HEADER_BYTES])
                parties = (header.sender, header.recipient)
                current = parties == (self._workspace.card.digest, self._partner.card.digest)
                if not Kind(message.kind).is_log or (current and header.expires >= int(now.timestamp())):
                    continue
                again = self.store(session_of(message.session), Kind(message.kind), self._content_of(message), now)
                self._workspace.match_entries.move(slug, message.id, again)
                self._workspace.plans.move(slug, message.id, again)
                conversations.acknowledged(slug, [message.id], now)

    def _content_of(self, message: SentMessage) -> bytes:
        """Return the content of one of our messages with entries."""
        if message.kind == Kind.PLANS:
            return self._workspace.plans.sent_in(self._partner.slug, message.id).content
        kept_entries = self._workspace.match_entries.sent_in(self._partner.slug, message.id)
        return write_entries(each.entry for each in kept_entries)

    def deliver(self) -> None:
        """Hand over all own messages that the partner has not acknowledged; acknowledgements only once."""
        for message in self._workspace.conversations.unacknowledged(self._partner.slug):
            if message.kind != Kind.ACKNOWLEDGEMENT:
                self.hand_over(message)

    def hand_over(self, message: SentMessage | None) -> None:
        """Put a message into the channel, unless all of it is there already or its bytes are no longer kept."""
        if message is None or not message.body:
            return
        name = f"{self._workspace.short_name}-{message.id.hex()[:16]}-{CONVERSATION}.amap"
        if self._channel.files().get(name) == len(message.body):
            return
        with TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(message.body)
            self._channel.deliver(name, file)
        self.handed_over.append(name)
