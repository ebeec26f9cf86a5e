"""The report in sentences: for the message in chat and the paragraphs of the document."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.office_report.figures import IN_VAIN, OfficeReport, Questions, Ratio, Result
from handlers.office_report.indicators import number, percent
from handlers.office_report.words import words
from office.messages import Line, Style
from scheduler import statistics

_NAMED_FIELDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """What is said of each part."""

    questions: tuple[str, ...]
    moments: tuple[str, ...]
    unanswered: tuple[str, ...]
    guidance: tuple[str, ...]
    work: tuple[str, ...]
    notices: tuple[str, ...]


def sentences(report: OfficeReport) -> Sentences:
    """The report in sentences, each with figures that were counted, or that there was nothing to count."""
    questions = report.questions
    return Sentences(
        questions=_questions(report) if questions.total else (_say("no_questions"),),
        moments=(_moments(questions),) if questions.total else (),
        unanswered=_unanswered(questions),
        guidance=(_guidance(questions),),
        work=(_work(report),),
        notices=_notices(report),
    )


def as_lines(report: OfficeReport, *, files: bool = True) -> tuple[Line, ...]:
    """The message in chat. `files`: whether it says that there are some."""
    said = sentences(report)
    title = words()("chat.title", span=report.span.name)
    lines = [Line(title, Style.TITLE), *([Line(not_over(report), Style.WARNING)] if not_over(report) else ())]
    if report.empty:
        return (*lines, Line(_say("empty")), *((Line(text, Style.SOURCE)) for text in remarks(report)))
    for part in (said.questions, said.unanswered, said.guidance, said.work):
        lines += [Line(text) for text in part]
    if report.departments:
        lines.append(Line(words()("chat.by_department"), Style.TITLE))
        lines += [Line(statistics.one_line(share), Style.ITEM) for share in report.departments]
    lines += [Line(text) for text in said.notices]
    lines += [Line(text, Style.SOURCE) for text in remarks(report)]
    return (*lines, *([Line(words()("chat.files"), Style.SOURCE)] if files else ()))


def intro(report: OfficeReport) -> str:
    """What is reported, and what it is compared with."""
    return _say(
        "intro", span=report.span.name, counted=report.span.counted, before=report.before.span.counted
    )


def not_over(report: OfficeReport) -> str:
    """That the span isn't over; "" when it is."""
    return "" if report.span.over else _say("not_over", counted=report.span.counted)


def remarks(report: OfficeReport) -> tuple[str, ...]:
    """What the figures lack: questions no longer kept, none to compare with, trials left out."""
    found = []
    if report.kept_since:
        found.append(words()("kept_since", day=f"{report.kept_since:%d/%m/%Y}"))
    if report.before.questions is None:
        found.append(words()("never_before" if report.before.never else "no_before"))
    if report.questions.trials:
        found.append(words()("trials", count=number(report.questions.trials)))
    return tuple(found)


def how(report: OfficeReport) -> tuple[str, ...]:
    """How everything is counted, and the audit's seal."""
    said = (*words().list("how"), *remarks(report))
    if report.seal is None:
        return said
    return (*said, words()("seal", serial=number(report.seal.serial), seal=report.seal.hash))


def _say(name: str, /, **values: object) -> str:
    return words()(f"sentences.{name}", **values)


def _questions(report: OfficeReport) -> tuple[str, ...]:
    questions = report.questions
    total = _say(
        "questions",
        total=number(questions.total),
        change=_compared(report),
        about_work=number(questions.about_work),
    )
    return (total, _results(questions), _votes(questions), *_fields(questions))


def _compared(report: OfficeReport) -> str:
    """« (kỳ trước 1.100, tăng 12,2%)»; "" where nothing is known of the span before."""
    if report.before.questions is None:
        return ""
    now, before = report.questions.total, report.before.questions.total
    if now == before:
        said = _say("same")
    else:
        by = percent_of_change(now, before) if before else number(now)
        said = _say("up" if now > before else "down", by=by)
    return _say("compared", before=number(before), change=said)


def percent_of_change(now: int, before: int) -> str:
    """«12,2%»: how much more or less than before, without sign."""
    return f"{abs(now - before) / before * 100:.1f}".replace(".", ",").removesuffix(",0") + "%"


def _results(questions: Questions) -> str:
    if not questions.about_work:
        return _say("no_work_questions")
    return _say(
        "results",
        answered=percent(questions.share(Result.ANSWERED)),
        asked_back=percent(questions.share(Result.ASKED_BACK)),
        in_vain=percent(questions.share(*IN_VAIN)),
    )


def _votes(questions: Questions) -> str:
    votes = questions.votes
    if not votes.whole:
        return _say("no_votes")
    return _say("votes", votes=number(votes.whole), liked=number(votes.part), share=percent(votes))


def _fields(questions: Questions) -> tuple[str, ...]:
    named = [
        _say("one_field", name=one.name, count=number(one.count)) for one in questions.fields[:_NAMED_FIELDS]
    ]
    return (_say("fields", names="; ".join(named)),) if named else ()


def _moments(questions: Questions) -> str:
    hour = max(range(24), key=lambda h: (questions.hours[h], -h))
    return _say("moments", hour=hour, next=hour + 1, days_off=number(questions.days_off))


def _unanswered(questions: Questions) -> tuple[str, ...]:
    if not questions.about_work:
        return ()
    if not questions.unanswered:
        return (_say("all_answered"),)
    worst = questions.unanswered[0]
    return (_say("unanswered", text=worst.text, count=number(worst.count)),)


def _guidance(questions: Questions) -> str:
    answered = questions.results.get(Result.ANSWERED, 0)
    online, postal = questions.online.told, questions.postal.told
    if not online and not postal:
        return _say("no_guidance")
    return _say(
        "guidance",
        online=number(online),
        online_share=percent(Ratio(online, answered)),
        postal=number(postal),
        postal_share=percent(Ratio(postal, answered)),
    )


def _work(report: OfficeReport) -> str:
    work, before = report.work, report.before.work
    if not work.total:
        return _say("no_work")
    return _say(
        "work",
        total=number(work.total),
        on_time=number(work.on_time),
        share=statistics.percent(work),
        before=_say("work_before", share=statistics.percent(before)) if before.total else "",
    )


def _notices(report: OfficeReport) -> tuple[str, ...]:
    notices = report.notices
    if not notices.rows:
        return (_say("no_notices"),)
    sent = _say(
        "notices",
        count=number(len(notices.rows)),
        chats=number(notices.reached.whole),
        reached=number(notices.reached.part),
        share=percent(notices.reached),
    )
    confirmed = notices.confirmed
    if not confirmed.whole:
        return (sent,)
    asked = _say(
        "confirmed",
        part=number(confirmed.part),
        whole=number(confirmed.whole),
        share=percent(confirmed),
    )
    return (sent, asked)
