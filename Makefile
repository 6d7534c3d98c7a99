# `make` lists the targets. Run as root to install missing Debian packages; otherwise they are listed.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Where cargo builds. HOST_TOOLS, HOST_FIRMWARE and HOST_MANUAL (the firmware's example `manual`) name programs that are built already.
built := $(or $(CARGO_TARGET_DIR),target)
# Packages for compiling the firmware, for its tests, and for the slow ones.
needed := scripts/need-packages.sh libasound2-dev pkg-config
needed_by_tests := gcc python3 openssl ffmpeg flac sox
needed_by_slow_tests := gcc python3 prometheus mosquitto openssl faketime ffmpeg flac sox
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help:
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Most used

demo: host-tools ## Synthetic data, training, evaluation, plots, verdicts: the whole way in a minute
	@scripts/demo.sh

check: lint architecture links ## The editing loop: format, lints, architecture, links, fast tests (under a minute once built)
	@scripts/tests.py fast

test: lint architecture links doc ## All tests that are not slow, lints, documentation, the bare-metal and the Windows build
	@$(needed) $(needed_by_tests)
	@scripts/tests.py standard
	@$(MAKE) no-std windows

test-slow: ## Kills at every write, brokers and fleets, injected faults, long trainings (minutes)
	@$(needed) $(needed_by_slow_tests)
	@scripts/tests.py slow

fix: ## Format the sources and apply what the lints suggest
	cargo fmt
	cargo clippy --workspace --all-targets --locked --fix --allow-dirty --allow-staged

# Links to private items are allowed, because the documentation is read beside the sources.
doc: ## The documentation of all crates, into target/doc; broken links are errors
	@$(needed)
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --locked

docs: ## The documents as a site with search, into target/docs/html; its links are checked
	@scripts/docs.sh target/docs

image: ## Container for amd64 and arm64, built twice: equal bytes, bounded size; OCI layout with SBOMs (MODEL=artifacts/FILE adds a model)
	@image/image.sh

sdcard: ## Card image for Pi 3, 4, 5 and Zero 2 W that runs from memory (MODEL=FILE adds a model, NETWORK=1 Ethernet and Wi-Fi)
	@image/sdcard.sh

sdcard-release: ## Both card images packed, with block maps, checksums and a list for Raspberry Pi Imager, into target/image/card (ADDRESS=)
	@image/sdcard-release.sh

deb: ## Debian packages of both programs for amd64 and arm64 (after `make man` with man pages and completions)
	@image/deb/build.sh

fuzz: ## Fuzz every parser of untrusted bytes, 10 minutes each (needs cargo-fuzz; SECONDS_EACH=, TARGETS=)
	@$(needed) clang
	@scripts/fuzz.sh $(TARGETS)

##@ Parts of `check` and `test`

