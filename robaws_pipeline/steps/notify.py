"""Tell somebody that a delivery is ready, or that documents are held: a program, a web address, or both.

What goes wrong here is told and stops nothing: the delivery is made, and stands.
"""

import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import msgspec

from robaws_pipeline.deliveries.archive import sha256
from robaws_pipeline.deliveries.manifest import LeftOut
from robaws_pipeline.steps.deliver import Delivered
from robaws_pipeline.steps.workspace import Workspace

_PATIENCE = 30.0
"""Seconds that a program or an address has."""
_TOLD = "told.json"
"""In the lake, which held documents somebody was told of last, so that nobody is told of the same ones every night."""


def notify(workspace: Workspace, done: Delivered) -> list[str]:
    """Tell what happened, when there is something to tell; why telling failed, in words."""
    wanted = workspace.company.deliveries
    if not wanted.notify_command and wanted.notify_url is None:
        return []
    held = [_held(one) for one in done.left_out]
    known = sha256(msgspec.json.encode(held)).encode()
    if done.link is None and (not held or workspace.lake.read(_TOLD) == known):
        return []
    content = msgspec.json.encode(_event(workspace, done, held))
    failures = list(_tell(wanted.notify_command, wanted.notify_url, content))
    if not failures:
        workspace.lake.write(_TOLD, known, durable=False)
    return failures


def _held(one: LeftOut) -> dict[str, Any]:
    codes = [reason["code"] for reason in one.reasons]
    return {"collection": one.collection, "id": one.id, "number": one.number, "month": one.month, "codes": codes}


def _event(workspace: Workspace, done: Delivered, held: Sequence[dict[str, Any]]) -> dict[str, Any]:
    event: dict[str, Any] = {
        "event": "held" if done.link is None else "delivery",
        "company": workspace.key,
        "name": workspace.company.name,
    }
    if done.link is not None:
        actions = [document.action for document in done.link.manifest.documents]
        event |= {"number": done.link.manifest.number, "folder": done.folder}
        event |= {action: actions.count(action) for action in ("new", "returned", "changed", "removed")}
    return {**event, "held": list(held)}


def _tell(command: Sequence[str], url: str | None, content: bytes) -> Iterator[str]:
    if command:
        try:
            done = subprocess.run(command, input=content, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603 - the settings' own
        except (OSError, subprocess.TimeoutExpired) as error:
            yield f"notify_command {command[0]} could not be run: {error}"
        else:
            if done.returncode:
                said = done.stderr.decode(errors="replace").strip()[-200:]
                yield f"notify_command {command[0]} ended with exit code {done.returncode}: {said}"
    if url is not None:
        # The address may carry a secret: neither it nor what the error says of it is told.
        try:
            answer = httpx.post(url, content=content, headers={"Content-Type": "application/json"}, timeout=_PATIENCE)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            yield f"notify_url could not be reached: {type(error).__name__}"
        else:
            if not answer.is_success:
                yield f"notify_url answered with status {answer.status_code}"
