"""Writes the components of a program or image as CycloneDX 1.5: sbom.py PROGRAM [ARCHITECTURE]  (host-tools | firmware; amd64 | arm64)

Without an architecture: the program and the crates that are linked into it or that build it. With one: the container image of
that architecture, which adds the libraries and the loader beside the program, with their Debian packages.
The output depends only on Cargo.lock, the manifests and the packages' versions.
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUST = {"amd64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
# The Debian package of each library in the image; libasound is built from Debian's source (image/container/alsa.sh).
PACKAGES = {r"libasound\.so": "alsa-lib", r"libgcc_s\.so": "libgcc-s1", r"(libc|libm|libpthread|libdl|librt|ld-linux.*)\.so": "libc6"}
LICENCES = {"alsa-lib": "LGPL-2.1-or-later", "libc6": "LGPL-2.1-or-later", "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1"}


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def crates(program: str, target: str) -> tuple[dict, list[dict]]:
    """The program's package, and every crate of its build, without those of its tests."""
    metadata = json.loads(output("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    # The features of one program alone: metadata unites those of the whole workspace.
    tree = output("cargo", "tree", "--locked", "-p", program, "-e", "normal,build", "--target", target, "--prefix", "none", "-f", "{p}")
    linked = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
    root = next(package for package in packages.values() if package["name"] == program)
    sums = checksums()
    found = []
    for package in sorted((packages[name] for name in nodes), key=lambda package: (package["name"], package["version"])):
        name, version = package["name"], package["version"]
        if (name, "v" + version) not in linked or package["id"] == root["id"]:
            continue
        component = {"type": "library", "name": name, "version": version, "purl": f"pkg:cargo/{name}@{version}"}
        component["bom-ref"] = component["purl"]
        # The old form with a slash means OR.
        licence = (package["license"] or "").replace("/", " OR ")
        component["licenses"] = [{"expression": re.sub(r"\s+", " ", licence)}]
        if (name, version) in sums:
            component["hashes"] = [{"alg": "SHA-256", "content": sums[name, version]}]
        found.append(component)
    missing = linked - {(component["name"], "v" + component["version"]) for component in found} - {(program, "v" + root["version"])}
    if missing or not all(component["licenses"][0]["expression"] for component in found):
        raise SystemExit(f"sbom: missing from cargo metadata, or without a licence: {missing or found}")
    return root, found


def checksums() -> dict[tuple[str, str], str]:
    """The checksum of each crate's archive, from Cargo.lock."""
    pattern = r'\[\[package\]\]\nname = "(.+)"\nversion = "(.+)"\nsource = .+\nchecksum = "(.+)"'
    return {(name, version): checksum for name, version, checksum in re.findall(pattern, (ROOT / "Cargo.lock").read_text())}


def debian_version(package: str, architecture: str) -> str:
    """The version in Debian 12; for alsa-lib, which the image compiles, the version that is compiled."""
    if package == "alsa-lib":
        return re.search(r"alsa-lib=(\S+)", (ROOT / "image/container/alsa.sh").read_text())[1]
    for name in (f"{package}:{architecture}", package):
        policy = subprocess.run(["apt-cache", "policy", name], capture_output=True, text=True).stdout
        if found := re.search(r"Candidate: (\d\S*)", policy):
            return found[1]
    raise SystemExit(f"sbom: apt has no version of {package}; run `apt-get update`")


def image_files(architecture: str) -> dict[str, bytes]:
    """The files of the built image; empty before it is built."""
    archive = ROOT / f"target/image/acoustic-monitor-{architecture}.tar"
    if not archive.exists():
        return {}
    files = {}
    with tarfile.open(archive) as image:
        for layer in json.load(image.extractfile("manifest.json"))[0]["Layers"]:
            with tarfile.open(fileobj=image.extractfile(layer)) as content:
                files |= {file.name: content.extractfile(file).read() for file in content if file.isfile()}
    return files


def libraries(architecture: str) -> list[dict]:
    """The Debian packages in the image, with their files once the image is built."""
    files = image_files(architecture)
    shared = {name: bytes for name, bytes in files.items() if ".so" in name.rsplit("/", 1)[-1]}
    found = []
    for pattern, package in PACKAGES.items():
        version = debian_version(package, architecture)
        purl = f"pkg:deb/debian/{package}@{version}?arch={architecture}&distro=debian-12"
        component = {
            "type": "library", "name": package, "version": version, "purl": purl, "bom-ref": purl,
            "licenses": [{"expression": LICENCES[package]}],
        }
        own = sorted(name for name in shared if re.fullmatch(pattern + ".*", name.rsplit("/", 1)[-1]))
        if own:
            component["components"] = [
                {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(shared.pop(name)).hexdigest()}]}
                for name in own
            ]
        if own or not files:
            found.append(component)
    if shared:
        raise SystemExit(f"sbom: PACKAGES names no package for {sorted(shared)}")
    return found


def main() -> int:
    if len(sys.argv) not in (2, 3) or sys.argv[2:] and sys.argv[2] not in RUST:
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    program, architecture = sys.argv[1], sys.argv[2] if sys.argv[2:] else None
    target = RUST[architecture] if architecture else re.search(r"host: (\S+)", output("rustc", "-vV"))[1]
    root, components = crates(program, target)
    if architecture:
        components += libraries(architecture)
    subject = {
        "type": "container" if architecture else "application",
        "name": f"acoustic-monitor:{architecture}" if architecture else program,
        "version": root["version"], "licenses": [{"expression": root["license"]}], "bom-ref": "subject",
    }
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": subject},
        "components": components,
        "dependencies": [{"ref": "subject", "dependsOn": [component["bom-ref"] for component in components]}],
    }
    json.dump(bom, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
