"""What an entry of the knowledge base is.

The classes are plain frozen dataclasses; pydantic reads YAML into them at the boundary (`loader`) and refuses
unknown keys. Facts keep the wording of their source: a renderer may join them, never complete them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

_CONFIG = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | date) and not isinstance(value, bool) else value


Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Choice = Annotated[str, StringConstraints(min_length=1, max_length=38)]  # a phone cuts a longer one
AsOf = Annotated[Short, BeforeValidator(_as_text)]  # 2025 and 2025-03-01 need no quotes in YAML
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{1,43}$")]


class Facet(StrEnum):
    """A side of an entry that people ask for."""

    OVERVIEW = "overview"
    DOCUMENTS = "documents"
    FEE = "fee"
    TIME = "time"
    WHERE = "where"
    ONLINE = "online"
    POSTAL = "postal"
    FORM = "form"
    ELIGIBILITY = "eligibility"
    RESULT = "result"
    RENEWAL = "renewal"
    LEGAL = "legal"
    STATUS = "status"


class Kind(StrEnum):
    """What sort of thing an entry is; decides how it is answered."""

    PROCEDURE = "procedure"  # a published administrative procedure
    GUIDANCE = "guidance"  # facts about a procedure or duty that is not itself a published procedure
    TOPIC = "topic"  # a general subject: filing online, by post, paying …
    OVERVIEW = "overview"  # a field of several entries: answered with the list to choose from
    OFFICE = "office"  # answered from the office's own settings: address, hours …
    REFORM = "reform"  # a change of the rules; also cited by caveats
    STAFF = "staff"  # for civil servants; never shown to citizens
    STUB = "stub"  # asked about, but nothing verified yet
    OUTSIDE = "outside"  # not this office's business
    SMALLTALK = "smalltalk"  # greeting, thanks, abuse …
    HUMAN = "human"  # wants a person


class Action(StrEnum):
    """What a procedure does to a permit; people mix these up, so the search tells them apart."""

    ISSUE = "issue"  # cấp (mới)
    REISSUE = "reissue"  # cấp lại
    AMEND = "amend"  # sửa đổi, bổ sung, điều chỉnh
    EXTEND = "extend"  # gia hạn
    TERMINATE = "terminate"  # chấm dứt
    REVOKE = "revoke"  # thu hồi
    NOTIFY = "notify"  # thông báo
    REGISTER = "register"  # đăng ký
    REPORT = "report"  # báo cáo
    APPROVE = "approve"  # thẩm định, phê duyệt
    OTHER = "other"


class Standing(StrEnum):
    """Whether the entry's rules still hold."""

    CURRENT = "current"
    ABOLISHED = "abolished"
    OUTDATED = "outdated"
    POSSIBLY_OUTDATED = "possibly_outdated"
    RECHECK = "recheck"


class SourceKind(StrEnum):
    """Where a fact was read."""

    OFFICIAL = "official"
    LEGAL_DATABASE = "legal_database"
    PRESS = "press"
    SECONDARY = "secondary"
    VENDOR_MIRROR = "vendor_mirror"  # a contractor's copy of an office's page
    UNOFFICIAL = "unofficial_code"
    SPOOF = "spoof_mirror"  # a fake copy of an official page: never shown


class MustCheck(StrEnum):
    """What has to be checked before one relies on the entry; each has a sentence in `caveats.yaml`."""

    DECENTRALISED = "decentralised_2025"  # NĐ 139, 146/2025; merged provinces
    FEE_CUT = "fee_cut_2026"  # fees temporarily lowered until 31/12/2026
    NO_DISTRICT = "district_abolished_2025"
    CHEMICALS = "chemicals_law_2026"
    ELECTRICITY = "electricity_law_2024"
    EXPLOSIVES = "explosives_decree_2024"


