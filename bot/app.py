"""The whole program: the only place that builds the parts and joins them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from bot.channel_keeper import keep_up
from bot.channels.base import Channel, FileUnavailable
from bot.channels.platform import Platform
from bot.channels.web import Web
from bot.config import OWN_KNOWLEDGE, knowledge_folders, profile_of, var_folder, writing_folder
from bot.console_address import console_address
from bot.files_by_link import FileLinks
from bot.health import Health
from bot.metrics import Metrics
from bot.platforms import Ground, build
from bot.shelf import Reading, Shelf
from bot.staff import Staff
from bot.upkeep import Upkeep
from bot.web.app import create_app
from bot.web.console.parts import Parts
from handlers.desk import FrontDesk
from handlers.improving.desk import Improver
from handlers.improving.plans import Place
from handlers.library import Library
from office.clock import Clock, SystemClock
from office.database import make_engine, session_factory, upgrade
from office.messages import SentFile
from office.settings import Settings, hash_key

log = structlog.get_logger(__name__)

LANES_SECONDS = 7.0  # for the messages in the air when we are to stop …
STOP_SECONDS = 10.0  # … and then for the channels
FETCH_SECONDS = 60.0


class Office:
    """One running office. Build it, then `await serve()` until it is told to stop."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, var: Path | None = None) -> None:
        """Opens the database (migrating it) and reads the knowledge.

        `var`: folder for the hash key, beside the SQLite file when not given. Raises DatabaseUnavailable,
        BadSetting, BadYaml.
        """
        self.settings = settings
        self.clock = clock or SystemClock()
        self.metrics = Metrics()
        self.engine = make_engine(settings.database.url)
        upgrade(self.engine)
        self.sessions = session_factory(self.engine)
        self._readers = session_factory(self.engine, read_only=True)
        self._closing = threading.Event()
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        var = var or var_folder(settings)
        self.hash_key = hash_key(settings, var)
        self.shelf = self._open_shelf(var)
        self.improver = self._improver(var)
        self.staff = self._staff()
        self.claim_code = self.staff.prepare()
        self.desk = self._front_desk()
        self._links = FileLinks(
            sessions=self.sessions,
            clock=self.clock,
            public_url=settings.web.public_url,
            days=settings.web.file_days,
        )
        self.platforms: list[Platform] = build(self._ground())
        self.upkeep = self._upkeep()
        self.channels: list[Channel] = []
        self.health = Health(
            shelf=self.shelf, readers=self._readers, clock=self.clock, channels=self.channels
        )
        self.web = self._web()
        self.channels += [self.web, *self.platforms]
        self.metrics.channels.extend(c.state for c in self.channels)

    @property
    def port(self) -> int:
        """The web page's, the one given where the settings leave it open."""
        return int(self.web.state.facts.get("port", self.settings.web.port))

    # --- the parts, each of those before it

    def _open_shelf(self, var: Path) -> Shelf:
        with contextlib.suppress(OSError):  # who may not write there just has no folder of the program's
            (var / OWN_KNOWLEDGE).mkdir(parents=True, exist_ok=True)
        settings = self.settings
        return Shelf(knowledge_folders(settings, var), profile_of(settings), changed=self._knowledge_read)

    def _improver(self, var: Path) -> Improver:
        return Improver(
            sessions=self.sessions,
            readers=self._readers,
            clock=self.clock,
            shelf=self.shelf,
            place=Place(folders=self.shelf.own, store=writing_folder(self.settings, var)),
        )

    def _staff(self) -> Staff:
        return Staff(
            self.settings,
            sessions=self.sessions,
            readers=self._readers,
            clock=self.clock,
            hash_key=self.hash_key,
            library=self.shelf.current,
            improver=self.improver,
            booked=self.metrics.delivered,
            console_address=lambda: console_address(self.settings, self.port),
        )

    def _front_desk(self) -> FrontDesk:
        return FrontDesk(
            library=self.shelf.current,
            sessions=self.sessions,
            clock=self.clock,
            hash_key=self.hash_key,
            limits=self.settings.limits,
            asked=self.metrics.handled,
            staff=self.staff.router,
            fetch=self._fetch,
        )

    def _ground(self) -> Ground:
        return Ground(
            desk=self.desk,
            settings=self.settings,
            sessions=self.sessions,
            readers=self._readers,
            clock=self.clock,
            hash_key=self.hash_key,
            gate=self.staff.lanes.pace,
            addresses=self._links,
            counted=self.metrics.quotas.append,
        )

    def _upkeep(self) -> Upkeep:
        return Upkeep(
            self.settings,
            sessions=self.sessions,
            clock=self.clock,
            library=self.shelf.current,
            outbox=self.staff.outbox,
            lanes=self.staff.lanes,
            platforms=self.platforms,
            calendar=lambda: self.staff.calendar,
        )

    def _web(self) -> Web:
        settings = self.settings
        office = settings.office
        app = create_app(
            desk=self.desk,
            health=self.health.report,
            metrics=self.metrics.exposition,
            now=self.clock.now,
            office_name=office.name,
            office_address=office.address or "",
            office_phone=office.phone or "",
            office_email=office.email or "",
            office_website=office.website or "",
            office_hours="; ".join(office.hours),
            public_url=settings.web.public_url or "",
            allowed_origins=settings.web.allowed_origins,
            trusted_proxies=settings.web.trusted_proxies,
            platforms=[route for platform in self.platforms for route in platform.routes()],
            calendar_feed=self.staff.feed,
            file_links=self._links.follow,
            file_addresses=self._links,
            console=self._console_parts() if settings.console.enabled else None,
        )
        return Web(
            app,
            host=settings.web.host,
            port=settings.web.port,
            now=self.clock.now,
            closing=self._closing,
        )

    def _console_parts(self) -> Parts:
        return Parts(
            settings=self.settings,
            sessions=self.sessions,
            readers=self._readers,
            clock=self.clock,
            hash_key=self.hash_key,
            work=self.staff.work,
            notices=self.staff.notices,
            library=self.shelf.current,
            improver=self.improver,
            reading=lambda: self.shelf.reading,
            health=self.health.report,
            changed=self.staff.look_again,
            closing=self._closing,
        )

    # --- what the parts ask of the whole

    def _fetch(self, channel: str, file: SentFile) -> bytes | None:
        """A file that somebody sent, fetched in the loop for a thread that waits."""
        platform = next((p for p in self.platforms if p.name == channel), None)
        if platform is None or self._loop is None:
            return None
        fetching = asyncio.run_coroutine_threadsafe(platform.fetch(file.id), self._loop)
        try:
            return fetching.result(FETCH_SECONDS)
        except (FileUnavailable, TimeoutError) as exc:
            log.warning("file.unavailable", reason=getattr(exc, "reason", type(exc).__name__))
            return None

    def _knowledge_read(self, library: Library, reading: Reading) -> None:
        errors = sum(p.error for p in reading.problems)
        self.metrics.knowledge(entries=len(library.knowledge.entries), problems=errors)

    # --- serving

    def stop(self) -> None:
        """Ask `serve` to finish."""
        self._stop.set()

    async def serve(self, *, ready: Callable[[str], None] = lambda address: None) -> None:
        """Serve on all channels until `stop`, SIGTERM or SIGINT; then finish what is in hand within
        seventeen seconds.

        `ready` is told the address of the web page. Raises ChannelDown when its port can't be had: whoever
        started us wants to know at once.
        """
        self.web.open()
        loop = self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        work = [asyncio.create_task(keep_up(channel), name=channel.name) for channel in self.channels]
        work.append(
            asyncio.create_task(self.shelf.watch(self.settings.knowledge.reload_seconds), name="knowledge")
        )
        work.append(asyncio.create_task(self.upkeep.run(), name="upkeep"))
        couriers = [platform.courier() for platform in self.platforms]
        work.append(asyncio.create_task(self.staff.run(couriers), name="staff"))
        ready(self.web.address)
        log.info("office.serving", channels=[c.name for c in self.channels])
        try:
            await self._until_stopped(work)
        finally:
            log.info("office.stopping")
            # What is in the air needs its channel: the lanes end first.
            for task in work:
                if task.get_name() == "staff":
                    task.cancel()
                    await asyncio.wait([task], timeout=LANES_SECONDS)
            for task in work:
                task.cancel()
            _, late = await asyncio.wait(work, timeout=STOP_SECONDS)
            for task in late:
                log.warning("office.not_finished", part=task.get_name())
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            self.engine.dispose()

    async def _until_stopped(self, work: list[asyncio.Task[None]]) -> None:
        """Wait for the stop; a part that ends by itself before is a fault and is raised."""
        stopped = asyncio.create_task(self._stop.wait())
        watched = [task for task in work if task.get_name() != "knowledge"]
        await asyncio.wait([stopped, *watched], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        for task in watched:
            if task.done() and not task.cancelled():
                task.result()
