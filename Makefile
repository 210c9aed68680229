# Every target sets up .venv itself; it needs only Python, a C++ compiler and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NATIVE := $(shell find native -name '*.?pp')
SOURCES := pyproject.toml CMakeLists.txt $(NATIVE)

.PHONY: demo test check format stub docs web bench sanitize fuzz clean build

build: $(VENV)/built

$(VENV)/tools: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lamina needs Python 3.11 or newer; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet "scikit-build-core>=1.1" "nanobind>=3.1" "cmake>=3.26" ninja
	$(BIN)/python -m pip install --quiet --group test --group check
	touch $@

$(VENV)/built: $(VENV)/tools $(SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[cli,plots,onnx,workbench,notebook]"
	touch $@

demo: build
	$(BIN)/lamina train --dataset digits --model mlp --set hidden_layer_sizes=128,64 --set random_state=42 \
	    --output demo-output/digits.lamina --plot demo-output/loss-curve.png --overwrite

test: build
	$(BIN)/python -m pytest -n 2 --dist loadgroup
	for set in $$($(BIN)/python -c 'from lamina import _native; print(*_native.instruction_sets()[1:])'); do \
	    echo "contracts with the kernels of $$set"; \
	    LAMINA_INSTRUCTION_SET=$$set $(BIN)/python -m pytest -q -n 2 tests/contracts || exit 1; \
	done

check: build
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror $(NATIVE)
	$(BIN)/mypy

format: build
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/clang-format -i $(NATIVE)

stub: build
	$(BIN)/python -m nanobind.stubgen -q -m lamina._native -o src/lamina/_native.pyi

$(VENV)/docs-tools: $(VENV)/tools
	$(BIN)/python -m pip install --quiet --group docs
	touch $@

# Regenerates the pages' blocks and pictures, then builds the site and runs its examples and blocks. -E makes
# Sphinx read every page, because it doesn't notice changes of the code; only changed examples run.
docs: build $(VENV)/docs-tools
	$(BIN)/python -m docs.parameters
	$(BIN)/python -m docs.pictures
	$(BIN)/python -m sphinx -b html -E -W --keep-going docs docs/_build/html
	$(BIN)/python -m docs.building.check docs/_build/html

# The workbench's page, from TypeScript. The build is committed, so that users don't need Node.js.
web:
	cd web && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

# Times PyTorch and JAX too, if installed: `pip install --group bench`.
bench: build
	$(BIN)/python -m benchmarks.speed

# The core's own tests under AddressSanitizer with UndefinedBehaviorSanitizer, then ThreadSanitizer.
sanitize: $(VENV)/tools
	for sanitizer in address,undefined thread; do \
	    $(BIN)/cmake -S . -B build/sanitize-$$sanitizer -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja \
	        -DCMAKE_BUILD_TYPE=Release -DLAMINA_CORE_TESTS=ON -DLAMINA_SANITIZER=$$sanitizer >/dev/null \
	    && $(BIN)/cmake --build build/sanitize-$$sanitizer && build/sanitize-$$sanitizer/core_test || exit 1; \
	done

# Mutated files, tables and links, and random parameters: many more than `make test` uses.
# Builds the core with sanitizers, separate from the ordinary build.
FUZZ_MUTANTS ?= 100000
FUZZ_SEED ?= random
FUZZ_TARGET ?= all
FUZZ_PROCESSES ?= 1
fuzz: build
	$(BIN)/python -m tests.fuzz --mutants $(FUZZ_MUTANTS) --seed $(FUZZ_SEED) --target $(FUZZ_TARGET) \
	    --processes $(FUZZ_PROCESSES)

clean:
	rm -rf build dist demo-output docs/_build docs/gallery docs/reference/generated docs/reference/backreferences .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf $(VENV) web/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
