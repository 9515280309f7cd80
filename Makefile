# The front door. `make demo` and `make test` install what a bare Debian 12 lacks; the rest expects it there.
BUILD ?= build
JOBS ?= 2
CMAKE_FLAGS ?= -DCMAKE_BUILD_TYPE=RelWithDebInfo
LAUNCHER := $(if $(shell command -v ccache),-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
GENERATOR := $(if $(shell command -v ninja),-G Ninja)

.PHONY: demo test build deps wasm page test-page test-api screenshots bench load golden accuracy oracle format lint clean

demo: build
	@tools/demo $(BUILD)/vram-estimator

test: CMAKE_FLAGS += -DVRAM_WARNINGS_AS_ERRORS=ON
test: build
	cmake --build $(BUILD) -j $(JOBS)
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

build: deps
	@test -f $(BUILD)/CMakeCache.txt || $(MAKE) --no-print-directory configure
	@cmake --build $(BUILD) -j $(JOBS) --target vram-estimator

.PHONY: configure
configure:
	cmake -S . -B $(BUILD) $(GENERATOR) $(LAUNCHER) $(CMAKE_FLAGS)

deps:
	@tools/install-deps

# The engine as WebAssembly, in two parts, for the page and for JavaScript. Node 20.19 or newer.
wasm:
	@tools/install-deps --page
	cmake -S . -B $(BUILD)-wasm $(GENERATOR) $(LAUNCHER) --toolchain cmake/wasm32-wasi.cmake -DCMAKE_BUILD_TYPE=Release
	cmake --build $(BUILD)-wasm -j $(JOBS) --target vram_wasm
	@mkdir -p $(BUILD) && cp $(BUILD)-wasm/models.txt $(BUILD)/
	node bindings/wasm/split.mjs $(BUILD)-wasm/linked.wasm $(BUILD)/models.txt $(BUILD)

# The page in web/dist: static files, the engine among them.
page: wasm
	cp $(BUILD)/vram.wasm $(BUILD)/vram.rest.wasm $(BUILD)/models.txt web/public/
	cd web && npm ci --no-audit --no-fund && npm run build

# In Debian's Chromium, against the static files and against the program with the page in it.
test-page: page
	@$(MAKE) --no-print-directory build
	cmake --build $(BUILD) -j $(JOBS) --target stub_nvml
	cd web && npx playwright test

# schemathesis against the running service, longer than the test does.
test-api: build
	EXAMPLES=200 python3 tests/schemathesis_test.py $(BUILD)/vram-estimator $(BUILD)/schemathesis

screenshots: page
	cd web && SCREENSHOTS=$(CURDIR)/docs/screenshots npx playwright test screenshots

bench:
	@tools/install-deps --bench
	cmake -S . -B $(BUILD)-bench $(GENERATOR) $(LAUNCHER) -DCMAKE_BUILD_TYPE=Release -DVRAM_BUILD_BENCH=ON -DVRAM_BUILD_TESTS=OFF
	cmake --build $(BUILD)-bench -j $(JOBS)
	tools/bench $(BUILD)-bench
	tools/bench-gguf $(BUILD)-bench

# The service by wrk beside FastAPI, then under abuse.
load: deps
	@tools/install-deps --load
	cmake -S . -B $(BUILD)-load $(GENERATOR) $(LAUNCHER) -DCMAKE_BUILD_TYPE=Release -DVRAM_BUILD_TESTS=OFF
	cmake --build $(BUILD)-load -j $(JOBS) --target vram-estimator
	tools/load $(BUILD)-load

golden: build
	cmake --build $(BUILD) -j $(JOBS) --target golden_test
	$(BUILD)/tests/golden_test --known tests/golden/known.tsv --configs data/models --configs tests/golden/configs tests/golden/kv_vllm_*.jsonl

accuracy: build
	tools/accuracy $(BUILD)/vram-estimator --fit --write docs/accuracy.md
	tools/accuracy-calibrate $(BUILD)/vram-estimator --write docs/calibration.md

# make oracle VLLM=0.34.0: what vLLM's own code of that release answers otherwise
oracle:
	tools/oracle/replan $(VLLM)

format:
	@tools/install-deps --lint
	git ls-files '*.h' '*.cpp' | xargs clang-format-22 -i

lint:
	@tools/install-deps --lint
	git ls-files '*.h' '*.cpp' | xargs clang-format-22 --dry-run --Werror
	cmake -S . -B $(BUILD)-lint $(GENERATOR) -DCMAKE_BUILD_TYPE=Debug
	cmake --build $(BUILD)-lint -j $(JOBS) --target help >/dev/null
	run-clang-tidy-22 -quiet -j $(JOBS) -p $(BUILD)-lint 'src/|apps/'

clean:
	rm -rf $(BUILD) $(BUILD)-wasm $(BUILD)-bench $(BUILD)-load $(BUILD)-lint
