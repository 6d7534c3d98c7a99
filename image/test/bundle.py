"""Converts an image to a bundle for runc: bundle.py ARCHIVE FOLDER unpacks `docker save`'s ARCHIVE to FOLDER/rootfs and writes
FOLDER/config.json with the settings of image/README.md's `docker run` line: its user, no capabilities, a read-only root, limits."""
import json
import pathlib
import sys
import tarfile

MODEL, CONFIG = "/etc/acoustic-monitor/sound_classifier.tflite", "/etc/acoustic-monitor/monitor.toml"


def unpack(archive: str, root: pathlib.Path) -> dict:
    """The image's configuration."""
    with tarfile.open(archive) as image:
        [manifest] = json.load(image.extractfile("manifest.json"))
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=image.extractfile(name)) as layer:
                layer.extractall(root)
        return json.load(image.extractfile(manifest["Config"]))["config"]


def bundle(image: dict) -> dict:
    user, group = map(int, image["User"].split(":"))
    limits = {"RLIMIT_RTPRIO": 95, "RLIMIT_MEMLOCK": (1 << 64) - 1}
    bind = lambda source, destination, *options: {
        "source": source, "destination": destination, "type": "bind", "options": ["rbind", *options]}
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": user, "gid": group}, "cwd": "/", "env": image["Env"] or [], "noNewPrivileges": True,
            "args": image["Entrypoint"] + image["Cmd"] + ["--stdout", "none"],
            "capabilities": {}, "rlimits": [{"type": name, "soft": value, "hard": value} for name, value in limits.items()],
        },
        "root": {"path": "rootfs", "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/run/acoustic-monitor", "type": "tmpfs", "source": "tmpfs", "options": [f"uid={user}", f"gid={group}", "mode=755"]},
            bind("/dev/snd", "/dev/snd"),
            bind(MODEL, MODEL, "ro"),
            bind("/etc/acoustic-monitor/container.toml", CONFIG, "ro"),
        ],
        "linux": {
            "resources": {"devices": [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 116, "access": "rw"}]},
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")],
        },
    }


def main() -> None:
    archive, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    root = folder / "rootfs"
    root.mkdir(parents=True)
    image = unpack(archive, root)
    # Mount points must exist, since the root is read-only.
    for name in ("proc", "dev", "run/acoustic-monitor", MODEL[1:], CONFIG[1:]):
        place = root / name
        if place.suffix:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        else:
            place.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(bundle(image), indent=1))


if __name__ == "__main__":
    main()
