"""The form of a notice's words: what is typed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, NaiveDatetime, model_validator
from sqlalchemy.orm import Session

from bot.web.console.forms import Blank, FormModel, Ids, Several, Ticked
from bot.web.console.pages.notices_words import words
from bot.web.console.visit import Form, FormErrors, Upload, Visit
from office.assignments import Priority
from office.clock import ZONE
from office.notices import Notice
from office.people import Person
from scheduler.notices import drafts
from scheduler.notices.attachments import rows_of
from scheduler.notices.audience import Audience
from scheduler.notices.desk import Notices
from scheduler.notices.drafts import MOST_BODY, MOST_TITLE, Draft

_SLACK = timedelta(minutes=1)  # what is typed has no seconds
