"""The composition root: settings in, parts built, tasks started."""

from hub.adapters.broker.finding import Finding
from hub.api.client import Client
from hub.main.backup import backup, restore
from hub.main.demo import demo
from hub.main.findings import findings
from hub.main.parts import Parts, facts
from hub.main.people import NewPerson, add_person
from hub.main.serving import serve

__all__ = [
    "Client",
    "Finding",
    "NewPerson",
    "Parts",
    "add_person",
    "backup",
    "demo",
    "facts",
    "findings",
    "restore",
    "serve",
]
