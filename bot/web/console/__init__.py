"""Văn phòng's pages at /van-phong: how to add one.

A page is a module in `pages/` with plain, synchronous functions (they run in threads) and a `SECTION`:

    def show(visit: Visit) -> Answer:  # GET: visit.session is read-only
        query = tables.Query(statement=select(Thing), entity=True)
        return tables.answer(visit, TABLE, query, "things.html", filters=FILTERS)

    def settle(visit: Visit) -> Answer:  # POST: visit.session is the transaction of the deed
        wanted = forms.read(visit.form, Wanted)  # a forms.FormModel of pydantic; raises FormErrors
        things.settle(visit.session, visit.number("id"), actor=visit.person, now=visit.now)  # demands, audits
        return Done("/thu", "Đã ghi.")  # 303, and the next page says so once

    SECTION = Section(key="thu", label="Thử", path="/thu", action=Action.CONSOLE, entries=(
        get("/thu", show), get("/thu/{id:int}", one), post("/thu/{id:int}/xong", settle, again=one),
        live("/thu/{id:int}/tien-do", watch)))  # watch(visit) -> Step: looked at once a second

Then put `pages.thu.SECTION` into its place in sections.py: the menu and the addresses come of it.

- **Routes** (entries.py): paths below /van-phong; the right is checked by the frame (403) *and* by the
  action itself. `visit.number("id")` reads the path, the form or the address; `visit.arg("tu")` the
  address. Raise `Missing` for 404.
- **Answers** (visit.py): `Shown(template, values)`, `Done(to, said)`, `Download(name, media_type,
  content)`.
- **Templates** (templates/): `{% extends "layout.html" %}`, blocks `title` and `content`, one `<h1>`.
  Given: `visit`, `office`, `root` ("/van-phong", to put before paths), `Action`, the filters `moment`,
  `day`, `clock`, `number`. Policy is script-src/style-src 'self': no inline script, no style attribute, no
  on… attribute. Classes of static/console.css: columns, card, figures, facts (dl), warning, note, buttons,
  small/secondary/danger/plain (buttons).
- **Forms** (forms.html): `{% call forms.form("/thu/moi", submit="Lưu") %}{{ forms.text("ten", "Tên",
  required=true) }}{% endcall %}`; text, area, select, checkbox, choices, file, button (one deed), progress.
  All carry the CSRF token. What was typed is kept and faults are shown beside the fields when the deed
  raised Refused or FormErrors and `again` shows the page anew. Files: `post(…, uploads=True)`,
  `forms.form(…, files=true)`, `visit.form.files("tep")`.
- **Deeds** that are long or use the network: `post(…, writes=False)`: `visit.session` is read-only, open
  short transactions with `visit.parts.sessions.begin()`. `visit.parts` holds the parts of the running
  office; a part that a page needs more is added to `parts.Parts` and given in bot/app.py.
- **Lists and exports** (tables.py, tables.html): filters are read by the page (`visit.arg`,
  `tables.day_of`, `tables.between`) into its query; heading links sort; `?xuat=xlsx` gives the Excel file
  of what is filtered. `{% call(row) tables.show(listing) %}{{ forms.button(…) }}{% endcall %}` adds a
  column of buttons.
- **Charts** (charts.py, charts.html): `charts.columns(title, bars(values), heading, unit)`,
  `charts.rows(title, values, unit)`.
- **Tests**: tests/console_office.py serves an office on a socket (`serving`, `login`, `post`);
  tests/browser/console_pages.py has the same in Chromium with `check(page)`: no complaint of the browser,
  no serious fault of axe-core, fits a phone.

`pages/options.py` (Cài đặt: forms and a deed) and `pages/journal.py` (Nhật ký: a list with filters and an
export) are small enough to copy from.
"""