class Way(StrEnum):
    """How a file may be handed in."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    POSTAL = "postal"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page (`url`) or a numbered document; at least one of the two."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG
    kind: SourceKind
    url: Annotated[str, StringConstraints(max_length=800, pattern=r"^https?://[^\s<>\"]+$")] | None = None
    document: Text | None = None
    incomplete: bool = False  # the address is not whole, so it is named, not linked

    @property
    def shown(self) -> bool:
        return self.kind is not SourceKind.SPOOF


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What every fact may carry; a missing `source`/`as_of` is the entry's first source and date."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG
    case: Short | None = None  # holds only in this case ("mất, hỏng")
    place: Short | None = None  # seen for this province or kind of place ("Nghệ An")
    source: str | None = None  # key of the entry's `sources`
    as_of: AsOf | None = None
    from_: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None  # last day on which it holds

    def holds(self, day: date) -> bool:
        return (self.from_ is None or self.from_ <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Fact):
    """A sentence, as found. `facet` says which question it answers (topics); `shown: false` keeps it for the
    staff; `past: true` (facts of topics) is how it was done before: told last, and as that."""

    text: Text
    facet: Facet | None = None
    shown: bool = True
    past: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentItem:
    """One paper of a file."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG
    text: Text
    copies: Short | None = None  # "1 bản chính"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSet(Fact):
    """The papers for one case. `complete: false` when the source was cut: never served as the whole list."""

    items: Annotated[tuple[DocumentItem, ...], Field(min_length=1)]
    complete: bool = True
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee(Fact):
    """An amount in đồng, or `free`, or words (`text`) when the source gives no figure."""

    name: Short = "Phí"  # Phí, Lệ phí, Phí thẩm định …
    amount: Annotated[int, Field(strict=True, gt=0, le=1_000_000_000)] | None = None
    free: bool = False
    payer: Short | None = None  # "Tổ chức, doanh nghiệp"
    per: Short | None = None  # "điểm kinh doanh/lần thẩm định"
    text: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(Fact):
    """A time limit. `number` is None when the source only has words (`text`)."""

    step: Short = "Giải quyết"  # what is done in that time: Giải quyết, Kiểm tra hồ sơ, Yêu cầu bổ sung …
    number: Annotated[float, Field(gt=0, le=1000)] | None = None
    unit: Literal["ngày", "giờ", "tháng", "năm"] = "ngày"
    working: bool = False  # ngày/giờ làm việc
    since: Short | None = None  # "kể từ ngày nhận đủ hồ sơ hợp lệ"
    text: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing(Fact):
    """One way to hand the file in, with the words of the source on where (`at`)."""

    way: Way
    at: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineLevel(Fact):
    """How far the procedure runs online, as the page called it."""

    level: Literal["full", "partial", "level_3", "level_4"]
    text: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What to say, and which entries to go to, when the rules of this one no longer hold."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG
    says: Text
    entries: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing the knowledge base knows."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG
    id: Id
    kind: Kind
    title: Text
    label: Label
    choice: Choice | None = None  # its label in a list of choices, where that has to be shorter and different
    aliases: tuple[Short, ...] = ()
    action: Action = Action.OTHER
    title_note: Text | None = None
    code: Text | None = None  # as the page shows it, with the province's suffix
    code_base: Short | None = None  # national code of the procedure
    agency: Text | None = None

    documents: tuple[DocumentSet, ...] = ()
    copies: Statement | None = None  # number of files ("01 bộ")
    fees: tuple[Fee, ...] = ()
    times: tuple[Duration, ...] = ()
    filing: tuple[Filing, ...] = ()
    online_levels: tuple[OnlineLevel, ...] = ()
    forms: tuple[Text, ...] = ()
    who: Statement | None = None
    conditions: tuple[Statement, ...] = ()
    result: Statement | None = None
    validity: Statement | None = None  # how long the permit is good for
    renewal: tuple[Statement, ...] = ()
    legal: tuple[Text, ...] = ()
    facts: tuple[Statement, ...] = ()  # topics, reforms, staff
    warnings: tuple[Statement, ...] = ()  # what people get wrong; shown to them
    remarks: tuple[Text, ...] = ()  # for the editors; never shown

    standing: Standing = Standing.CURRENT
    replaced: Replacement | None = None
    truncated: tuple[Facet, ...] = ()  # facets whose source was cut
    must_check: tuple[MustCheck, ...] = ()
    era: Literal["pre_2025_07", "post_2025_07", "unknown"] | None = None
    inferred: bool = False  # part of it is the researcher's inference, marked in the text
    confidence: Literal["seen", "inferred"] = "seen"
    low_reliability: Text | None = None

    children: tuple[Id, ...] = ()  # overview: what to choose from
    asks_back: bool = False  # overview: offered when a question names no matter at all
    opening: Id | None = None  # overview of one permit: the entry that issues it
    related: tuple[Id, ...] = ()
    variant_of: Id | None = None  # the same procedure as seen elsewhere; the main entry is answered first
    shows: tuple[Literal["name", "address", "phone", "email", "website", "hours", "departments"], ...] = ()
    own_file: bool = False  # topic: people ask it of a file of theirs, so the office's contact is told too
    reply: tuple[Text, ...] = ()  # smalltalk, outside: what to say
    no_office: bool = False  # outside: no procedure of any office, so the national portal isn't named
    general: bool = False  # stub of a general subject: words such as fee or online are its matter
    group: Short | None = None  # smalltalk: greeting, thanks …; outside: the kind of office that does it

    sources: Mapping[str, Source] = Field(default_factory=dict)
    as_of: AsOf | None = None
    review_by: date | None = None
    owner: Short | None = None

    own: bool = False  # from the office's own folder, filled in by the loader
    added: tuple[Short, ...] = ()  # those of `aliases` that the office added to it, filled in by the loader
    field: str = ""  # the file's field, filled in by the loader
    file: str = ""
    line: int = 0

    @property
    def listed(self) -> str:
        """Its label in a list of choices."""
        return self.choice or self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFile:
    """A file of `knowledge/data`: a field with its entries. `owner` and `review_by` hold for entries that
    name none."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG
    field: Short
    order: int = 50  # place in the menu
    menu: bool = True  # shown when people browse
    owner: Short
    review_by: date
    entries: tuple[Entry, ...] = ()
