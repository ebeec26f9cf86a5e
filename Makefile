PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run chat test test-pg chaos pictures lint check bench eval tune lock clean

help: ## Liệt kê các lệnh
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.runtime ## Cài chương trình vào .venv (tức thì nếu không có gì đổi)

setup-dev: $(VENV)/.dev ## Cài thêm công cụ để kiểm thử và soát mã

run: setup ## Chạy Xin Luôn
	$(VENV)/bin/xinluon run $(ARGS)

chat: setup ## Hỏi đáp ngay trong cửa sổ dòng lệnh
	$(VENV)/bin/xinluon chat $(ARGS)

# Bài đo thời gian và bài tắt ngang chạy một mình trước; các bài khác chạy ba luồng.
# Mã 5 của pytest: không bài nào được chọn.
test: setup-dev ## Chạy các bài kiểm thử (ARGS="-k ten" để chọn bài)
	$(VENV)/bin/python -m pytest tests/chaos tests/acceptance tests/integration/scheduler tests/unit/office -m alone $(ARGS) || test $$? -eq 5
	$(VENV)/bin/python -m pytest -m "not alone" -n 3 --dist worksteal $(ARGS) || test $$? -eq 5

test-pg: setup-dev ## Chạy các bài về Zalo và hội thoại trên PostgreSQL (vài phút)
	$(VENV)/bin/python -m pytest -p tests.on_postgresql -n 2 tests/unit/handlers \
		tests/integration/test_postbox.py tests/integration/test_zalo_*.py $(ARGS)

chaos: setup-dev ## Thử việc gửi tin khi có sự cố: tắt ngang 120 lần, mất mạng, khoá tệp (vài phút)
	XINLUON_CHAOS_KILLS=$${XINLUON_CHAOS_KILLS:-120} $(VENV)/bin/python -m pytest tests/chaos tests/chaos/zombies.py $(ARGS)

pictures: setup-dev ## Chụp lại hình của hướng dẫn (docs/hinh)
	XINLUON_PICTURES=docs/hinh $(VENV)/bin/python -m pytest tests/browser/test_pictures.py $(ARGS)

lint: setup-dev ## Soát mã: ruff, mypy, lint-imports
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

check: setup ## Soát kho tri thức và cấu hình
	$(VENV)/bin/xinluon check $(ARGS)

bench: setup-dev ## Đo tốc độ và chất lượng
	$(VENV)/bin/xinluon bench all $(ARGS)

tune: setup-dev ## Chọn lại trọng số tìm kiếm từ bộ câu hỏi huấn luyện
	$(VENV)/bin/python -m bench.tune

eval: setup ## Chấm câu trả lời trên bộ câu hỏi kiểm tra
	$(VENV)/bin/xinluon eval bench/questions/test.jsonl $(ARGS)

# requirements*.lock được xuất từ uv.lock; chỉ lệnh này cần uv.
lock: ## Khoá lại phiên bản các thư viện (cần uv)
	UV_NO_CONFIG=1 uv lock --default-index https://pypi.org/simple
	UV_NO_CONFIG=1 uv export -q --frozen --no-emit-project --no-header --no-annotate \
		--no-default-groups --group build -o requirements.lock
	UV_NO_CONFIG=1 uv export -q --frozen --no-emit-project --no-header --no-annotate \
		--group build --group dev -o requirements-dev.lock

clean: ## Xoá .venv và các tệp tạm, giữ nguyên dữ liệu trong var/
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian tách ensurepip sang gói python3-venv, nên máy mới cài có thể chưa tạo được venv.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Cần Python 3.11 trở lên. Cài python3, hoặc chỉ rõ: make setup PYTHON=python3.12" >&2; exit 1; }
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
		$(PYTHON) -m venv --clear $(VENV); \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(VENV)/bin/python install -q pip; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && apt-get install -y -q --no-install-recommends python3-venv && $(PYTHON) -m venv --clear $(VENV); \
	else \
		echo "Máy chưa tạo được môi trường Python. Chạy: sudo apt-get install python3-venv, rồi gõ lại lệnh này." >&2; exit 1; \
	fi

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/pip
	$(PIP) install -q --require-hashes -r requirements.lock
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(PIP) install -q --require-hashes -r requirements-dev.lock
	@touch $@
