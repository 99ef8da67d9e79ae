"""What may be asked of the market's evidence, and the answers it gets."""

from msgspec import Struct

from souq.views.evidence import TreeHead


class GetTreeHead(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give the signed head of the market's tree of records, now or as it was at `size`.

    For anybody. Keep one: with `get_consistency` it shows later whether anything before it was
    changed or cut off since.
    """

    size: int = 0


class GetInclusion(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Prove that a record stands in the tree of `size` records, or in the whole one. For anybody.

    What the record says stays untold: a receipt opens the parts that somebody may see.
    """

    seq: int
    size: int = 0


class GetConsistency(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Prove that the tree of `first` records begins that of `second`, or the whole one.

    For anybody.
    """

    first: int
    second: int = 0


class GetRecordProof(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give a record, proven to stand in the tree of `size` records, or in the whole one.

    By whoever may see anything of it: the parts that they may read whole are opened, and their own
    command. The operator reads all of it, and the record's place in the hash chain.
    """

    seq: int
    size: int = 0


class GetReceipt(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give the receipt of a deal, which a stranger can verify offline.

    By its parties, their principals, the operator, and the arbiter of what was disputed. It holds
    what the asker may see, and none of the mandates' limits.
    """

    contract: str


class Inclusion(Struct, frozen=True):
    """`path` leads by RFC 9162 from `leaf`, a record's, to the root of `head`. Hashes are in hex.

    `leaf` is the hash of a leaf whose content is the root over the record's parts.
    """

    seq: int
    leaf: str
    path: tuple[str, ...]
    head: TreeHead


class Consistency(Struct, frozen=True):
    """`path` shows by RFC 9162 that the first head's tree begins the second's."""

    first: TreeHead
    second: TreeHead
    path: tuple[str, ...]


class RecordProof(Struct, frozen=True):
    """`file` is JSON, whose parts are text to hash as they stand; docs/receipts.md says how."""

    seq: int
    file: str


class Receipt(Struct, frozen=True):
    """`file` is the receipt's text to the byte: keep it as it is, for any change spoils it."""

    contract: str
    file: str
