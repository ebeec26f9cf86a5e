"""The tokens of an Official Account: renewed in time, by one alone, and saved before they are used."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.zalo_calls import NotSent, WrongToken
from bot.channels.zalo_oa_oauth import ask_for_pair
from bot.channels.zalo_oa_tokens import LEASE, REFRESH_LIFE, TokenKeeper, store_pair
from office.channel_settings import ZaloOa
from office.database import make_engine, session_factory
from office.zalo_tokens import ZaloTokens
from tests.databases import fresh_sqlite
from tests.fakes.zalo_oa import (
    TOKEN_PATH,
    FakeZaloOa,
    Outcome,
    bad_gateway,
    drop_after,
    drop_before,
    garbled,
    held,
    refuse,
    slow,
)

START = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
DAY_AND_HOUR = timedelta(hours=25)
NEARLY_OVER = DAY_AND_HOUR - timedelta(minutes=59)


class Clock:
    """Stands until it is turned."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def turn(self, by: timedelta) -> None:
        self.moment += by


class Office:
    """An account with a pair in a database, and keepers on it."""

    def __init__(self, fake: FakeZaloOa, engine: Engine, clock: Clock) -> None:
        self.fake, self.engine, self.clock = fake, engine, clock
        self.sessions: sessionmaker[Session] = session_factory(engine)
        self.settings = ZaloOa(
            enabled=True,
            app_id=fake.app_id,
            oa_id=fake.oa_id,
            app_secret=SecretStr(fake.app_secret),
            base_url=fake.url,
            oauth_url=fake.oauth_url,
        )
        self.http = httpx.Client(trust_env=False)
        self.access, self.refresh = fake.tokens()
        self.store(self.access, self.refresh)

    def store(self, access: str, refresh: str) -> None:
        with self.sessions.begin() as session:
            moment = self.clock.now()
            store_pair(session, self.fake.oa_id, self.fake.app_id, access, refresh, "90000", moment)

    def keeper(self) -> TokenKeeper:
        return TokenKeeper(self.settings, sessions=self.sessions, clock=self.clock, http=self.http)

    def row(self) -> ZaloTokens:
        with self.sessions() as session:
            return session.get_one(ZaloTokens, self.fake.oa_id)

    def change(self, **values: object) -> None:
        with self.sessions.begin() as session:
            row = session.get_one(ZaloTokens, self.fake.oa_id)
            for name, value in values.items():
                setattr(row, name, value)

    @property
    def asked(self) -> list[str]:
        """The refresh tokens that Zalo was given."""
        return [call.parameters["refresh_token"] for call in self.fake.called(TOKEN_PATH)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    engine = make_engine(fresh_sqlite(tmp_path))
    with FakeZaloOa(now=clock.now) as fake:
        office = Office(fake, engine, clock)
        yield office
        office.http.close()
    engine.dispose()


async def test_a_token_with_time_left_is_used_without_asking_anybody(office: Office, clock: Clock) -> None:
    clock.turn(DAY_AND_HOUR - timedelta(minutes=61))
    assert await office.keeper().current() == office.access
    assert office.asked == []


async def test_a_token_about_to_end_is_renewed_and_the_pair_before_is_kept(
    office: Office, clock: Clock
) -> None:
    clock.turn(NEARLY_OVER)
    token = await office.keeper().current()
    row = office.row()
    assert (token, office.asked) == (row.access_token, [office.refresh])
    assert token != office.access
    assert (row.former_access_token, row.former_refresh_token) == (office.access, office.refresh)
    assert row.obtained_at == clock.now()
    assert row.access_expires_at == clock.now() + DAY_AND_HOUR
    assert row.refresh_expires_at == clock.now() + REFRESH_LIFE
    assert (row.refreshing_by, row.refreshing_until, row.trouble) == ("", None, "")
    [call] = office.fake.called(TOKEN_PATH)
    assert call.headers["secret_key"] == office.fake.app_secret
    assert "secret" not in " ".join(call.parameters)
    assert await office.keeper().current() == token
    assert len(office.asked) == 1


async def test_a_token_that_lives_an_hour_is_not_renewed_at_each_use(office: Office, clock: Clock) -> None:
    office.change(access_expires_at=clock.now() + timedelta(hours=1))
    clock.turn(timedelta(minutes=44))
    assert await office.keeper().current() == office.access
    clock.turn(timedelta(minutes=2))
    assert await office.keeper().current() != office.access


async def test_a_refused_token_is_renewed_once_for_all_who_were_refused(office: Office) -> None:
    keeper = office.keeper()
    found = await asyncio.gather(*(keeper.renewed(office.access) for _ in range(5)))
    assert set(found) == {office.row().access_token}
    assert await office.keeper().renewed(office.access) == found[0]
    assert office.asked == [office.refresh]


async def test_two_processes_that_renew_at_once_ask_once(office: Office, clock: Clock) -> None:
    office.fake.plan(TOKEN_PATH, slow(0.15))
    clock.turn(DAY_AND_HOUR)
    found = await asyncio.gather(*(office.keeper().current() for _ in range(4)))
    assert set(found) == {office.row().access_token}
    assert office.access not in found
    assert office.asked == [office.refresh]


async def test_who_has_a_good_token_does_not_wait_for_another_to_refresh_it(
    office: Office, clock: Clock
) -> None:
    office.fake.plan(TOKEN_PATH, held(answers := threading.Event()))
    clock.turn(NEARLY_OVER)
    first = asyncio.create_task(office.keeper().current())
    await office.fake.until(lambda: office.asked)
    second = office.keeper()
    assert await second.current() == office.access
    refused = asyncio.create_task(second.renewed(office.access))
    await asyncio.sleep(0.15)
    assert (first.done(), refused.done()) == (False, False)
    answers.set()
    assert await refused == await first != office.access
    assert office.asked == [office.refresh]


async def test_a_refresher_that_died_is_followed_when_its_lease_is_over(office: Office, clock: Clock) -> None:
    clock.turn(DAY_AND_HOUR)
    office.change(refreshing_by="dead", refreshing_until=clock.now() + LEASE)
    waiting = asyncio.create_task(office.keeper().current())
    await asyncio.sleep(0.15)
    assert (waiting.done(), office.asked) == (False, [])
    clock.turn(timedelta(seconds=10))
    assert await waiting == office.row().access_token
    assert office.asked == [office.refresh]


async def test_a_lease_lasts_as_long_as_whoever_has_it_waits_for_zalo(
    office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_oa_tokens._BEAT", 0.02)
    office.fake.plan(TOKEN_PATH, held(answers := threading.Event()))
    clock.turn(DAY_AND_HOUR)
    first = asyncio.create_task(office.keeper().current())
    await office.fake.until(lambda: office.asked)
    clock.turn(LEASE - timedelta(seconds=1))
    ends = clock.now() + LEASE
    while office.row().refreshing_until != ends:
        assert not first.done(), "not prolonged"
        await asyncio.sleep(0.01)
    clock.turn(timedelta(seconds=2))  # the lease as it was taken would be over
    assert await asyncio.to_thread(office.keeper()._attempt, office.access, False) is None
    answers.set()
    assert await first == office.row().access_token != office.access
    assert office.asked == [office.refresh]


async def test_who_is_cancelled_while_zalo_answers_still_saves_the_pair(office: Office, clock: Clock) -> None:
    office.fake.plan(TOKEN_PATH, held(answers := threading.Event()))
    clock.turn(DAY_AND_HOUR)
    waiting = asyncio.create_task(office.keeper().current())
    await office.fake.until(lambda: office.asked)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    after = asyncio.create_task(office.keeper().current())  # another process, which waits for the lease
    answers.set()
    assert await after == office.row().access_token != office.access
    assert office.asked == [office.refresh]


async def test_the_pair_is_saved_before_it_is_used(
    office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed right after the commit: whoever comes next finds the pair."""
    clock.turn(NEARLY_OVER)
    saved = TokenKeeper._save

    def killed(self: TokenKeeper, new: object) -> str:
        saved(self, new)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TokenKeeper, "_save", killed)
        with pytest.raises(KeyboardInterrupt):
            await asyncio.to_thread(office.keeper()._attempt, office.access, False)
    assert await office.keeper().current() == office.row().access_token != office.access
    assert office.asked == [office.refresh]


async def test_killed_before_the_commit_the_pair_is_lost_and_consent_is_asked_for(
    office: Office, clock: Clock
) -> None:
    grant = {"grant_type": "refresh_token", "refresh_token": office.refresh}
    await asyncio.to_thread(ask_for_pair, office.settings, grant, http=office.http)
    with pytest.raises(WrongToken, match="xinluon zalo login"):
        await office.keeper().renewed(office.access)
    assert "đã dùng rồi" in office.row().trouble


@pytest.mark.parametrize("fate", [drop_before(), bad_gateway()])
async def test_where_the_answer_is_lost_the_same_token_is_tried_once_more(
    office: Office, fate: Outcome
) -> None:
    office.fake.plan(TOKEN_PATH, fate)
    assert await office.keeper().renewed(office.access) == office.row().access_token
    assert office.asked == [office.refresh] * 2


@pytest.mark.parametrize("fate", [drop_after(), garbled()])
async def test_an_answer_lost_after_the_deed_needs_consent(office: Office, fate: Outcome) -> None:
    office.fake.plan(TOKEN_PATH, fate)
    keeper = office.keeper()
    for _ in range(2):
        with pytest.raises(WrongToken, match=r"câu trả lời trước .* bị mất .*xinluon zalo login"):
            await keeper.renewed(office.access)
    assert office.asked == [office.refresh] * 2  # what was refused is not asked for again


async def test_twice_lost_is_tried_again_later(office: Office, clock: Clock) -> None:
    office.fake.plan(TOKEN_PATH, drop_before(), drop_before())
    keeper = office.keeper()
    with pytest.raises(NotSent):
        await keeper.renewed(office.access)
    with pytest.raises(NotSent):
        await keeper.renewed(office.access)
    assert len(office.asked) == 2  # at once would be too soon
    assert office.row().trouble == ""
    clock.turn(timedelta(seconds=6))
    assert await keeper.renewed(office.access) == office.row().access_token


async def test_a_used_refresh_token_leaves_the_access_token_in_use_while_it_lives(
    office: Office, clock: Clock
) -> None:
    office.fake.revoke()
    clock.turn(NEARLY_OVER)
    keeper = office.keeper()
    assert await keeper.current() == office.access
    assert await keeper.current() == office.access
    assert office.asked == [office.refresh]
    trouble = office.row().trouble
    assert "mã làm mới đã dùng rồi hoặc đã hết hạn" in trouble
    clock.turn(timedelta(hours=1))
    with pytest.raises(WrongToken) as told:
        await keeper.current()
    assert told.value.reason == trouble


async def test_without_a_network_the_access_token_is_used_while_it_lives(
    office: Office, clock: Clock
) -> None:
    office.settings = office.settings.model_copy(update={"oauth_url": "http://127.0.0.1:9"})
    clock.turn(NEARLY_OVER)
    keeper = office.keeper()
    assert await keeper.current() == office.access
    clock.turn(timedelta(hours=1))
    with pytest.raises(NotSent) as told:
        await keeper.current()
    assert told.value.network
    row = office.row()
    assert (row.trouble, row.refreshing_by) == ("", "")


async def test_too_many_requests_are_no_trouble(office: Office) -> None:
    office.fake.plan(TOKEN_PATH, refuse(-32))
    with pytest.raises(NotSent) as told:
        await office.keeper().renewed(office.access)
    assert not told.value.network
    assert office.row().trouble == ""


@pytest.mark.parametrize(
    ("code", "told"),
    [(-14002, "zalo_oa.app_id"), (-14004, "XINLUON_ZALO_OA_APP_SECRET"), (-14777, "mã lỗi -14777")],
)
async def test_any_other_refusal_says_why_and_what_to_do(office: Office, code: int, told: str) -> None:
    office.fake.plan(TOKEN_PATH, refuse(code))
    with pytest.raises(WrongToken) as ended:
        await office.keeper().renewed(office.access)
    assert told in ended.value.reason
    assert "xinluon zalo login" in ended.value.reason
    assert office.row().trouble == ended.value.reason


async def test_a_mended_setting_works_after_a_restart_without_new_consent(office: Office) -> None:
    right = office.settings
    office.settings = right.model_copy(update={"app_secret": SecretStr("wrong")})
    with pytest.raises(WrongToken, match="khởi động lại"):
        await office.keeper().renewed(office.access)
    office.settings = right
    assert await office.keeper().renewed(office.access) == office.row().access_token
    assert office.row().trouble == ""


async def test_a_running_program_takes_up_a_new_consent_by_itself(office: Office) -> None:
    office.fake.revoke()
    keeper = office.keeper()
    with pytest.raises(WrongToken):
        await keeper.renewed(office.access)
    office.store(*office.fake.tokens())
    assert await keeper.current() == office.row().access_token != office.access
    row = office.row()
    assert (row.trouble, row.former_access_token) == ("", office.access)


async def test_consent_given_while_a_refresh_is_in_the_air_wins(office: Office) -> None:
    office.fake.plan(TOKEN_PATH, held(answers := threading.Event()))
    waiting = asyncio.create_task(office.keeper().renewed(office.access))
    await office.fake.until(lambda: office.asked)
    office.store("new-access", "new-refresh")
    answers.set()
    assert await waiting == "new-access"
    assert office.row().refresh_token == "new-refresh"


@pytest.mark.sqlite
async def test_a_pair_that_can_not_be_written_is_kept_until_it_can(
    office: Office, clock: Clock, tmp_path: Path
) -> None:
    clock.turn(DAY_AND_HOUR)
    office.fake.plan(TOKEN_PATH, held(answers := threading.Event()))
    impatient = make_engine(str(office.engine.url), busy_seconds=0.05)
    office.sessions = session_factory(impatient)
    keeper = office.keeper()
    waiting = asyncio.create_task(keeper.current())
    await office.fake.until(lambda: office.asked)
    with office.engine.connect() as blocking:
        blocking.execute(text("SELECT 1"))  # holds the one lock for writers
        answers.set()
        with pytest.raises(NotSent, match="bị chương trình khác khoá"):
            await waiting
    clock.turn(timedelta(seconds=6))
    assert await keeper.current() == office.row().access_token != office.access
    assert office.asked == [office.refresh]
    impatient.dispose()


async def test_without_a_pair_or_with_another_app_s_consent_is_asked_for(office: Office) -> None:
    office.settings = office.settings.model_copy(update={"app_id": "1"})
    with pytest.raises(WrongToken, match=r"ứng dụng khác.*xinluon zalo login"):
        await office.keeper().current()
    office.settings = office.settings.model_copy(update={"oa_id": "2"})
    with pytest.raises(WrongToken, match=r"Chưa có mã.*xinluon zalo login"):
        await office.keeper().current()
    assert office.asked == []


async def test_no_token_is_in_logs_or_errors(
    office: Office, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office.fake.plan(TOKEN_PATH, drop_before(), bad_gateway(), drop_after())
    said = []
    for _ in range(2):
        with pytest.raises((NotSent, WrongToken)) as ended:
            await office.keeper().renewed(office.access)
        error: BaseException | None = ended.value
        while error is not None:
            said.append(f"{error!r} {error}")
            error = error.__context__
        clock.turn(timedelta(seconds=6))
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpcore", "sqlalchemy"))]
    for secret in (office.access, office.refresh, office.fake.app_secret):
        assert secret not in " ".join((*said, *ours))
    assert said
    assert ours


def test_when_the_right_to_write_ends_is_known(office: Office) -> None:
    with office.sessions() as session:
        ends = session.get_one(ZaloTokens, office.fake.oa_id).refresh_expires_at
        assert ends == START + timedelta(days=90)
