"""Checks that each board of the card finds its drivers: drivers.py KERNEL INITRAMFS TREES

KERNEL is Debian's folder /lib/modules/RELEASE with the kernel in it, INITRAMFS that folder of the initramfs. For each board the device
tree must exist and name the devices that the card needs. Each of them, and whatever it depends on by the tree (its bus, clocks,
resets, regulators, interrupt controllers, pins, ...: without one of these the kernel never starts the device), must have a driver. If
one of Debian's modules is that driver, init must load it; otherwise the kernel itself must name the device.
"""
import fnmatch
import pathlib
import re
import sys

import fdt

BCM2835_LINE, SDHOST = "brcm,bcm2835-aux-uart", "brcm,bcm2835-sdhost"
PI3 = {"card": SDHOST, "USB": "brcm,bcm2835-usb", "pins": "brcm,bcm2835-gpio", "header's serial line": BCM2835_LINE,
       "watchdog": "brcm,bcm2835-pm"}
BOARDS = {
    "bcm2837-rpi-3-b.dtb": PI3,
    "bcm2837-rpi-3-b-plus.dtb": PI3,
    "bcm2837-rpi-zero-2-w.dtb": PI3,
    "bcm2711-rpi-4-b.dtb": {"card": "brcm,bcm2711-emmc2", "USB": "brcm,bcm2711-pcie", "pins": "brcm,bcm2711-gpio",
                            "header's serial line": BCM2835_LINE, "watchdog": "brcm,bcm2711-pm"},
    "bcm2712-rpi-5-b.dtb": {"card": "brcm,bcm2712-sdhci", "USB": "snps,dwc3", "pins": "raspberrypi,rp1-gpio",
                            "debug connector's serial line": "arm,pl011", "watchdog": "brcm,bcm2712-pm"},
}
I2S = {"I2S": "brcm,bcm2835-i2s", "I2S microphone": "dmic-codec", "I2S sound card": "simple-audio-card"}
BOARDS |= {name.replace(".dtb", "-i2s.dtb"): needed | I2S for name, needed in BOARDS.items() if "bcm2712" not in name}
# Further devices of an image with network.
NETWORK = {
    "bcm2837-rpi-3-b.dtb": {"Wi-Fi": "brcm,bcm4329-fmac"},
    "bcm2837-rpi-3-b-plus.dtb": {"Wi-Fi": "brcm,bcm4329-fmac"},
    "bcm2837-rpi-zero-2-w.dtb": {"Wi-Fi": "brcm,bcm4329-fmac"},
    "bcm2711-rpi-4-b.dtb": {"Wi-Fi": "brcm,bcm4329-fmac", "Ethernet": "brcm,bcm2711-genet-v5"},
    "bcm2712-rpi-5-b.dtb": {"Wi-Fi": "brcm,bcm4329-fmac", "Ethernet": "raspberrypi,rp1-gem"},
}
# Properties that refer to suppliers, with the property of a supplier that counts the cells after its number.
REFERENCES = [
    (r"clocks|assigned-clock-parents", "#clock-cells"), (r"resets", "#reset-cells"), (r".*-supply", None),
    (r"(.*-)?gpios?", "#gpio-cells"), (r"interrupts-extended", "#interrupt-cells"), (r"power-domains", "#power-domain-cells"),
    (r"dmas", "#dma-cells"), (r"phys", "#phy-cells"), (r"pinctrl-\d+", None), (r"mmc-pwrseq", None), (r"mboxes", "#mbox-cells"),
    (r"iommus", "#iommu-cells"), (r"msi-parent", "#msi-cells"), (r"firmware|brcm,firmware|raspberrypi,firmware", None),
    (r"sound-dai", "#sound-dai-cells"), (r"nvmem-cells", "#nvmem-cell-cells"), (r"usb-phy", None),
]
# Modules that no device tree names: the host of the dwc3, the USB controller behind the PCI Express of a Pi 4, the chip at the socket.
BESIDE = {"snps,dwc3": "xhci_plat_hcd", "brcm,bcm2711-pcie": "xhci_pci", "brcm,bcm2711-genet-v5": "broadcom",
          "raspberrypi,rp1-gem": "broadcom", "brcm,bcm4329-fmac": "brcmfmac_cyw"}
# Without a driver by that name: memory is read directly, and Wi-Fi is found by its number on the bus.
NO_DRIVER = {"simple-mfd", "syscon", "nvmem-rmem", "brcm,bcm4329-fmac"}


