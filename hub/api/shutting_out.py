"""A device that may speak no more."""

from hub.api.parts import ApiParts


async def shut_out(parts: ApiParts, device: str) -> None:
    """Void its token and cut its session; its history stays."""
    await parts.records.revoke(device, now_ms=parts.clock.now_ms())
    # Also for one that was revoked before: the gatekeeper may not have heard of it then.
    await parts.gatekeeper.revoke(device)
    await parts.worker.refresh(device)
