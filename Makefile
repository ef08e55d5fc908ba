# osteo_pacs: every command sets up what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLS_BIN := build/tools/bin
TOOLS := build/tools/.ready
FUZZ := build/fuzz/.ready
SECONDS ?= 60
MINUTES ?= 60
# Tests mostly wait for processes and peers: a few more workers than cores are not too many.
WORKERS ?= 4

.DEFAULT_GOAL := help
.PHONY: help demo test check soak fuzz format gpu reference evidence comparison setup peers benchmarks lock sbom audit clean

help:  ## Show this list.
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(READY)  ## A simulated spine DXA study in by C-STORE, a Structured Report back in a small PACS.
	@$(BIN)/osteo-pacs demo

test: $(READY) peers  ## Every test, against real peers (DCMTK, Orthanc, PostgreSQL).
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(READY)  ## Format, lint, types and architecture, then every test.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

soak: $(READY) peers  ## MINUTES (60) of honest and hostile load, kills and restarts; build/soak.md, and it fails at a loss or growth.
	@PYTHONPATH=tests:tests/conformance $(BIN)/python -m rounds.soak --minutes $(MINUTES) --output build

format: $(READY)  ## Format the code.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

benchmarks: $(READY) peers  ## Every benchmark beside its peers; results as JSON in build/.
	@mkdir -p build
	@for name in ingest latency burst idle inference training while_training gate; do $(BIN)/python benchmarks/$$name.py --output build/$$name.json; done

gpu: $(READY)  ## What needs a CUDA device: its tests, its benchmarks and the comparison at 224 x 224; results in build/gpu.
	@$(BIN)/python -c "import sys, torch; sys.exit(None if torch.cuda.is_available() else 'No CUDA device is here.')"
	@mkdir -p build/gpu
	@$(BIN)/python -m pytest tests/gpu
	@for name in inference training; do $(BIN)/python benchmarks/$$name.py --output build/gpu/$$name.json || exit 1; done
	@$(BIN)/osteo-pacs model compare --device cuda --output build/gpu/comparison.json
	@$(BIN)/osteo-pacs model compare --device cuda --patients 6000 --positives 3000 --folds 2 \
	  --output build/gpu/comparison-full-size.json --beside build/gpu/comparison.json --page build/gpu/comparison.md

reference: $(READY)  ## Write docs/reference from the program.
	@PYTHONPATH=tests $(BIN)/python -m house.reference

evidence: $(READY)  ## Judge the shipped model on the locked test set, and write docs/model-card.md.
	@$(BIN)/osteo-pacs model evaluate --output docs/evidence
	@$(BIN)/osteo-pacs model card docs/evidence --output docs/model-card.md

comparison: $(READY)  ## Train and test the five networks at the paper's size (hours on a CPU); write docs/comparison.md.
	@$(BIN)/osteo-pacs model compare --output docs/evidence/comparison.json --page docs/comparison.md \
	  --beside docs/evidence/comparison-full-size.json

lock: $(READY) $(TOOLS)  ## Write the lock files from constraints.txt and deploy/tools.in.
	@$(BIN)/python deploy/lock.py $(TOOLS_BIN)/uv

sbom: $(READY) $(TOOLS)  ## The software bill of materials (CycloneDX) of the environment; build/sbom.json.
	@$(TOOLS_BIN)/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --output-format JSON --validate --output-file build/sbom.json

audit: $(TOOLS)  ## Known vulnerabilities of every pinned version; exit status 3 where no database answers.
	@$(TOOLS_BIN)/python deploy/audit.py $(TOOLS_BIN)/pip-audit

fuzz: $(READY) $(FUZZ)  ## Search for bytes that show a defect, SECONDS=60 for each target; see tests/fuzz.
	@for name in $$(PYTHONPATH=tests $(BIN)/python -m fuzz.targets); do echo "$$name, $(SECONDS) s"; \
	  PYTHONPATH=tests:build/fuzz $(BIN)/python -m fuzz.search $$name $(SECONDS) || exit 1; done

setup: $(READY)  ## The virtual environment in .venv.

$(READY): pyproject.toml constraints.txt deploy/set-up deploy/requirements.lock deploy/development.lock
	@PYTHON=$(PYTHON) deploy/set-up $(VENV)
	@touch $@

$(TOOLS): deploy/tools.lock
	@$(PYTHON) -m venv build/tools
	@$(TOOLS_BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement $<
	@touch $@

$(FUZZ): deploy/fuzz.lock $(READY)
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps \
	  --target build/fuzz --upgrade --requirement $<
	@touch $@

peers:
	@.ci/install-peers

clean:  ## Remove the virtual environment and what was built.
	rm -rf $(VENV) build dist
