"""The files in which Mosquitto keeps rights: `dynamic-security.json` and `access.acl`.

Mosquitto 2.0 reads the first one only when it starts and rewrites it at every change. It is
written here for the first set-up, and again after it was lost: the hub keeps the tokens' hashes in
Mosquitto's own form.

A device's own topics stand in `access.acl` once for all (`%u`); dynamic security asks there for
whatever its roles do not decide. `docs/decisions/0004-mosquitto-dynamic-security.md` says why.
"""

import argparse
import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub.adapters.gatekeeper.tokens import hash_token
from hub.model import Topics
from hub.ports import Credential

RIGHTS_FILE = "dynamic-security.json"
ACCESS_FILE = "access.acl"

Json = Mapping[str, object]

DENIED: Mapping[str, bool] = {
    "publishClientSend": False,
    "publishClientReceive": False,
    "subscribe": False,
    "unsubscribe": True,
}
"""What somebody may whom no role speaks of; Mosquitto's own default is to let everything in."""


def hub_user(topics: Topics) -> str:
    return f"hub-{topics.cell}"


def gate_user(topics: Topics) -> str:
    """Return the user who administers the rights; like all of them its own client id."""
    return f"hub-{topics.cell}-gate"


def device_role(topics: Topics) -> str:
    """Return the role that marks a client as a device of this cell."""
    return f"hub-{topics.cell}-device"


def device_acls(topics: Topics) -> Sequence[Json]:
    """Return what every device may subscribe.

    The access file lets everybody subscribe everything (and get only what is theirs), so what
    nobody needs is forbidden here. Mosquitto looks at the literals first.
    """
    everybody = f"{topics.root}/{topics.cell}/+/down"
    nets = ("#", "+", "command", "desired", "receipt")
    foreign = [f"{everybody}/{leaf}" for leaf in nets]
    return [
        *[_acl("subscribeLiteral", topic, allow=False) for topic in foreign],
        _acl("subscribePattern", f"{everybody}/#", priority=1),
        *_subscribe_nothing_else(),
    ]


def device_client(credential: Credential, topics: Topics) -> Json:
    """Return the device's entry in the file, with its token's hash."""
    return _client(credential, role=device_role(topics))


def initial_dynsec(
    *,
    admin_password: str,
    hub_password: str,
    topics: Topics,
    credentials: Sequence[Credential] = (),
) -> Json:
    """Return the content of `dynamic-security.json` that lets in the hub and these devices."""
    gate, hub = gate_user(topics), hub_user(topics)
    return {
        "defaultACLAccess": dict(DENIED),
        "clients": [
            _client(hash_token(admin_password, gate), role=gate),
            _client(hash_token(hub_password, hub), role=hub),
            *[device_client(credential, topics) for credential in credentials],
        ],
        "groups": [],
        "roles": [
            {"rolename": gate, "acls": _gate_acls(topics)},
            {"rolename": hub, "acls": _hub_acls(topics)},
            {"rolename": device_role(topics), "acls": device_acls(topics)},
        ],
    }


def access_rules(topics: Topics) -> str:
    """Return the content of `access.acl`."""
    base = f"{topics.root}/{topics.cell}/%u"
    return (
        "# Written by the hub from its topic root and cell; a change here is overwritten.\n"
        f"pattern write {base}/up/#\n"
        f"pattern read {base}/down/#\n"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsDirectory:
    """Where Mosquitto keeps both files, with what it takes to write them anew."""

    directory: Path
    topics: Topics
    admin_password: str = field(repr=False)
    hub_password: str = field(repr=False)

    def set_up(self) -> bool:
        """Write what is missing; return whether the rights had to begin anew.

        The access file is written every time, so that it follows the settings.
        """
        _replace(self.directory / ACCESS_FILE, access_rules(self.topics))
        if (self.directory / RIGHTS_FILE).exists():
            return False
        self.write(())
        return True

    def write(self, credentials: Sequence[Credential]) -> None:
        """Write the rights of the hub and exactly these devices, for Mosquitto's next start."""
        rights = initial_dynsec(
            admin_password=self.admin_password,
            hub_password=self.hub_password,
            topics=self.topics,
            credentials=credentials,
        )
        _replace(self.directory / RIGHTS_FILE, json.dumps(rights, indent=1))


def _replace(path: Path, content: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(draft, owner.st_uid, owner.st_gid)
    draft.replace(path)


def _acl(kind: str, topic: str, *, allow: bool = True, priority: int = 0) -> Json:
    return {"acltype": kind, "topic": topic, "priority": priority, "allow": allow}


def _subscribe_nothing_else() -> Sequence[Json]:
    # `#` stands for no topic that begins with `$`.
    everything = ("#", "$SYS/#", "$share/#", "$CONTROL/#")
    return [_acl("subscribePattern", topic, allow=False) for topic in everything]


def _gate_acls(topics: Topics) -> Sequence[Json]:
    control = "$CONTROL/dynamic-security/#"
    kinds = ("publishClientSend", "publishClientReceive", "subscribePattern")
    desired = f"{topics.root}/{topics.cell}/+/down/desired"
    # A revoked device's retained message is cleared together with its rights.
    return [*[_acl(kind, control) for kind in kinds], _acl("publishClientSend", desired)]


def _hub_acls(topics: Topics) -> Sequence[Json]:
    heard = topics.subscription
    return [
        _acl("subscribePattern", heard, priority=1),
        *_subscribe_nothing_else(),
        _acl("publishClientReceive", heard),
        _acl("publishClientSend", f"{topics.root}/{topics.cell}/+/down/#"),
    ]


def _client(credential: Credential, *, role: str) -> Json:
    return {
        "username": credential.device,
        "clientid": credential.device,
        "password": base64.b64encode(credential.hash).decode(),
        "salt": base64.b64encode(credential.salt).decode(),
        "iterations": credential.iterations,
        "roles": [{"rolename": role}],
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m hub.adapters.gatekeeper.dynsec_file",
        description="Write the files that Mosquitto needs to let the hub in, where missing.",
    )
    parser.add_argument("directory", type=Path, help="as in mosquitto.conf")
    parser.add_argument("--admin-password-file", type=Path, required=True)
    parser.add_argument("--hub-password-file", type=Path, required=True)
    parser.add_argument("--topic-root", default=Topics().root)
    parser.add_argument("--cell", default=Topics().cell)
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    rights = RightsDirectory(
        directory=arguments.directory,
        topics=Topics(root=arguments.topic_root, cell=arguments.cell),
        admin_password=arguments.admin_password_file.read_text(encoding="utf-8").strip(),
        hub_password=arguments.hub_password_file.read_text(encoding="utf-8").strip(),
    )
    began = rights.set_up()
    print("rights written" if began else "rights kept as they are")  # noqa: T201 - a command's word


if __name__ == "__main__":
    main()
