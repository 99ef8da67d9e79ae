"""Merkle trees as RFC 9162, 2.1 has them: a head that somebody kept shows later what was.

A tree of any size is cut into the largest whole subtrees that fit, the left ones first. `Find`
gives the hash of a whole subtree: of height 0 is a leaf, and of each height they are counted from
0. So a proof takes as many look-ups as the tree is high, whatever keeps the hashes.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import reduce

HASH_BYTES = 32
EMPTY = hashlib.sha256(b"").digest()

Find = Callable[[int, int], bytes]  # by height and number


def leaf_hash(content: bytes) -> bytes:
    """Give the hash of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of two subtrees side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def peaks(size: int) -> list[tuple[int, int]]:
    """List the whole subtrees that a tree is cut into, largest first, by height and number."""
    found = []
    start = 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            found.append((height, start >> height))
            start += 1 << height
    return found


def root(size: int, find: Find) -> bytes:
    """Give the root of the first `size` leaves."""
    return _range(0, size, find) if size else EMPTY


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root over leaf hashes that are all at hand."""
    row = list(leaves)
    while len(row) > 1:
        row = _above(row)
    return row[0] if row else EMPTY


def paths_of(leaves: Sequence[bytes], wanted: Iterable[int]) -> list[tuple[bytes, ...]]:
    """Give the inclusion paths of some of the leaf hashes that are all at hand."""
    rows = _over(list(leaves))
    return [_path_in(rows, index) for index in wanted]


def inclusion(index: int, size: int, find: Find) -> tuple[bytes, ...]:
    """Give the hashes that lead from a leaf to the root of the first `size` leaves."""
    assert 0 <= index < size, f"leaf {index} of {size}"
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(middle, end, find))
            end = middle
        else:
            path.append(_range(start, middle, find))
            start = middle
    return tuple(reversed(path))


def consistency(first: int, second: int, find: Find) -> tuple[bytes, ...]:
    """Give the hashes that show the first tree to be the beginning of the second."""
    assert 0 < first <= second, f"{first} of {second}"
    path: list[bytes] = []
    start, end = 0, second
    is_whole = True  # whether what is left is a subtree of the first tree, whose root is known
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range(middle, end, find))
            end = middle
        else:
            path.append(_range(start, middle, find))
            start = middle
            is_whole = False
    if not is_whole:
        path.append(_range(start, end, find))
    return tuple(reversed(path))


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Give the root that a path leads to, or None where no tree of the size has such a path."""
    if not 0 <= index < size:
        return None
    number, last, found = index, size - 1, leaf
    for one in path:
        if last == 0:
            return None
        if number & 1 or number == last:
            found = node_hash(one, found)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, one)
        number, last = number >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Tell whether a path shows the first tree to be the beginning of the second."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    hashes = list(path) if first & (first - 1) else [first_root, *path]
    if not hashes:
        return False
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = hashes[0]
    for one in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, one)
        number, last = number >> 1, last >> 1
    return last == 0 and (old, new) == (first_root, second_root)


def _split(size: int) -> int:
    """Give the largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def _range(start: int, end: int, find: Find) -> bytes:
    """Give the root over leaves from a place where whole subtrees of their size begin."""
    found = []
    for height, number in peaks(end - start):
        found.append(find(height, (start >> height) + number))
    return reduce(lambda right, left: node_hash(left, right), reversed(found))


def _over(leaves: list[bytes]) -> list[list[bytes]]:
    """Hash rows of pairs up to the root; who has no neighbour goes up as it is."""
    rows = [leaves]
    while len(rows[-1]) > 1:
        rows.append(_above(rows[-1]))
    return rows


def _above(row: list[bytes]) -> list[bytes]:
    pairs = zip(row[::2], row[1::2], strict=False)
    above = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
    if len(row) % 2:
        above.append(row[-1])
    return above


def _path_in(rows: list[list[bytes]], index: int) -> tuple[bytes, ...]:
    path = []
    for row in rows[:-1]:
        beside = index ^ 1
        if beside < len(row):
            path.append(row[beside])
        index >>= 1
    return tuple(path)
