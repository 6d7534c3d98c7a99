"""Cycles of the Arm kernels' inner loops by llvm-mca's models of processors; writes a dated record.

For each kernel the innermost loop with the most products is taken from the compiler's assembly. A model of LLVM knows latencies, ports
and widths, but no caches and no mispredicted branches: the figures are lower bounds, and compare kernels with each other. LLVM has a
model of its own for the Cortex-A53 and for the Neoverse N1, which is the Cortex-A76 for servers; the Cortex-A72 it models as an A57.
"""

import argparse
import json
import pathlib
import re
import subprocess
import tempfile

from record import FOLDER, date

# Function, and the sets of processors that run it.
PLAIN, DOT, MATRIX = ["cortex-a53", "cortex-a72"], ["cortex-a76"], ["neoverse-v1"]
KERNELS = {
    "neon_product2": PLAIN,
    "neon_planes": PLAIN,
    "dotprod_product6": DOT,
    "dotprod_planes": DOT,
    "i8mm_product6": MATRIX,
}
# By which of LLVM's models a processor is taken.
MODELS = {"cortex-a76": "neoverse-n1"}
# Products of bytes, or of bytes widened, per instruction.
PRODUCTS = {"sdot": 16, "smmla": 32, "smull": 8, "smull2": 8, "smlal": 8, "smlal2": 8}
# The depthwise kernel without dot products multiplies 16-bit values.
WIDE = 4
ITERATIONS = 100


def body_of(assembly, name):
    """The lines of the function whose mangled name contains `name`."""
    lines = assembly.splitlines()
    start = next(i for i, line in enumerate(lines) if re.match(rf"_ZN\S*{len(name)}{name}\S*:|_R\S*{name}\S*:", line))
    end = next(i for i in range(start, len(lines)) if lines[i].lstrip().startswith(".size") or ".Lfunc_end" in lines[i])
    return lines[start + 1 : end]


def instructions(lines):
    """Those lines that are instructions, without comments."""
    found = [line.split("//")[0].strip() for line in lines]
    return [line for line in found if line and not line.startswith(".") and not line.endswith(":")]


def products(lines):
    """Number of products that these instructions compute."""
    total = 0
    for line in lines:
        mnemonic = line.split()[0]
        wide = mnemonic in ("smull", "smull2", "smlal", "smlal2") and ".4s" in line.split(",")[0]
        total += WIDE if wide else PRODUCTS.get(mnemonic, 0)
    return total


def hottest_loop(lines):
    """The instructions of the innermost loop with the most products: from a label to a later branch back to it, without another such
    loop inside."""
    labels = {line.split(":")[0]: i for i, line in enumerate(lines) if re.match(r"\.L\w+:", line)}
    loops = []
    for i, line in enumerate(lines):
        target = re.search(r"\b(?:b|b\.\w+|cbn?z|tbn?z)\s.*?(\.L\w+)$", line.split("//")[0].strip())
        if target and labels.get(target[1], i) < i:
            loops.append((labels[target[1]], i + 1))
    innermost = [a for a in loops if not any(a != b and a[0] <= b[0] and b[1] <= a[1] for b in loops)]
    return max((instructions(lines[start:end]) for start, end in innermost), key=products)


def cycles(mca, loop, processor):
    """Cycles per iteration."""
    with tempfile.NamedTemporaryFile("w", suffix=".s") as file:
        # The loop's branch ends it; its target is not part of the file.
        file.write("\n".join(line for line in loop if not re.match(r"(b|b\.\w+|cbn?z|tbn?z)\s", line)) + "\n")
        file.flush()
        model = MODELS.get(processor, processor)
        command = [mca, "-mtriple=aarch64", f"-mcpu={model}", "-mattr=+dotprod,+i8mm", f"-iterations={ITERATIONS}", file.name]
        report = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return int(re.search(r"Total Cycles:\s+(\d+)", report)[1]) / ITERATIONS


def main():
    """Writes the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assembly", type=pathlib.Path, help="what the compiler emits for monitor-nn")
    parser.add_argument("--mca", default="llvm-mca", help="the program llvm-mca")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER)
    args = parser.parse_args()
    assembly = args.assembly.read_text(encoding="utf-8")
    version = subprocess.run([args.mca, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = []
    for name, processors in KERNELS.items():
        loop = hottest_loop(body_of(assembly, name))
        for processor in processors:
            rows.append(
                {
                    "kernel": name,
                    "processor": processor,
                    "model": MODELS.get(processor, processor),
                    "instructions": len(loop),
                    "products": products(loop),
                    "cycles": cycles(args.mca, loop, processor),
                }
            )
            rows[-1]["products_per_cycle"] = round(rows[-1]["products"] / rows[-1]["cycles"], 2)
            print("{kernel:18} {processor:12} {instructions:4} instructions, {products:5} products, {cycles:7.1f} cycles, "
                  "{products_per_cycle:6.2f} products per cycle".format(**rows[-1]))
    record = {"date": date(), "llvm": re.search(r"version (\S+)", version)[1], "loops": rows}
    file = args.out / f"{record['date']}-model-cycles-aarch64.json"
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"written to {file}")


if __name__ == "__main__":
    main()
