# The README's two commands are `make demo` and `make test`; `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help demo test lint unit no-std windows verify interop arm64 bench-peers count-instructions measure fuzz sanitize soak soak-short deny sbom image containers deb test-deb sdcard test-pi

help: ## List the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: ## The main job end to end: data, training, evaluation, plots, verdicts
	@[ -n "$$HOST_TOOLS" ] || cargo build --release --locked -p host-tools
	@scripts/demo.sh

test: lint unit no-std windows ## Lints, every test, the bare-metal and the Windows build

lint:
	@scripts/need-packages.sh libasound2-dev pkg-config
	cargo fmt --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@image/test/buildroot.sh

unit:
	@scripts/need-packages.sh libasound2-dev pkg-config mosquitto openssl gcc faketime
	cargo test --workspace --locked --no-run
	@# Alone, host-tools would be compiled once more, with fewer features of what it shares with the firmware.
	HOST_TOOLS=$$(realpath "$${CARGO_TARGET_DIR:-target}")/debug/host-tools cargo test --workspace --locked
	cargo test --workspace --locked --features firmware/tls --test mqtt -- tls

no-std: ## The core compiles for a microcontroller without an operating system
	@rustup target list --installed 2>/dev/null | grep -q thumbv7em-none-eabihf || scripts/need-packages.sh rustc-web rust-web-src
	@scripts/check-no-std.sh

windows: ## host-tools has no Unix-only dependency and compiles for Windows
	@scripts/check-windows.sh

verify: ## The int8 engine against the TFLite C++ interpreter, bit for bit (builds TensorFlow Lite: minutes)
	@scripts/verify.sh

interop: ## The exported files in LiteRT and MediaPipe, against our own verdicts
	@[ -n "$$HOST_TOOLS" ] || cargo build --release --locked -p host-tools
	@scripts/interop.sh

arm64: ## The engine's tests on the kernels of 64-bit Arm, with and without dot products, under QEMU
	@scripts/test-arm64.sh

bench-peers: ## The engine against LiteRT in one interleaved run; writes a record under benches/records
	cargo build --release --locked -p host-tools
	@scripts/bench-peers.sh

measure: ## Memory, CPU share, start-up and size of the firmware; writes a record under benches/records
	@scripts/need-packages.sh libasound2-dev pkg-config gcc binutils python3
	cargo build --release --locked -p firmware -p host-tools
	@scripts/measure-firmware.sh

count-instructions: ## Instructions per window on 64-bit Arm, ours and LiteRT's, under QEMU; writes a record
	@scripts/count-instructions.sh

fuzz: ## Search for bytes that break a reader, 10 minutes each (needs cargo-fuzz; SECONDS_EACH=, TARGETS=)
	@scripts/need-packages.sh libasound2-dev pkg-config clang
	@scripts/fuzz.sh $(TARGETS)

sanitize: ## The core under the address sanitizer, the ring between the threads under the thread sanitizer
	@scripts/need-packages.sh libasound2-dev pkg-config
	@scripts/sanitize.sh

soak: ## Ten minutes of listening with everything that goes on in a plant: memory must stay as it is (SECONDS_OF_SOAK=; after make demo)
	@scripts/need-packages.sh libasound2-dev pkg-config python3
	@[ -n "$$HOST_FIRMWARE" ] || cargo build --locked -p firmware
	@python3 scripts/soak.py $${SECONDS_OF_SOAK:-600} --firmware "$${HOST_FIRMWARE:-target/debug/firmware}"

soak-short: ## The same for two minutes
	@SECONDS_OF_SOAK=120 $(MAKE) --no-print-directory soak

sbom: ## What programs and images consist of, as CycloneDX, into target/sbom (images need this machine's apt)
	@mkdir -p target/sbom
	@for what in "firmware amd64" "firmware arm64" firmware host-tools; do \
		python3 scripts/sbom.py $$what >"target/sbom/$$(echo $$what | tr ' ' -).cdx.json" || exit 1; \
	done
	@ls target/sbom

deny: ## Licences and sources of all dependencies (needs cargo-deny)
	cargo deny --locked check licenses bans sources

image: ## The container for amd64 and arm64, twice: same bytes, and no bigger than promised (MODEL=artifacts/FILE bakes one in)
	@image/image.sh

containers: ## The README's docker lines as written, self-test and sizes, for amd64 and arm64 (ENGINE=docker or buildah)
	@image/test/containers.sh

deb: ## A Debian package for arm64
	@image/deb/build.sh

test-deb: ## The package is built, installed, checked by systemd, removed (needs a Docker engine)
	@image/test/deb.sh

sdcard: ## A flashable card for Pi 3 and 4 that runs from memory (MODEL=FILE puts a model on it)
	@image/sdcard.sh

test-pi: ## The firmware on an emulated Pi listens to a recording whose states are known
	@image/test/pi.sh
