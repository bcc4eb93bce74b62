"""Counts for Prometheus, updated once a batch."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class PrometheusFigures:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter("hub_messages", "Messages handled", registry=registry)
        self._samples = Counter("hub_samples", "Samples committed", registry=registry)
        self._rejected = Counter("hub_rejected", "Values and messages refused", registry=registry)
        self._sent = Counter("hub_commands_sent", "Commands sent", registry=registry)
        self._stored = Counter("hub_samples_stored", "Samples stored", registry=registry)
        self._backlog = Gauge("hub_spool_samples", "Samples waiting", registry=registry)
        self._group = Histogram(
            "hub_group_seconds",
            "From receiving a group to its acknowledgement",
            registry=registry,
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5),
        )

    def committed(self, *, messages: int, samples: int, seconds: float) -> None:
        self._messages.inc(messages)
        self._samples.inc(samples)
        self._group.observe(seconds)

    def rejected(self, count: int) -> None:
        self._rejected.inc(count)

    def sent(self, count: int) -> None:
        self._sent.inc(count)

    def stored(self, count: int) -> None:
        self._stored.inc(count)

    def backlog(self, samples: int) -> None:
        self._backlog.set(samples)