class Drivers:
    def __init__(self, kernel: pathlib.Path, initramfs: pathlib.Path):
        self.kernel = (kernel / "vmlinuz").read_bytes()
        self.aliases = [line.split()[1:] for line in (kernel / "modules.alias").read_text().splitlines()
                        if line.startswith(("alias of:", "alias pci:"))]
        self.needs = {}
        for line in (initramfs / "modules.dep").read_text().splitlines():
            file, _, needed = line.partition(":")
            self.needs[name(file)] = [name(other) for other in needed.split()]
        # What init loads always, and when it is needed.
        self.loaded = self.closure((initramfs / "load").read_text().split())
        self.on_demand = self.closure((initramfs / "on-demand").read_text().split())

    def closure(self, listed: list[str]) -> set[str]:
        """These modules and those that they need."""
        listed = [one.replace("-", "_") for one in listed]
        return {*(one for one in listed if one in self.needs), *(needed for one in listed for needed in self.needs.get(one, []))}

    def modules_of(self, node: str, compatible: list[str]) -> set[str]:
        """The modules whose alias the kernel would ask for."""
        found = set()
        pci = re.fullmatch(r"pci([0-9a-f]+),([0-9a-f]+)", compatible[0])
        wanted = "of:N" + node.rpartition("/")[2].partition("@")[0] + "T(null)" + "".join(f"C{text}" for text in compatible)
        if pci:
            wanted = f"pci:v{int(pci[1], 16):08X}d{int(pci[2], 16):08X}sv00000000sd00000000bc00sc00i00"
        for pattern, module in self.aliases:
            if fnmatch.fnmatchcase(wanted, pattern):
                found.add(module)
        return found

    def built_in(self, compatible: list[str]) -> bool:
        """Whether a table of the kernel itself names one of them."""
        return any(b"\0" + text.encode() + b"\0" in self.kernel for text in compatible)


def name(file: str) -> str:
    return pathlib.PurePath(file).name.partition(".")[0].replace("-", "_")


class Tree:
    def __init__(self, path: pathlib.Path):
        self.nodes = fdt.read(path)
        self.by_number = {fdt.cells(p["phandle"])[0]: node for node, p in self.nodes.items() if "phandle" in p}

    def enabled(self, node: str) -> bool:
        return fdt.texts(self.nodes[node].get("status", b"okay")) in (["okay"], ["ok"])

    def with_compatible(self, text: str) -> list[str]:
        return [node for node, p in self.nodes.items() if text in fdt.texts(p.get("compatible", b"")) and self.enabled(node)]

    def suppliers(self, node: str) -> set[str]:
        found, properties = set(), self.nodes[node]
        for key, value in properties.items():
            count = next((count for pattern, count in REFERENCES if re.fullmatch(pattern, key)), "none")
            if count == "none" or key == "gpio-controller":
                continue
            values = list(fdt.cells(value))
            while values:
                target = self.by_number.get(values.pop(0))
                if target is None:
                    break
                found.add(target)
                size = self.nodes[target].get(count, b"") if count else b""
                del values[:fdt.cells(size)[0] if size else 0]
        if "interrupts" in properties:
            above = node
            while "interrupt-parent" not in self.nodes[above or "/"] and above:
                above = above.rpartition("/")[0]
                # Without a number the next controller above serves.
                if "interrupt-controller" in self.nodes[above or "/"]:
                    found.add(above)
                    break
            else:
                found.add(self.by_number[fdt.cells(self.nodes[above or "/"]["interrupt-parent"])[0]])
        if node.rpartition("/")[0]:
            found.add(node.rpartition("/")[0])
        return found - {node}


def missing(tree: Tree, drivers: Drivers, loaded: set[str], start: str) -> list[str]:
    """What the device at `start` lacks, and what is behind it if it is a bus of PCI."""
    todo, seen, found = [start], set(), []
    if fdt.texts(tree.nodes[start].get("device_type", b"")) == ["pci"]:
        todo += [node for node in tree.nodes if node.startswith(f"{start}/")]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        compatible = fdt.texts(tree.nodes[node].get("compatible", b""))
        # The kernel does not wait for what is disabled.
        if not tree.enabled(node):
            continue
        todo += tree.suppliers(node)
        if not compatible or set(compatible) <= NO_DRIVER:
            continue
        modules = drivers.modules_of(node, compatible)
        if modules and not modules & loaded:
            found.append(f"{node} ({', '.join(compatible)}): init does not load {' or '.join(sorted(modules))}")
        elif not modules and not drivers.built_in(compatible):
            found.append(f"{node} ({', '.join(compatible)}) has no driver")
    return found


def main() -> int:
    kernel, modules, trees = map(pathlib.Path, sys.argv[1:4])
    drivers, failed, count = Drivers(kernel, modules), 0, 0
    network = "brcmfmac" in drivers.loaded
    for file, needed in BOARDS.items():
        tree = Tree(trees / file)
        loaded = drivers.loaded | (drivers.on_demand if "-i2s" in file else set())
        for what, compatible in {**needed, **(NETWORK.get(file, {}) if network else {})}.items():
            nodes = tree.with_compatible(compatible)
            problems = [problem for node in nodes for problem in missing(tree, drivers, loaded, node)]
            if (beside := BESIDE.get(compatible)) and beside not in loaded:
                problems.append(f"init does not load {beside}")
            if not nodes:
                problems = [f"no enabled device {compatible}"]
            count, failed = count + 1, failed + bool(problems)
            for problem in dict.fromkeys(problems):
                print(f"{file}: {what}: {problem}", file=sys.stderr)
    print(f"drivers of {len(BOARDS)} device trees: {count - failed} of {count} devices complete")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
