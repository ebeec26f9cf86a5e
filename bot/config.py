"""Find and read the office's configuration; what is wrong is said with file, line and mend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from knowledge import strict_yaml
from knowledge.answer import OfficeProfile
from knowledge.strict_yaml import BadYaml, Document, Problem
from office.secrets import BadSetting, BadSettings
from office.settings import Office, Settings, config_path, open_secrets, settings_from

OWN_KNOWLEDGE = "kho-tri-thuc"
DEFAULT_FILES = ("config.yaml", "config.example.yaml")


def find_config(named: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file named on the command line, by XINLUON_CONFIG, or lying in the working directory."""
    given = named or config_path(environ)
    if given:
        return given
    return next((path for path in map(Path, DEFAULT_FILES) if path.is_file()), None)


def read_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of a file (None: the built-in ones). Raises BadYaml with every problem and its line."""
    document = strict_yaml.read(path) if path else Document("môi trường")
    if document.data is not None and not isinstance(document.data, Mapping):
        raise BadYaml(
            [
                document.problem(
                    (), "tệp cấu hình phải gồm các dòng «khoá: giá trị»", "xem config.example.yaml"
                )
            ]
        )
    try:
        return _from_here(settings_from(document.data, environ), path)
    except ValidationError as exc:
        raise BadYaml(strict_yaml.explain(exc, document)) from exc
    except BadSetting as exc:
        raise BadYaml(_problems(exc, document)) from exc


def _problems(bad: BadSetting, document: Document) -> list[Problem]:
    """All that is wrong, in the order of the file."""
    every, invalid = (bad.every, bad.invalid) if isinstance(bad, BadSettings) else ((bad,), None)
    found = [document.problem(one.path, one.message, one.mend) for one in every]
    found += strict_yaml.explain(invalid, document) if invalid is not None else []
    return sorted(found, key=lambda problem: problem.line)


def _from_here(settings: Settings, path: Path | None) -> Settings:
    """Folders are meant from the folder of the file that names them."""
    if path is None:
        return settings
    here = path.parent
    moved = {
        name: section.model_copy(update={"folders": tuple(here / folder for folder in section.folders)})
        for name in ("knowledge", "calendar", "reminders")
        if (section := getattr(settings, name)).folders
    }
    return settings.model_copy(update=moved) if moved else settings


def var_folder(settings: Settings) -> Path:
    """Where the program keeps its own files: beside the SQLite file."""
    parts = urlsplit(settings.database.url)
    database = parts.path[1:] if parts.scheme.startswith("sqlite") else ""
    return Path(database).parent if "/" in database else Path("var")


def knowledge_folders(settings: Settings, var: Path | None = None) -> tuple[Path, ...]:
    """The office's own folders of knowledge that are there: the one that the program itself writes to where
    no other is named, then those that are named (they win)."""
    default = (var or var_folder(settings)) / OWN_KNOWLEDGE
    return (*((default,) if default.is_dir() else ()), *settings.knowledge.folders)


def writing_folder(settings: Settings, var: Path | None = None) -> Path:
    """Where the program writes what Văn phòng adds to the knowledge: the last of those that are named."""
    named = settings.knowledge.folders
    return named[-1] if named else (var or var_folder(settings)) / OWN_KNOWLEDGE


def profile_of(settings: Settings) -> OfficeProfile:
    """The office as answers speak of it."""
    office = settings.office
    return OfficeProfile(
        name=office.name,
        address=office.address or "",
        phone=office.phone or "",
        email=office.email or "",
        website=office.website or "",
        hours=office.hours,
        departments=tuple(f"{d.name}: {d.phone}" if d.phone else d.name for d in office.departments),
        portal_url=office.portal_url,
    )


def unset_details(settings: Settings, path: Path | None) -> list[Problem]:
    """Warnings for what citizens will ask of the office and the office has not said."""
    names = {"address": "địa chỉ", "phone": "số điện thoại", "email": "thư điện tử", "hours": "giờ làm việc"}
    file = str(path) if path else "cấu hình"
    document = strict_yaml.read(path) if path else Document(file)
    unnamed = settings.office.name == Office().name
    names = {"name": "tên", **names} if unnamed else names
    return [
        document.problem(
            ("office", key),
            f"chưa có {name} của cơ quan",
            f"điền «office.{key}» để trả lời người dân",
            error=False,
        )
        for key, name in names.items()
        if not getattr(settings.office, key) or key == "name"
    ]


def readable_secrets(environ: Mapping[str, str]) -> list[Problem]:
    """Warnings for files of secrets that others on this machine may read."""
    return [
        Problem(
            str(file),
            1,
            f"người khác trên máy đọc được tệp bí mật này ({variable})",
            f"chạy: chmod 600 {file}",
            error=False,
        )
        for variable, file in open_secrets(environ).items()
    ]
