# Needs Python 3.11 or newer, git and make; everything else is installed into .venv and .local.
#
#   make demo      from nothing to an invoice, on this machine
#   make test      every test            make check    format, lint, types, imports, template
#   make up        the local stack       make down     stops it
#   make help      the rest

# The first that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
ROLE ?= admin
FUNCTION ?= Bills
EVENT ?= events/bill-created.json

# uv is taken from the path, else installed beside the stack. This is the only place that knows pip.
export UV := $(or $(shell command -v uv 2>/dev/null),$(CURDIR)/.local/uv/bin/uv)
export SAM_CLI_TELEMETRY := 0
export UV_PYTHON_DOWNLOADS := never
BIN := .venv/bin

.PHONY: help demo up down quickbooks organization client test check formatted lint types imports template pinned \
	format requirements openapi invoke deploy clients bench clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 16

.venv/.installed: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

$(CURDIR)/.local/uv/bin/uv:
	$(PYTHON) -m venv .local/uv
	.local/uv/bin/pip install --quiet --disable-pip-version-check "uv>=0.9"

demo: .venv/.installed ## one bill, from the event bus to the invoice
	@QUICKBOOKS_URL="$(QUICKBOOKS_URL)" AUTH="$(AUTH)" $(BIN)/python -m local.demo

up: .venv/.installed ## starts the local stack; QUICKBOOKS_URL= takes the simulator's place, AUTH=true enforces IAM
	@QUICKBOOKS_URL="$(QUICKBOOKS_URL)" AUTH="$(AUTH)" $(BIN)/python -m local.stack up

down: .venv/.installed ## stops the local stack
	@$(BIN)/python -m local.stack down

quickbooks: .venv/.installed ## the QuickBooks simulator alone, in the foreground, on PORT (9999)
	$(BIN)/python -m local.quickbooks --port $(or $(PORT),9999)

organization: .venv/.installed ## NAME=acme [ID=<m3ter's id>]: an organization with an admin client; STACK=<name> for a deployed stack
	@test -n "$(NAME)" || { echo "Say which: make organization NAME=acme" >&2; exit 2; }
	@STACK="$(STACK)" $(BIN)/python -m local.organizations organization "$(NAME)" $(if $(ID),--id "$(ID)")

client: .venv/.installed ## ORGANIZATION=<id> ROLE=viewer: another API client
	@test -n "$(ORGANIZATION)" || { echo "Say which: make client ORGANIZATION=<id> ROLE=viewer" >&2; exit 2; }
	@STACK="$(STACK)" $(BIN)/python -m local.organizations client "$(ORGANIZATION)" "$(ROLE)"

test: .venv/.installed ## every test, and the coverage
	@rm -f .coverage .coverage.*
	$(BIN)/pytest --ignore tests/stack -n 2 --cov --cov-report=
	$(BIN)/python -m tests.coverage_goals
	$(BIN)/pytest tests/stack

check: formatted lint types imports template pinned ## format, lint, types, import contracts, template, pins

formatted: .venv/.installed
	$(BIN)/ruff format --check

lint: .venv/.installed
	$(BIN)/ruff check

types: .venv/.installed
	$(BIN)/mypy

imports: .venv/.installed
	$(BIN)/lint-imports

template: .venv/.installed
	$(BIN)/cfn-lint -a cfn_lint_serverless.rules -t template.yaml
	$(BIN)/sam validate --lint

pinned: .venv/.installed
	@mkdir -p .local && $(UV) export --quiet --locked $(EXPORT) --output-file .local/requirements.txt
	@cmp -s .local/requirements.txt layers/shared/requirements.txt || \
		{ echo "layers/shared/requirements.txt is not what uv.lock says: make requirements" >&2; exit 1; }

format: .venv/.installed ## formats and fixes what can be fixed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

EXPORT := --no-dev --no-emit-project --no-header --no-annotate
requirements: .venv/.installed ## what the layer carries, from the lock; and what the emulator needs
	$(UV) export --quiet --locked $(EXPORT) --output-file layers/shared/requirements.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		local/ministack.in --output-file local/ministack.txt

openapi: .venv/.installed ## docs/openapi.json, from the code
	$(BIN)/python -m api.openapi > docs/openapi.json

invoke: .venv/.installed ## FUNCTION=Bills EVENT=events/<name>.json: sam local invoke
	@$(BIN)/python -m local.invoke "$(FUNCTION)" "$(EVENT)"

deploy: .venv/.installed ## to AWS: sam build, sam deploy --guided
	$(BIN)/sam build
	$(BIN)/sam deploy --guided

bench: .venv/.installed ## how fast it is on this machine
	@$(BIN)/python -m tests.bench $(PART)

clients: .venv/.installed ## clients of other languages against the simulator; needs node and npm
	@$(BIN)/python -m tests.other_clients

clean: down ## forgets everything that was built or installed
	rm -rf .local .venv .aws-sam .coverage .coverage.* htmlcov
