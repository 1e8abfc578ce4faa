"""AES-256-GCM, bit by bit (FIPS 197, NIST SP 800-38D), for nonces of 12 bytes."""

TAG_BYTES = 16


def _times(a: int, b: int) -> int:
    """Multiply in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197 §4.2)."""
    result = 0
    while b:
        if b & 1:
            result ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return result


def _sbox_value(x: int) -> int:
    """Invert in GF(2^8), zero to zero, and apply the affine map (FIPS 197 §5.1.1)."""
    inverse = next((y for y in range(256) if _times(x, y) == 1), 0)
    result = 0x63
    for turn in range(5):
        result ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
    return result


SBOX = [_sbox_value(x) for x in range(256)]
DOUBLE = [_times(x, 2) for x in range(256)]


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def expand_key(key: bytes) -> list[bytes]:
    """Derive the 15 round keys of a 32-byte key (FIPS 197 §5.2)."""
    words = [key[i : i + 4] for i in range(0, 32, 4)]
    constant = 1
    for i in range(8, 60):
        word = words[-1]
        if i % 8 == 0:
            word = bytes(SBOX[x] for x in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = DOUBLE[constant]
        elif i % 8 == 4:
            word = bytes(SBOX[x] for x in word)
        words.append(_xor(words[-8], word))
    return [b"".join(words[i : i + 4]) for i in range(0, 60, 4)]


def _mix(column: bytes) -> bytes:
    a, b, c, d = column
    every = a ^ b ^ c ^ d
    return bytes(x ^ every ^ DOUBLE[x ^ y] for x, y in ((a, b), (b, c), (c, d), (d, a)))


def encrypt_block(round_keys: list[bytes], block: bytes) -> bytes:
    """Encrypt 16 bytes (FIPS 197 §5.1)."""
    state = _xor(block, round_keys[0])
    for n, round_key in enumerate(round_keys[1:], 1):
        state = bytes(SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16))
        if n < 14:
            state = b"".join(_mix(state[i : i + 4]) for i in range(0, 16, 4))
        state = _xor(state, round_key)
    return state


def _ghash(h: int, blocks: bytes) -> int:
    """Hash whole blocks (SP 800-38D §6.4); the leftmost bit is the coefficient of x^0."""
    y = 0
    for i in range(0, len(blocks), 16):
        x, y = y ^ int.from_bytes(blocks[i : i + 16], "big"), 0
        factor = h
        for bit in reversed(range(128)):
            if x >> bit & 1:
                y ^= factor
            factor = factor >> 1 ^ (0xE1 << 120 if factor & 1 else 0)
    return y


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


def _counter_mode(round_keys: list[bytes], nonce: bytes, data: bytes) -> bytes:
    blocks = (encrypt_block(round_keys, nonce + n.to_bytes(4, "big")) for n in range(2, 2 + -(-len(data) // 16)))
    return _xor(data, b"".join(blocks)[: len(data)])


def _tag(round_keys: list[bytes], nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    h = int.from_bytes(encrypt_block(round_keys, bytes(16)), "big")
    lengths = b"".join((8 * len(part)).to_bytes(8, "big") for part in (aad, sealed))
    hashed = _ghash(h, _padded(aad) + _padded(sealed) + lengths).to_bytes(16, "big")
    return _xor(hashed, encrypt_block(round_keys, nonce + b"\x00\x00\x00\x01"))


def seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """Encrypt; the tag of 16 bytes stands at the end."""
    round_keys = expand_key(key)
    sealed = _counter_mode(round_keys, nonce, plaintext)
    return sealed + _tag(round_keys, nonce, sealed, aad)


def open_sealed(key: bytes, nonce: bytes, sealed: bytes, aad: bytes = b"") -> bytes | None:
    """Decrypt, or return None if the tag does not hold."""
    round_keys = expand_key(key)
    body, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
    return _counter_mode(round_keys, nonce, body) if _tag(round_keys, nonce, body, aad) == tag else None
