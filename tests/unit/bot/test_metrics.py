"""The figures for Prometheus that are read when somebody asks."""

from __future__ import annotations

from bot.metrics import Metrics
from office.database import DatabaseUnavailable
from scheduler.rationing import Figure


def test_plans_are_told_as_they_are_now() -> None:
    metrics, used = Metrics(), [2412, 2413]
    metrics.quotas.append(
        lambda: Figure(channel="zalo_bot", account="7", used=used.pop(0), limit=3000),
    )
    first, second = metrics.exposition().decode(), metrics.exposition().decode()
    assert 'xinluon_quota_used{account="7",channel="zalo_bot"} 2412.0' in first
    assert 'xinluon_quota_limit{account="7",channel="zalo_bot"} 3000.0' in first
    assert 'xinluon_quota_used{account="7",channel="zalo_bot"} 2413.0' in second


def test_other_figures_are_told_while_the_database_is_away() -> None:
    def away() -> Figure:
        raise DatabaseUnavailable("không mở được", "thử lại")

    metrics = Metrics()
    metrics.quotas.append(away)
    metrics.knowledge(entries=3, problems=0)
    told = metrics.exposition().decode()
    assert "xinluon_knowledge_entries 3.0" in told
    assert "xinluon_quota_used{" not in told
