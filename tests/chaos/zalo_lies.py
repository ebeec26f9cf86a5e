"""What the webhooks of both platforms are told that isn't so, can't be read or can hardly be carried."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from tests.chaos.zalo_flood import Post
from tests.fakes.zalo_bot import SECRET_HEADER
from tests.fakes.zalo_oa import FakeZaloOa, User

BOT_SECRET = "a secret between us"
TAKEN = {200, 503}  # 503: not in time, but stored all the same


def signed(oa: FakeZaloOa, event: Any, *, stamp: str | None = None) -> Post:
    """An event as Zalo posts it. `stamp`: of a body that the fake can't read."""
    body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    if stamp is None:
        return Post("/zalo/oa", body, {"X-ZEvent-Signature": oa.signature(body)})
    plain = oa.app_id.encode() + body + stamp.encode() + oa.webhook_secret.encode()
    return Post("/zalo/oa", body, {"X-ZEvent-Signature": hashlib.sha256(plain).hexdigest()})


def said(oa: FakeZaloOa, texts: Mapping[User, str]) -> list[Post]:
    """What the account would post when these people write; it doesn't itself."""
    oa.webhook_url = ""
    seen = len(oa.events)
    for person, text in texts.items():
        oa.say(person, text)
    oa._pending.clear()
    return [signed(oa, event) for event in oa.events[seen:]]


def to_bot(event: Any, secret: str = BOT_SECRET) -> Post:
    body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    return Post("/zalo/bot", body, {SECRET_HEADER: secret})


def bot_event(number: int, text: str, **more: Any) -> dict[str, Any]:
    """`more`: what its message has instead."""
    person = f"{number:020x}"
    message = {
        "date": int(time.time() * 1000),
        "chat": {"chat_type": "PRIVATE", "id": person},
        "message_id": f"m{number:019x}",
        "from": {"id": person, "is_bot": False, "display_name": "Nguyễn Văn An"},
        "text": text,
    }
    return {"event_name": "message.text.received", "message": message | more}


def oa_event(oa: FakeZaloOa, number: int, text: str, **more: Any) -> dict[str, Any]:
    """`more`: what it has instead."""
    event = {
        "app_id": oa.app_id,
        "sender": {"id": str(9_000_000 + number)},
        "recipient": {"id": oa.oa_id},
        "event_name": "user_send_text",
        "message": {"text": text, "msg_id": f"lie{number}"},
        "timestamp": str(int(time.time() * 1000)),
    }
    return event | more


DEEP = b"[" * 100_000
NESTED = json.loads("[" * 300 + "]" * 300)


