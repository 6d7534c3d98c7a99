"""An emulated machine: QEMU with its console and its second serial line in files, and QMP to read its pins."""
import json
import pathlib
import socket
import subprocess
import time


def reports(tools: pathlib.Path, line: pathlib.Path) -> list[dict]:
    """All frames received on a serial line, as `host-tools monitor` decodes them."""
    command = [str(tools), "monitor", "--file", str(line), "--json"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(text) for text in text.splitlines()]


class Machine:
    """Starts QEMU; `console` and `wire` are the files that the two lines write."""

    def __init__(self, folder: pathlib.Path, kernel, initrd, extra: list[str], append: str):
        folder.mkdir(parents=True, exist_ok=True)
        self.console, self.wire = folder / "console.log", folder / "wire.bin"
        self.socket_path = folder / "qmp.sock"
        for old in (self.console, self.wire, self.socket_path):
            old.unlink(missing_ok=True)
        command = ["qemu-system-aarch64", "-accel", "tcg", "-display", "none", "-monitor", "none", "-no-reboot",
                   "-kernel", str(kernel), "-initrd", str(initrd), "-append", append,
                   "-qmp", f"unix:{self.socket_path},server=on,wait=off"]
        lines = {"{console}": str(self.console), "{wire}": str(self.wire)}
        for argument in extra:
            for name, path in lines.items():
                argument = argument.replace(name, path)
            command.append(argument)
        self.process = subprocess.Popen(command)
        self.qmp = None

    def console_text(self) -> str:
        """The console output so far."""
        return self.console.read_text(errors="replace") if self.console.exists() else ""

    def read_word(self, address: int) -> int:
        """Reads a word of the machine's memory, such as a pin register."""
        if self.qmp is None:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(self.socket_path))
            self.qmp = connection.makefile("rw")
            self.qmp.readline()
            self._ask("qmp_capabilities")
        answer = self._ask("human-monitor-command", {"command-line": f"xp /1wx {address:#x}"})
        return int(answer.split()[-1], 16)

    def _ask(self, command: str, arguments: dict | None = None):
        self.qmp.write(json.dumps({"execute": command, "arguments": arguments or {}}) + "\n")
        self.qmp.flush()
        while True:
            answer = json.loads(self.qmp.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"]["desc"])

    def run(self, seconds: float, look, enough=lambda: False) -> bool:
        """Runs until the machine is off (returns `True`), the time is over or `enough()` holds; calls `look` ten times a second."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not enough():
            if self.process.poll() is not None:
                return True
            try:
                look()
            except (OSError, ValueError):
                # The machine was switched off in between.
                self.process.wait(5)
            time.sleep(0.1)
        return False

    def kill(self) -> None:
        """Ends the machine like a power cut."""
        self.process.kill()
        self.process.wait()
