# Thin over CMake presets: each target says what it needs, installs what is missing, and runs one thing.
SHELL := /bin/bash
JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
BUILD := build
RUN := runs/demo

.PHONY: help build everything demo test test-all bench bench-compare bench-peers lint fuzz clean install-tools

help:
	@echo "make build      the program and the library (installs missing Debian packages first)"
	@echo "make demo       build, train on Fashion-MNIST, show the result"
	@echo "make test       build and run the tests, fuzzers 10 s each"
	@echo "make test-all   the long ones too: sanitizers, kill -9, NEON under qemu, mutations, bare Debian 12 and 13, fuzzers 5 min each"
	@echo "make bench      this machine's ceilings, then us and every installed peer on the problem list"
	@echo "make bench-peers  installs the peers (PyTorch, JAX, scikit-learn, Keras, onnxruntime; several GB)"
	@echo "make bench-compare REV=main  fails when this checkout is slower than that revision"
	@echo "make lint       layers, symbols, scripts, warnings"
	@echo "make fuzz       fuzzers, FUZZ_SECONDS=300 each"
	@echo "make clean      remove build/ (runs/ stays)"

$(BUILD)/.configured: CMakeLists.txt CMakePresets.json cmake/*.cmake tools/install_dependencies
	@tools/install_dependencies build
	cmake --preset release
	@touch $@

build: $(BUILD)/.configured
	cmake --build --preset release -j $(JOBS) --target chainrule_exe chainrule

everything: build
	cmake --build --preset release -j $(JOBS)

demo: build
	@tools/install_dependencies demo
	@tools/demo $(BUILD)/chainrule $(RUN)

test: everything
	@tools/install_dependencies test
	@tools/run_tests --preset release
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=10

test-all: test
	@tools/test_all

bench: build
	cmake --build --preset release -j $(JOBS) --target bench_ceilings bench_driver bench_input
	@$(BUILD)/bench/bench_input
	@tools/bench --build $(BUILD) --venv $(BUILD)/bench-venv --out $(BUILD)/bench $(BENCH)

# make bench-compare REV=main: is what is checked out slower than that revision?
bench-compare: build
	@test -n "$(REV)" || { echo "which revision? make bench-compare REV=main" >&2; exit 2; }
	cmake --build --preset release -j $(JOBS) --target bench_ceilings bench_driver
	@tools/bench_compare $(BUILD) $(REV)

# Several GB from PyPI (PyTorch comes as a CUDA build); no test needs them. MLPACK=FOLDER: where mlpack's headers are.
bench-peers:
	@tools/bench_peers $(BUILD) $(MLPACK)

lint: everything
	@tools/install_dependencies lint
	@tools/lint

FUZZ_SECONDS ?= 300
fuzz:
	@tools/install_dependencies fuzz
	@tools/fuzz $(FUZZ_SECONDS)

clean:
	rm -rf $(BUILD)
