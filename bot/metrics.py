"""Figures for Prometheus. Labels are closed sets; nothing of what people write is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from office.database import DatabaseUnavailable
from office.messages import ChannelState
from scheduler.rationing import Figure


class Metrics:
    """The program's counters, in a registry of its own."""

    def __init__(self, channels: Iterable[ChannelState] = ()) -> None:
        self.registry = CollectorRegistry()
        self._messages = Counter(
            "xinluon_messages",
            "Messages handled, by channel and what became of them.",
            ["channel", "result"],
            registry=self.registry,
        )
        self._deliveries = Counter(
            "xinluon_deliveries",
            "Messages of the outbox, by what became of them.",
            labelnames=("channel", "outcome"),
            registry=self.registry,
        )
        self._entries = Gauge(
            "xinluon_knowledge_entries", "Entries of the knowledge in use.", registry=self.registry
        )
        self._problems = Gauge(
            "xinluon_knowledge_problems",
            "Errors found at the last reading of the knowledge.",
            registry=self.registry,
        )
        self.channels = list(channels)
        self.registry.register(_Channels(self.channels))
        self.quotas: list[Callable[[], Figure]] = []
        self.registry.register(_Quotas(self.quotas))

    def handled(self, channel: str, result: str) -> None:
        """Count a message."""
        self._messages.labels(channel, result).inc()

    def delivered(self, channel: str, outcome: str) -> None:
        """Count an attempt of the outbox."""
        self._deliveries.labels(channel, outcome).inc()

    def knowledge(self, *, entries: int, problems: int) -> None:
        """Note what the last reading gave."""
        self._entries.set(entries)
        self._problems.set(problems)

    def exposition(self) -> bytes:
        """All figures in Prometheus' text format; reads the database for the plans."""
        return generate_latest(self.registry)


class _Channels(Collector):
    def __init__(self, channels: list[ChannelState]) -> None:
        self._channels = channels

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily("xinluon_channel_up", "1 while a channel serves.", labels=["channel"])
        for state in self._channels:
            family.add_metric([state.name], float(state.up))
        yield family


class _Quotas(Collector):
    """What is used of each plan, as it is when somebody asks; nothing while the database is away."""

    def __init__(self, quotas: list[Callable[[], Figure]]) -> None:
        self._quotas = quotas

    def collect(self) -> Iterable[GaugeMetricFamily]:
        labels = ["channel", "account"]
        used = GaugeMetricFamily("xinluon_quota_used", "Messages of this month's plan sent.", labels=labels)
        limit = GaugeMetricFamily("xinluon_quota_limit", "Messages that the plan allows.", labels=labels)
        for look in self._quotas:
            try:
                figure = look()
            except DatabaseUnavailable:
                continue
            used.add_metric([figure.channel, figure.account], figure.used)
            limit.add_metric([figure.channel, figure.account], figure.limit)
        yield used
        yield limit