lint: ## Format, clippy with warnings as errors, the Buildroot tree
	@$(needed)
	cargo fmt --check
	@# rustfmt does not follow modules that the list of sinks declares.
	rustfmt --check --edition 2024 firmware/src/sinks/*/mod.rs
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@image/test/buildroot.sh

architecture: ## No folders import each other, no dependency is unused; rules of crates, no_std and unsafe code
	@cd scripts && PYTHONDONTWRITEBYTECODE=1 python3 -m unittest -q test_architecture test_oci test_release
	@scripts/check-architecture

links: ## Every link of the documents leads to a file and a heading, and the table of contents is complete
	@cd scripts && PYTHONDONTWRITEBYTECODE=1 python3 -m unittest -q test_docs
	@cd scripts && PYTHONDONTWRITEBYTECODE=1 python3 -m docs links

integrations: ## Alert rules, dashboard, flow and collectors: by promtool, and against the references of metrics and topics
	@scripts/integrations.sh

no-std: ## The core compiles for a microcontroller without an operating system
	@rustup target list --installed 2>/dev/null | grep -q thumbv7em-none-eabihf || scripts/need-packages.sh rustc-web rust-web-src
	@scripts/check-no-std.sh

windows: ## host-tools has no Unix-only dependency and compiles for Windows
	@scripts/check-windows.sh

##@ Slow suites (CI runs all but the long ones)

verify: ## The int8 engine against the TFLite C++ interpreter, bit for bit (builds TensorFlow Lite: minutes)
	@base=$$(scripts/base-model.sh) || { [ $$? -eq 3 ] && exit 0 || exit 1; }; scripts/need-packages.sh libclang-dev && \
		cargo run --locked -p monitor-reference --features runtime -- --base "$$base"

interop: host-tools ## Exported files in LiteRT and MediaPipe against our own verdicts
	@scripts/interop.sh

arm64: ## The engine's tests on the 64-bit Arm kernels, with and without dot products, under QEMU
	@scripts/test-arm64.sh

containers: ## The docker lines of image/README.md, self-test and sizes, for amd64 and arm64 (ENGINE=docker or buildah)
	@image/test/containers.sh

test-pi: ## The firmware and the card on emulated Pis (virt, Pi 3, Pi 4), with a recording whose states are known
	@image/test/pi.sh

test-pi4: ## The card on an emulated Pi 4, which is a part of test-pi (QEMU 10 or later)
	@image/test/pi.sh raspi4b

test-demo: ## A device, a broker and Prometheus by Docker: online, discovered, scraped, alarmed within a minute (after make demo)
	@image/test/demo.sh

test-page: host-tools ## The device's page in headless Chromium: every screen, two widths, light and dark; screenshots in target/page
	@scripts/need-packages.sh chromium chromium-driver python3-venv libasound2-dev pkg-config
	@[ -n "$$HOST_FIRMWARE" ] || cargo build --locked -p firmware
	@[ -x $(built)/page/venv/bin/python ] || { python3 -m venv $(built)/page/venv && $(built)/page/venv/bin/pip -q install selenium && $(built)/page/venv/bin/pip -q install --no-deps axe-playwright-python; }
	@$(built)/page/venv/bin/python scripts/test-page.py "$${HOST_FIRMWARE:-$(built)/debug/firmware}" "$${HOST_TOOLS:-$(built)/release/host-tools}" $(built)/page

page-load: ## The page under 50 browsers on one core for ten minutes, and under attack: windows, inference time, memory (SECONDS_OF_LOAD=)
	@[ -n "$$HOST_FIRMWARE" ] || cargo build --release --locked -p firmware
	@python3 scripts/page-load.py $(or $(SECONDS_OF_LOAD),600) --firmware "$${HOST_FIRMWARE:-$(built)/release/firmware}"

test-documents: ## Every command line of the documents that needs no sound device, on synthetic machines (a minute)
	@$(needed)
	@[ -n "$$HOST_FIRMWARE" ] || cargo build --locked -p firmware
	@[ -n "$$HOST_TOOLS" ] || cargo build --locked -p host-tools
	@PYTHONDONTWRITEBYTECODE=1 scripts/test-documents.py "$${HOST_TOOLS:-$(built)/debug/host-tools}" "$${HOST_FIRMWARE:-$(built)/debug/firmware}"

test-deb: ## Debian packages on bookworm and trixie with systemd: lintian, apt repository, upgrade, start, purge (ARCH=, SUITES=; Docker)
	@image/test/deb.sh $(ARCH)

test-windows: ## host-tools for Windows under Wine: the same recordings and verdicts as here (Docker; needs rustup's target)
	@image/test/windows.sh

sanitize: ## The core under the address sanitizer, the ring between threads under the thread sanitizer
	@$(needed)
	@scripts/sanitize.sh

soak-short: ## Two minutes of capture under load: memory, threads and descriptors must not grow (after make demo)
	@$(MAKE) soak SECONDS_OF_SOAK=120

soak: ## The same for ten minutes (SECONDS_OF_SOAK=)
	@$(needed) python3
	@[ -n "$$HOST_FIRMWARE" ] || cargo build --locked -p firmware
	@python3 scripts/soak.py $(or $(SECONDS_OF_SOAK),600) --firmware "$${HOST_FIRMWARE:-$(built)/debug/firmware}"

soak-day: ## The same for 24 hours with the release build; figures in target/soak-day.json
	@$(needed) python3
	cargo build --release --locked -p firmware
	@python3 scripts/soak.py 86400 --firmware $(built)/release/firmware --json target/soak-day.json

fuzz-keep: ## Replace fuzz/corpus by a small set with the coverage of all that fuzzing found
	@scripts/fuzz.sh keep $(TARGETS)

##@ Measurements (each writes a dated record to benches/records, except bench, measure-speech and measure-weeks)

bench: ## Time of the signal chain in front of the network
	cargo bench --locked -p monitor-core --bench front_end

bench-peers: host-tools ## Time of the engine and of LiteRT, tract and TFLite in one interleaved run
	@benches/peers/run.sh

bench-training: host-tools ## Time and memory of training on an hour of sound, ours and Python's, in alternating runs
	@benches/peers/training.sh

count-instructions: ## Instructions per window on 64-bit Arm, ours and LiteRT's, under QEMU (after bench-peers)
	@benches/instructions/run.sh

model-cycles: ## Cycles of the Arm kernels' inner loops by llvm-mca's models of Cortex-A53, A72, A76 and Neoverse V1
	@benches/instructions/model_cycles.sh

measure: host-tools ## Memory, CPU share, start-up and size of the firmware
	@$(needed) gcc binutils python3
	cargo build --release --locked -p firmware
	@benches/firmware.sh

measure-refit: host-tools ## Time, memory and instructions on 64-bit Arm of a refit to labelled clips
	@scripts/base-model.sh >/dev/null
	@$(needed) gcc python3 gcc-aarch64-linux-gnu libc6-dev-arm64-cross libc6:arm64 libasound2-dev:arm64
	@[ -n "$$HOST_FIRMWARE" ] || cargo build --release --locked -p firmware
	@benches/refit.sh

measure-weeks: ## Trend, drift and baseline on weeks of synthetic sound (SEEDS=, MEASURE=normal, days or baseline; half an hour a machine)
	@scripts/base-model.sh >/dev/null
	cargo build --locked -p firmware --bin firmware --example weeks
	@[ -n "$$HOST_TOOLS" ] || cargo build --locked -p host-tools
	@benches/weeks.sh

measure-speech: ## Share of speech that the detector finds in sound of machines, by espeak-ng and the recordings of MONITOR_RECORDINGS (minutes)
	@$(needed) espeak-ng sox python3
	cargo build --locked -p firmware --example speech
	@[ -n "$$HOST_TOOLS" ] || cargo build --locked -p host-tools
	@python3 scripts/speech.py $(built)/debug/examples/speech "$${HOST_TOOLS:-$(built)/debug/host-tools}" $(built)/speech

measure-fleet: ## Load of 500 devices on one MQTT broker, and its recovery (FLEET_DEVICES=, FLEET_SECONDS=)
	@$(needed) $(needed_by_slow_tests)
	@benches/mqtt-fleet.sh

##@ Release

man: ## Man pages and shell completions of both programs, into target/man
	@$(needed)
	$${HOST_MANUAL:-cargo run --locked -p firmware --example manual --} target/man
	$${HOST_TOOLS:-cargo run --locked -p host-tools --} man target/man/man1
	@for file in bash:host-tools.bash zsh:_host-tools fish:host-tools.fish powershell:_host-tools.ps1; do \
		$${HOST_TOOLS:-cargo run -q --locked -p host-tools --} completions $${file%%:*} >target/man/completions/$${file#*:} || exit 1; \
	done

release: ## Files of a release with checksums, SBOMs and notes, into target/release-VERSION (VERSION=; PARTS=, ARCH=, MINISIGN_KEY=)
	@scripts/release.sh "$(VERSION)"

apt-repository: ## Signed apt repository of what `make deb` has built, into target/image/apt (APT_KEY= names a key of gpg)
	@image/apt/repository.sh target/image/apt target/image/acoustic-monitor*_$$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)_*.deb

sbom: ## Components of programs and images as CycloneDX, into target/sbom (images need this machine's apt)
	@mkdir -p target/sbom
	@for what in "firmware amd64" "firmware arm64" firmware host-tools; do \
		python3 scripts/sbom.py $$what >"target/sbom/$$(echo $$what | tr ' ' -).cdx.json" || exit 1; \
	done
	@ls target/sbom

deny: ## Licences and sources of all dependencies (needs cargo-deny)
	cargo deny --locked check licenses bans sources

# clippy takes the version from Cargo.toml, too, and rejects newer interfaces of the standard library (incompatible_msrv).
msrv: ## All crates compile with the oldest supported Rust (rust-version in Cargo.toml)
	@version=$$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml); \
	if cargo "+$$version" --version >/dev/null 2>&1; then \
		CARGO_TARGET_DIR=$(built)/msrv cargo "+$$version" check --workspace --locked; \
	else \
		echo "SKIPPED: Rust $$version is not installed; run: rustup toolchain install $$version --profile minimal"; \
	fi

host-tools:
	@[ -n "$$HOST_TOOLS" ] || cargo build --release --locked -p host-tools
