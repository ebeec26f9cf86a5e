"""Settings: what may be written, what comes from the environment, and what people are told."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from bot.config import readable_secrets
from knowledge import strict_yaml
from office.secrets import BadSetting
from office.settings import SECRETS, Settings, config_path, hash_key, open_secrets, settings_from

EXAMPLE = Path(__file__).parents[3] / "config.example.yaml"
TOKEN = "123:abc"
ON: Mapping[str, Any] = {"telegram": {"enabled": True}}
WEBHOOK: Mapping[str, Any] = {
    "telegram": {
        "enabled": True,
        "mode": "webhook",
        "webhook": {"url": "https://hoi.example.vn/telegram/webhook"},
    }
}


def test_nothing_at_all_is_enough_to_run() -> None:
    settings = settings_from(None, {})
    assert settings.database.url == "sqlite:///var/xinluon.db"
    assert settings.office.portal_url == "https://dichvucong.gov.vn"
    assert not settings.telegram.enabled


def test_a_key_or_section_left_empty_counts_as_not_written() -> None:
    assert settings_from({"web": None, "log": {"level": None}}, {}) == Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        settings_from(None, {}).web.port = 1  # type: ignore[misc]  # refused at run time too


def test_the_data_handed_in_stays_as_it_was() -> None:
    data = {"telegram": {"enabled": True, "webhook": {}}}
    settings_from(data, {"XINLUON_TELEGRAM_TOKEN": TOKEN, "XINLUON_TELEGRAM_WEBHOOK_SECRET": "s"})
    assert data == {"telegram": {"enabled": True, "webhook": {}}}


@pytest.mark.parametrize(
    ("data", "path", "kind"),
    [
        ({"ofice": {}}, ("ofice",), "extra_forbidden"),
        ({"telegram": {"tokn": "x"}}, ("telegram", "tokn"), "extra_forbidden"),
        ({"web": {"port": 70000}}, ("web", "port"), "less_than_equal"),
        ({"web": []}, ("web",), "model_type"),
        ({"limits": {"messages_per_minute": 0}}, ("limits", "messages_per_minute"), "greater_than_equal"),
        ({"log": {"level": "loud"}}, ("log", "level"), "literal_error"),
        ({"telegram": {"mode": "push"}}, ("telegram", "mode"), "literal_error"),
        ({"office": {"departments": [{"phone": "1"}]}}, ("office", "departments", 0, "name"), "missing"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(
    data: dict[str, Any], path: tuple[Any, ...], kind: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        settings_from(data, {})
    assert [(e["loc"], e["type"]) for e in caught.value.errors()] == [(path, kind)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"web": {"public_url": "hoi.example.vn"}}, "không phải địa chỉ web"),
        ({"zalo_oa": {"oauth_url": "http://10.0.0.5:cong"}}, "không phải địa chỉ web"),
        ({"zalo_oa": {"base_url": "http://[::1"}}, "không phải địa chỉ web"),
        ({"zalo_bot": {"base_url": "https://bot.example.vn hai"}}, "không phải địa chỉ web"),
        ({"web": {"allowed_origins": ["https://a.vn/b"]}}, "phải viết dạng «https://ten-mien.vn»"),
        ({"web": {"allowed_origins": ["*"]}}, "không phải địa chỉ web"),
        ({"web": {"trusted_proxies": ["proxy"]}}, "không phải địa chỉ mạng"),
        ({"telegram": {"webhook": {"path": "x"}}}, "phải bắt đầu bằng «/»"),
        ({"database": {"url": "mysql://a/b"}}, "phải bắt đầu bằng «sqlite:///»"),
        ({"database": {"url": "postgresql://a:matkhau@b/c"}}, "không viết mật khẩu"),
    ],
)
def test_a_value_of_the_wrong_form_is_explained_in_vietnamese(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings_from(data, {})


def test_every_secret_has_its_variable() -> None:
    assert SECRETS == {
        "XINLUON_TELEGRAM_TOKEN": ("telegram", "token"),
        "XINLUON_TELEGRAM_PROXY": ("telegram", "proxy"),
        "XINLUON_TELEGRAM_WEBHOOK_SECRET": ("telegram", "webhook", "secret"),
        "XINLUON_ZALO_BOT_TOKEN": ("zalo_bot", "token"),
        "XINLUON_ZALO_BOT_WEBHOOK_SECRET": ("zalo_bot", "webhook", "secret"),
        "XINLUON_ZALO_OA_APP_SECRET": ("zalo_oa", "app_secret"),
        "XINLUON_ZALO_OA_WEBHOOK_SECRET": ("zalo_oa", "webhook_secret"),
        "XINLUON_PRIVACY_HASH_KEY": ("privacy", "hash_key"),
    }


def test_a_secret_comes_from_the_environment_and_shows_nowhere() -> None:
    settings = settings_from(ON, {"XINLUON_TELEGRAM_TOKEN": TOKEN})
    assert settings.telegram.token == SecretStr(TOKEN)
    assert TOKEN not in f"{settings!r} {settings.model_dump_json()}"


def test_a_secret_comes_from_a_file_without_its_last_newline(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n", encoding="utf-8")
    settings = settings_from(ON, {"XINLUON_TELEGRAM_TOKEN_FILE": str(file)})
    assert settings.telegram.token == SecretStr(TOKEN)


def test_an_empty_variable_is_not_set() -> None:
    environ = {"XINLUON_TELEGRAM_TOKEN": "", "XINLUON_TELEGRAM_TOKEN_FILE": ""}
    assert settings_from(None, environ).telegram.token is None


def _bad(data: Mapping[str, Any] | None, environ: Mapping[str, str]) -> BadSetting:
    with pytest.raises(BadSetting) as caught:
        settings_from(data, environ)
    return caught.value


@pytest.mark.parametrize(("variable", "path"), SECRETS.items())
def test_a_secret_written_in_the_file_is_refused_and_not_repeated(
    variable: str, path: tuple[str, ...]
) -> None:
    data: Any = "s3cret-s3cret-s3cret"
    for key in reversed(path):
        data = {key: data}
    problem = _bad(data, {})
    assert problem.path == path
    assert "là bí mật, không được viết trong tệp cấu hình" in problem.message
    assert variable in problem.mend
    assert "s3cret" not in str(problem)


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    problem = _bad(ON, {"XINLUON_TELEGRAM_TOKEN_FILE": str(tmp_path / "none")})
    assert problem.path == ("telegram", "token")
    assert "không đọc được tệp" in problem.message
    assert "XINLUON_TELEGRAM_TOKEN_FILE" in problem.message


def test_a_secret_file_that_is_a_folder_is_unreadable(tmp_path: Path) -> None:
    problem = _bad(ON, {"XINLUON_TELEGRAM_TOKEN_FILE": str(tmp_path)})
    assert "không đọc được tệp" in problem.message


@pytest.mark.parametrize("content", ["", "\n", "  \n"])
def test_a_secret_file_that_is_empty_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content, encoding="utf-8")
    assert "trống" in _bad(ON, {"XINLUON_TELEGRAM_TOKEN_FILE": str(file)}).message


def test_a_secret_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xff\xfe")
    assert "không phải chữ UTF-8" in _bad(ON, {"XINLUON_TELEGRAM_TOKEN_FILE": str(file)}).message


def test_a_secret_given_twice_is_refused() -> None:
    problem = _bad(ON, {"XINLUON_TELEGRAM_TOKEN": TOKEN, "XINLUON_TELEGRAM_TOKEN_FILE": "/x"})
    assert problem.mend == "chỉ đặt một trong hai biến"
    assert TOKEN not in str(problem)


def test_telegram_needs_a_token() -> None:
    problem = _bad(ON, {})
    assert problem.path == ("telegram", "token")
    assert problem.message == "đã bật Telegram nhưng chưa có token"
    assert "XINLUON_TELEGRAM_TOKEN" in problem.mend


def test_a_proxy_needs_its_scheme_and_is_not_repeated() -> None:
    problem = _bad(ON, {"XINLUON_TELEGRAM_TOKEN": TOKEN, "XINLUON_TELEGRAM_PROXY": "u:p@proxy:3128"})
    assert problem.message == "địa chỉ proxy không đúng dạng"
    assert "u:p" not in str(problem)


def test_a_webhook_needs_an_address_over_https() -> None:
    data = {"telegram": {"enabled": True, "mode": "webhook", "webhook": {"url": "http://hoi.example.vn"}}}
    problem = _bad(data, {"XINLUON_TELEGRAM_TOKEN": TOKEN})
    assert problem.path == ("telegram", "webhook", "url")
    assert "https://" in problem.message


@pytest.mark.parametrize("secret", ["", "có dấu", "x" * 257])
def test_a_webhook_needs_a_secret_that_telegram_takes(secret: str) -> None:
    environ = {"XINLUON_TELEGRAM_TOKEN": TOKEN, "XINLUON_TELEGRAM_WEBHOOK_SECRET": secret}
    problem = _bad(WEBHOOK, environ)
    assert problem.path == ("telegram", "webhook", "secret")
    assert "chuỗi bí mật từ 1 đến 256 ký tự" in problem.message


def test_a_webhook_with_address_and_secret_is_taken() -> None:
    environ = {"XINLUON_TELEGRAM_TOKEN": TOKEN, "XINLUON_TELEGRAM_WEBHOOK_SECRET": "bi-mat_1"}
    assert settings_from(WEBHOOK, environ).telegram.webhook.secret == SecretStr("bi-mat_1")


def test_a_short_hash_key_is_refused() -> None:
    assert "khoá băm ngắn hơn 16 ký tự" in _bad(None, {"XINLUON_PRIVACY_HASH_KEY": "ngắn"}).message


def test_the_hash_key_that_is_set_is_used(tmp_path: Path) -> None:
    settings = settings_from(None, {"XINLUON_PRIVACY_HASH_KEY": "0123456789abcdef"})
    assert hash_key(settings, tmp_path) == b"0123456789abcdef"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_hash_key_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    key = hash_key(Settings(), folder)
    assert len(key) == 64
    assert hash_key(Settings(), folder) == key
    assert [path.name for path in folder.iterdir()] == ["hash.key"]
    assert stat.S_IMODE((folder / "hash.key").stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_the_hash_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: hash_key(Settings(), tmp_path), range(8)))
    assert len(keys) == 1


def test_a_hash_key_file_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hash.key").write_text("abc", encoding="utf-8")
    with pytest.raises(BadSetting, match="bị cụt"):
        hash_key(Settings(), tmp_path)


def test_a_hash_key_that_has_no_place_is_explained(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("", encoding="utf-8")
    with pytest.raises(BadSetting, match="không tạo hoặc đọc được tệp khoá"):
        hash_key(Settings(), tmp_path / "var")


def test_the_environment_may_name_the_file() -> None:
    assert config_path({"XINLUON_CONFIG": "/etc/xinluon.yaml"}) == Path("/etc/xinluon.yaml")
    assert config_path({}) is None


def _keys(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        path = (*at, field.alias or name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, path)
        else:
            yield path


def test_the_example_has_every_setting_and_names_every_secret() -> None:
    document = strict_yaml.read(EXAMPLE)
    written = {path for path in document.lines if path}
    assert {path for path in _keys(Settings) if path not in SECRETS.values()} <= written
    assert all(variable in EXAMPLE.read_text(encoding="utf-8") for variable in SECRETS)


def test_the_example_runs_as_it_is_and_makes_nothing_up() -> None:
    settings = settings_from(strict_yaml.read(EXAMPLE).data, {})
    assert settings.office.name == "Sở Công Thương tỉnh Kiên Giang"
    assert settings.office.website == "http://sct.kiengiang.gov.vn"
    assert (settings.office.address, settings.office.phone, settings.office.email) == (None, None, None)
    assert settings.office.hours == ()
    changed = settings.model_dump(exclude={"office"})
    assert changed == Settings().model_dump(exclude={"office"})


BOT: Mapping[str, str] = {
    "XINLUON_ZALO_BOT_TOKEN": "1:abc",
    "XINLUON_ZALO_BOT_WEBHOOK_SECRET": "bi-mat-dai",
    "XINLUON_ZALO_OA_APP_SECRET": "a",
    "XINLUON_ZALO_OA_WEBHOOK_SECRET": "b",
}


def _bot(url: str, **webhook: str) -> dict[str, Any]:
    return {"zalo_bot": {"enabled": True, "mode": "webhook", "webhook": {"url": url, **webhook}}}


def _oa(**values: Any) -> dict[str, Any]:
    return {"zalo_oa": {"enabled": True, "app_id": "36", "oa_id": "38", **values}}


@pytest.mark.parametrize("host", ["localhost", "127.1.2.3", "10.0.0.1:8443", "192.168.1.5"])
def test_a_webhook_that_zalo_refuses_to_call_is_refused(host: str) -> None:
    problem = _bad(_bot(f"https://{host}/zalo/bot"), BOT)
    assert problem.path == ("zalo_bot", "webhook", "url")
    assert "trong mạng nội bộ, Zalo không nhận" in problem.message


@pytest.mark.parametrize("secret", ["mật khẩu riêng", "ngắn", "a\tbcdefgh", " abcdefgh ", "x" * 257])
def test_a_secret_that_no_header_carries_as_it_is_is_refused(secret: str) -> None:
    problem = _bad(
        _bot("https://hoi.example.vn/zalo/bot"), {**BOT, "XINLUON_ZALO_BOT_WEBHOOK_SECRET": secret}
    )
    assert problem.path == ("zalo_bot", "webhook", "secret")
    assert "không dấu" in problem.message


def test_two_platforms_at_one_path_are_refused_where_both_are_called() -> None:
    bot = _bot("https://hoi.example.vn/zalo/oa", path="/zalo/oa")
    problem = _bad({**bot, **_oa()}, BOT)
    assert problem.path == ("zalo_oa", "webhook_path")
    assert problem.message == "đường dẫn «/zalo/oa» đã dùng cho zalo_bot.webhook.path"
    polling = {"zalo_bot": {**bot["zalo_bot"], "mode": "polling"}}
    assert settings_from({**polling, **_oa()}, BOT).zalo_bot.mode == "polling"


@pytest.mark.parametrize(
    ("values", "path", "said"),
    [
        ({"app_id": None}, ("zalo_oa", "app_id"), "Zalo OA chưa có mã ứng dụng"),
        ({"oa_id": "OA 38"}, ("zalo_oa", "oa_id"), "mã OA «OA 38» không phải dãy số"),
        ({"template": {"id": "7"}}, ("zalo_oa", "template", "id"), "mẫu 7 chưa nối tham số nào"),
    ],
)
def test_what_an_official_account_lacks_is_named(values: Any, path: tuple[str, ...], said: str) -> None:
    problem = _bad(_oa(**values), BOT)
    assert problem.path == path
    assert said in problem.message


@pytest.mark.parametrize("key", ["app_secret", "webhook_secret"])
@pytest.mark.parametrize("secret", ["khoá bí mật", "a\nb", " abc "])
def test_a_secret_that_can_not_be_an_official_account_s_is_refused(key: str, secret: str) -> None:
    variable = f"XINLUON_ZALO_OA_{key.upper()}"
    problem = _bad(_oa(), {**BOT, variable: secret})
    assert problem.path == ("zalo_oa", key)
    assert variable in problem.mend
    assert secret not in str(problem)


def test_a_number_without_quotes_is_told_to_have_them() -> None:
    with pytest.raises(ValidationError, match='đặt trong dấu nháy: "3608"'):
        settings_from(_oa(app_id=3608), BOT)


def test_a_file_of_a_secret_that_others_may_read_is_known(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    environ = {
        "XINLUON_TELEGRAM_TOKEN_FILE": str(file),
        "XINLUON_ZALO_BOT_TOKEN_FILE": str(tmp_path / "none"),
    }
    file.chmod(0o640)
    assert open_secrets(environ) == {"XINLUON_TELEGRAM_TOKEN_FILE": file}
    [warning] = readable_secrets(environ)
    assert (warning.error, warning.mend) == (False, f"chạy: chmod 600 {file}")
    file.chmod(0o600)
    assert open_secrets(environ) == {}


def test_why_a_file_can_not_be_read_is_said_in_vietnamese(tmp_path: Path) -> None:
    for file, said in ((tmp_path / "none", "(không có tệp này)"), (tmp_path, "(đây là thư mục)")):
        assert said in _bad(ON, {"XINLUON_TELEGRAM_TOKEN_FILE": str(file)}).message
