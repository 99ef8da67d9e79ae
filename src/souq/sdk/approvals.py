"""An approval that a principal signs: for this deal alone, as it waits now.

asked = client.list_approvals().approvals[0]
client.submit(approval(asked, load_key(Path("bea.key"))))
"""

from souq.core.approval import Approve, signed_bytes
from souq.core.credential import BEARER
from souq.core.signature import thumbprint
from souq.operations.approval_queries import ApprovalAsked
from souq.sdk.signing import KeyFile, signature_of


def approval(asked: ApprovalAsked, key: KeyFile | None = None) -> Approve:
    """Approve what was shown, signed where the key can sign."""
    if key is None or key.kind == BEARER:
        return Approve(asked.contract, asked.digest)
    message = signed_bytes(asked.market, asked.contract, asked.digest, asked.decide_by)
    signature = signature_of(key, message).hex()
    return Approve(asked.contract, asked.digest, thumbprint(key.kind, key.material), signature)
