"""ML-KEM-768 (FIPS 203): key pair and encapsulation, from given randomness."""

import hashlib

Q = 3329
RANK = 3
Poly = list[int]
Vector = list[Poly]


def _bit_reversed(n: int) -> int:
    return int(f"{n:07b}"[::-1], 2)


ZETAS = [pow(17, _bit_reversed(i), Q) for i in range(128)]


def ntt(f: Poly) -> Poly:
    """Transform a polynomial (FIPS 203, algorithm 9)."""
    f, zetas = f[:], iter(ZETAS[1:])
    length = 128
    while length >= 2:
        for start in range(0, 256, 2 * length):
            zeta = next(zetas)
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j], f[j + length] = (f[j] + t) % Q, (f[j] - t) % Q
        length //= 2
    return f


def inverse_ntt(f: Poly) -> Poly:
    """Transform back (FIPS 203, algorithm 10)."""
    f, zetas = f[:], iter(reversed(ZETAS[1:]))
    length = 2
    while length <= 128:
        for start in range(0, 256, 2 * length):
            zeta = next(zetas)
            for j in range(start, start + length):
                f[j], f[j + length] = (f[j] + f[j + length]) % Q, zeta * (f[j + length] - f[j]) % Q
        length *= 2
    return [x * 3303 % Q for x in f]


def times(f: Poly, g: Poly) -> Poly:
    """Multiply two transformed polynomials (FIPS 203, algorithms 11 and 12)."""
    h = []
    for i in range(128):
        (a0, a1), (b0, b1) = f[2 * i : 2 * i + 2], g[2 * i : 2 * i + 2]
        gamma = pow(17, 2 * _bit_reversed(i) + 1, Q)
        h += [(a0 * b0 + a1 * b1 * gamma) % Q, (a0 * b1 + a1 * b0) % Q]
    return h


def plus(f: Poly, g: Poly) -> Poly:
    """Add two polynomials."""
    return [(x + y) % Q for x, y in zip(f, g, strict=True)]


def inner(a: Vector, b: Vector) -> Poly:
    """Return the inner product of two transformed vectors."""
    total = [0] * 256
    for f, g in zip(a, b, strict=True):
        total = plus(total, times(f, g))
    return total


def sample_ntt(seed: bytes) -> Poly:
    """Sample a transformed polynomial uniformly (FIPS 203, algorithm 7)."""
    stream = hashlib.shake_128(seed).digest(3 * 1024)
    values: Poly = []
    for i in range(0, len(stream), 3):
        a, b, c = stream[i : i + 3]
        values += [d for d in (a | (b & 15) << 8, b >> 4 | c << 4) if d < Q]
    return values[:256]


def sample_noise(seed: bytes, n: int) -> Poly:
    """Sample a small polynomial with eta = 2 (FIPS 203, algorithm 8)."""
    bits = int.from_bytes(hashlib.shake_256(seed + bytes([n])).digest(128), "little")
    four = [bits >> 4 * i & 15 for i in range(256)]
    return [((x & 1) + (x >> 1 & 1) - (x >> 2 & 1) - (x >> 3)) % Q for x in four]


def pack(f: Poly, width: int) -> bytes:
    """Write coefficients of `width` bits (FIPS 203, algorithm 5)."""
    return sum(x << width * i for i, x in enumerate(f)).to_bytes(32 * width, "little")


def unpack(data: bytes, width: int) -> Poly:
    """Read coefficients of `width` bits (FIPS 203, algorithm 6)."""
    bits = int.from_bytes(data, "little")
    return [bits >> width * i & (1 << width) - 1 for i in range(256)]


def compress(f: Poly, width: int) -> Poly:
    """Round to `width` bits (FIPS 203 §4.2.1)."""
    return [((x << width) * 2 + Q) // (2 * Q) % (1 << width) for x in f]


def matrix(rho: bytes) -> list[Vector]:
    """Expand the public matrix, transformed."""
    return [[sample_ntt(rho + bytes([j, i])) for j in range(RANK)] for i in range(RANK)]


def public_key(seed: bytes) -> bytes:
    """Derive the encapsulation key of a 64-byte seed, d and z (FIPS 203, algorithms 13 and 16), 1184 bytes."""
    g = hashlib.sha3_512(seed[:32] + bytes([RANK])).digest()
    rho, sigma = g[:32], g[32:]
    s = [ntt(sample_noise(sigma, n)) for n in range(RANK)]
    e = [ntt(sample_noise(sigma, RANK + n)) for n in range(RANK)]
    t = [plus(inner(row, s), noise) for row, noise in zip(matrix(rho), e, strict=True)]
    return b"".join(pack(f, 12) for f in t) + rho


def encapsulate(public: bytes, m: bytes) -> tuple[bytes, bytes]:
    """Encapsulate with the 32 random bytes m (FIPS 203, algorithms 14 and 17).

    Returns:
        The shared secret, 32 bytes, and the ciphertext, 1088 bytes.
    """
    g = hashlib.sha3_512(m + hashlib.sha3_256(public).digest()).digest()
    secret, coins = g[:32], g[32:]
    t = [unpack(public[384 * i : 384 * (i + 1)], 12) for i in range(RANK)]
    a = matrix(public[384 * RANK :])
    y = [ntt(sample_noise(coins, n)) for n in range(RANK)]
    noise = [sample_noise(coins, RANK + n) for n in range(RANK + 1)]
    transposed = [[a[i][j] for i in range(RANK)] for j in range(RANK)]
    u = [plus(inverse_ntt(inner(row, y)), e) for row, e in zip(transposed, noise, strict=False)]
    message = [bit * ((Q + 1) // 2) for bit in unpack(m, 1)]
    v = plus(plus(inverse_ntt(inner(t, y)), noise[RANK]), message)
    return secret, b"".join(pack(compress(f, 10), 10) for f in u) + pack(compress(v, 4), 4)
