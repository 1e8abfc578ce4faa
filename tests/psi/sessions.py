"""Two engines face to face: sessions with chosen keys, and every message in the tester's hands."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from accountmap.curve.openssl import OpenSSLCurve
from accountmap.psi.parameters import Groups, MessageType, Parameters, Ports, Role
from accountmap.psi.phases import Message
from accountmap.psi.session import Session
from accountmap.psi.suite import KEY_DST, key_message
from accountmap.trust.receipts import OneTimeAead

CHANNEL_KEY = b"channel-key"
I, R = Role.INITIATOR, Role.RESPONDER

Keys = Sequence[Sequence[Sequence[str | None]]]
"""Segments, of groups, of slots."""


def counter_random(seed: str) -> Callable[[int], bytes]:
    """Uniform bytes that are the same in every run."""
    stream = 0

    def random(n: int) -> bytes:
        nonlocal stream
        stream += 1
        return hashlib.shake_256(f"{seed}/{stream}".encode()).digest(n)

    return random


def groups_of(keys: Keys, spaces: Sequence[str]) -> Groups:
    rows = [group for segment in keys for group in segment]
    present = np.array([[k is not None for k in row] for row in rows], np.bool_).reshape(-1, len(spaces))
    messages = [
        key_message(space.encode(), key.encode())
        for row in rows
        for space, key in zip(spaces, row, strict=True)
        if key is not None
    ]
    points = OpenSSLCurve().hash_to_curve(KEY_DST, messages)
    return Groups(tuple(len(s) for s in keys), present, points)


@dataclass(frozen=True)
class Own:
    """A party's keys, and as fields its first key and a mark of its own."""

    keys: Keys
    spaces: Sequence[str]
    mark: str

    @property
    def rows(self) -> list[Sequence[str | None]]:
        return [group for segment in self.keys for group in segment]

    def key(self, group: int, slot: int) -> bytes:
        return key_message(self.spaces[slot].encode(), str(self.rows[group][slot]).encode())

    def fields(self, group: int) -> bytes:
        return f"{self.mark}:{self.rows[group][0]}".encode()

    def accepts(self, fields: bytes) -> bool:
        return b":" in fields


class PlainReceipts:
    """Signatures that anybody could make: what is signed is tested, not by whom."""

    def sign(self, receipt: bytes) -> bytes:
        return receipt + receipt

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        return signature == receipt + receipt


def ports_of(seed: str) -> Ports:
    return Ports(OpenSSLCurve(), counter_random(seed), OneTimeAead(), PlainReceipts())


def parameters(
    sizes: tuple[tuple[int, ...], tuple[int, ...]], weights: tuple[int, ...] = (4, 2, 1), threshold: int = 1
) -> Parameters:
    return Parameters(bytes(32), weights, threshold, sizes, len(CHANNEL_KEY), 100)


@dataclass
class Pair:
    """An initiator and a responder under the same parameters."""

    i: Session
    r: Session

    @classmethod
    def of(cls, left: Keys, right: Keys, p: Parameters, spaces: Sequence[str], seed: str = "pair") -> "Pair":
        sides = [
            Session.start(
                role, p, groups_of(keys, spaces), Own(keys, spaces, role.name), ports_of(f"{seed}/{role}")
            )
            for role, keys in zip(Role, (left, right), strict=True)
        ]
        return cls(*sides)

    def until(self, last: MessageType) -> list[Message]:
        """Run honestly up to and including the making of one message; return all made so far."""
        made = [self.i.offer(CHANNEL_KEY)]
        steps: list[Callable[..., Message | None]] = [
            lambda m: self.r.answer(CHANNEL_KEY, m.body),
            lambda m: self.i.receive(m.type, m.body),
            lambda m: self._consent(self.r, m),
            lambda m: self._consent(self.i, m),
            *[lambda m, s=s: s.receive(m.type, m.body) for s in (self.r, self.i, self.r, self.i, self.r)],
        ]
        for step in steps:
            if made[-1].type is last:
                break
            reply = step(made[-1])
            assert reply is not None
            made.append(reply)
        assert made[-1].type is last
        return made

    def finish(self) -> list[Message]:
        made = self.until(MessageType.RECEIPT)
        assert self.i.receive(made[-1].type, made[-1].body) is None
        return made

    @staticmethod
    def _consent(session: Session, message: Message) -> Message:
        assert session.receive(message.type, message.body) is None
        return session.consent()
