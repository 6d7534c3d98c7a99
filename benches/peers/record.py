"""Dated records of measurements."""

import datetime
import json
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benches/records"


def processor():
    """The processor's name, or the architecture."""
    try:
        lines = open("/proc/cpuinfo", encoding="utf-8").read().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return os.uname().machine


def date():
    """Today in UTC."""
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}"


def write(folder, name, record):
    """Writes a record completely or not at all; returns its path, within the repository a relative one."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{record['date']}-{name}-{os.uname().machine}.json"
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    temporary.replace(file)
    return file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