def lies_to(oa: FakeZaloOa) -> dict[str, tuple[Post, set[int]]]:
    """What may be said of each: it isn't ours, it can't be read, or it is taken; never a fault of ours."""
    good = oa_event(oa, 1, "nói dối")
    body = json.dumps(good).encode()
    far, long_ago = str(int(time.time() * 1000) + 10**11), "154390853474"
    oa_lies: dict[str, tuple[Post, set[int]]] = {
        "no signature": (Post("/zalo/oa", body), {401}),
        "a wrong signature": (Post("/zalo/oa", body, {"X-ZEvent-Signature": "mac=" + "0" * 64}), {401}),
        "a signature that is none": (Post("/zalo/oa", body, {"X-ZEvent-Signature": "mac=%00%ff"}), {401}),
        "another body than was signed": (Post("/zalo/oa", body + b" ", signed(oa, good).headers), {401}),
        "nothing": (Post("/zalo/oa", b""), {401}),
        "a huge body": (Post("/zalo/oa", b'{"a":"' + b"x" * 5_000_000 + b'"}'), {413, 0}),
        "deep nesting": (signed(oa, DEEP, stamp=""), {401}),
        "a bomb": (Post("/zalo/oa", b"[" + b"[]," * 300_000 + b"[]]"), {401}),
        "no UTF-8": (signed(oa, body.replace(b"\\u", b"\xff\xfe"), stamp=good["timestamp"]), {401}),
        "nested as deep as can be read": (signed(oa, oa_event(oa, 2, "x", more=NESTED)), TAKEN),
        "nested inside": (
            signed(oa, oa_event(oa, 3, "x", message={"msg_id": "n", "attachments": NESTED})),
            TAKEN,
        ),
        "numbers for strings": (
            signed(
                oa,
                oa_event(oa, 4, "", sender={"id": 9_000_004}, timestamp=1, message={"text": 5, "msg_id": 6}),
            ),
            TAKEN,
        ),
        "strings for numbers": (signed(oa, oa_event(oa, 5, "x", timestamp="hôm qua")), TAKEN),
        "no message": (signed(oa, oa_event(oa, 6, "x", message=None)), TAKEN),
        "no sender": (signed(oa, oa_event(oa, 7, "x", sender=None)), TAKEN),
        "lists for objects": (signed(oa, oa_event(oa, 8, "x", sender=[], message=[1])), TAKEN),
        "an event without a name": (signed(oa, {"timestamp": "1"}), TAKEN),
        "another account": (signed(oa, oa_event(oa, 9, "x", recipient={"id": "111"})), TAKEN),
        "a moment to come": (signed(oa, oa_event(oa, 10, "xin chào mai sau", timestamp=far)), TAKEN),
        "a moment long past": (signed(oa, oa_event(oa, 11, "xin chào ngày xưa", timestamp=long_ago)), TAKEN),
        "half a character": (
            signed(oa, json.dumps(oa_event(oa, 12, "xin \ud800 chào\x00")).encode()),
            TAKEN,
        ),
        "a long text": (signed(oa, oa_event(oa, 13, "dài " * 100_000)), TAKEN),
        "numbers beyond measure": (
            signed(oa, json.dumps(oa_event(oa, 14, "x")).encode()[:-1] + b',"n":1e999}'),
            TAKEN,
        ),
    }
    bot_lies: dict[str, tuple[Post, set[int]]] = {
        "a wrong secret": (to_bot(bot_event(901, "nói dối"), "another secret"), {401}),
        "no secret": (Post("/zalo/bot", json.dumps(bot_event(902, "nói dối")).encode()), {401}),
        "an empty ping": (Post("/zalo/bot", b""), TAKEN),
        "huge": (Post("/zalo/bot", b'{"a":"' + b"x" * 5_000_000 + b'"}'), {413, 0}),
        "deep": (to_bot(DEEP), {400}),
        "not UTF-8": (to_bot(b'{"event_name": "\xff\xfe"}'), {400}),
        "no JSON": (to_bot(b"<html>"), {400}),
        "NaN": (to_bot(b'{"event_name":"message.text.received","message":{"date":NaN}}'), {400}),
        "too large a number": (to_bot(bot_event(903, "x", date=10**400)), TAKEN),
        "infinity": (
            to_bot(json.dumps(bot_event(904, "x")).replace('"date"', '"more":1e999,"date"').encode()),
            TAKEN,
        ),
        "nesting": (to_bot(bot_event(905, "x", more=NESTED)), TAKEN),
        "a list": (to_bot([bot_event(906, "x")]), TAKEN),
        "an unknown event": (to_bot({"event_name": "message.poll.received", "message": {}}), TAKEN),
        "nobody": (to_bot({"event_name": "message.text.received", "message": None}), TAKEN),
        "strange types": (
            to_bot(bot_event(907, "x", date="hôm qua", chat={"chat_type": "KÊNH", "id": []})),
            TAKEN,
        ),
    }
    for depth in range(850, 1001, 15):  # somewhere there it can be read, but not written again
        nested = b'{"x":' + b"[" * depth + b"]" * depth
        body = nested + b"," + json.dumps(oa_event(oa, depth, "x")).encode()[1:]
        oa_lies[f"nested {depth} deep"] = (signed(oa, body, stamp=_stamp_in(body)), TAKEN | {401})
        body = nested + b"," + json.dumps(bot_event(depth, "x")).encode()[1:]
        bot_lies[f"nested {depth} deep"] = (to_bot(body), TAKEN | {400})
    return {f"OA: {name}": lie for name, lie in oa_lies.items()} | {
        f"bot: {name}": lie for name, lie in bot_lies.items()
    }


def _stamp_in(body: bytes) -> str:
    return body.rpartition(b'"timestamp": "')[2].partition(b'"')[0].decode()
