"""Every form of the console, sent as browsers send it: with all of its fields, empty or full of nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from bot.web.console.sections import SECTIONS
from bot.web.console.visit import ROOT
from tests.console_office import ADMIN
from tests.lifelike_office import lifelike

MOST_PAGES = 70
FEW = 2  # pages of one kind: thong-bao/1, thong-bao/2
NOT_SENT = (f"{ROOT}/ra", f"{ROOT}/ra-moi-noi", f"{ROOT}/lich/dien-tap")  # log out, or play a month through
NONSENSE = ("-1", "0", "x'\"<>", "2026-99-99", "a: [1, 2", "🙂" * 10, "99999999999999999999")


@dataclass
class Form:
    """A form that is posted: where to, and its fields as they stand."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, address: str, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._address = address
        self._form: Form | None = None
        self._select = self._area = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "a" and "href" in given:
            self.links.append(urljoin(self._address, given["href"]))
        elif tag == "form":
            posted = given.get("method", "get").lower() == "post"
            self._form = Form(urljoin(self._address, given.get("action", ""))) if posted else None
            if self._form:
                self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "select":
            self._select = name
            self._form.fields.setdefault(name, "")
        elif tag == "option" and self._select and ("selected" in given):
            self._form.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._area = name
            self._form.fields.setdefault(name, "")
        elif tag == "input" and name and given.get("type") not in ("file", "checkbox", "radio"):
            self._form.fields[name] = given.get("value", "")
        elif tag == "input" and name and "checked" in given:
            self._form.fields[name] = given.get("value", "on")

    def handle_data(self, data: str) -> None:
        if self._area and self._form:
            self._form.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with lifelike(tmp_path_factory.mktemp("console-forms")) as shown:
        client = shown.office.login(ADMIN)
        client.timeout = httpx.Timeout(60)  # some of them try a change of the knowledge, which takes seconds
        yield client


def kind_of(address: str) -> str:
    """Where it leads, without numbers and what follows the question mark."""
    return "/".join("n" if part.isdigit() else part for part in urlsplit(address).path.split("/"))


def pages(client: httpx.Client) -> Iterator[Page]:
    """Every kind of page that links lead to from the menu."""
    waiting = [f"{ROOT}{section.path}" for section in SECTIONS]
    seen: dict[str, int] = {}
    asked: set[str] = set()
    while waiting and len(asked) < MOST_PAGES:
        address = waiting.pop(0)
        path = urlsplit(address).path
        if address in asked or not path.startswith(ROOT) or seen.get(kind_of(address), 0) >= FEW:
            continue
        asked.add(address)
        seen[kind_of(address)] = seen.get(kind_of(address), 0) + 1
        response = client.get(address)
        assert response.status_code < 500, (address, response.text[-500:])
        if "text/html" not in response.headers["content-type"]:
            continue
        page = Page(address, response.text)
        waiting += [link for link in page.links if "xuat=" not in link and "/tep/" not in link]
        yield page


@pytest.mark.timeout(400)
def test_no_form_breaks_whatever_is_sent(admin: httpx.Client) -> None:
    forms: dict[str, Form] = {}
    for page in pages(admin):
        for form in page.forms:
            forms.setdefault(kind_of(form.action) + ",".join(sorted(form.fields)), form)
    assert len(forms) > 30, sorted(forms)
    broken = []
    for form in forms.values():
        if urlsplit(form.action).path in NOT_SENT:
            continue
        kept = {name: form.fields[name] for name in form.fields if name == "csrf"}
        empty = dict.fromkeys(form.fields, "") | kept
        wrong = {
            name: NONSENSE[(at + len(form.fields)) % len(NONSENSE)] for at, name in enumerate(form.fields)
        }
        for sent in (empty, wrong | kept):
            origin = f"{admin.base_url.scheme}://{admin.base_url.netloc.decode()}"
            response = admin.post(form.action, data=sent, headers={"Origin": origin})
            if response.status_code >= 500 or response.status_code in (401, 415):
                broken.append((form.action, response.status_code, sent))
    assert broken == []
