#!/usr/bin/env python3
"""Mixes speech into the sound of machines and counts what the detector finds: speech.py DETECTOR HOST_TOOLS FOLDER

DETECTOR is the example `speech` of the firmware, the detector of the product. Speech is by espeak-ng: 24 sentences, English and German,
six voices, two speeds. Machines are synthetic ones, and the recordings in the folder that MONITOR_RECORDINGS names where it is set, each
folder of WAV files a set. Prints two tables: how many clips of machines alone count as speech, and how many mixtures do at each ratio of
the root mean squares over the clip. Everything is computed from the same seeds: two runs print the same.
"""

import array
import math
import os
import pathlib
import statistics
import subprocess
import sys
import wave

ENGLISH = [
    "Can somebody close the door, please, it is cold in here.",
    "The delivery comes at half past seven tomorrow morning.",
    "I told him twice that the belt has to be changed this week.",
    "Did you see the game last night, it was really close.",
    "Wait a moment, I will call the control room first.",
    "My daughter starts school next month, time goes by so fast.",
    "Put the pallets over there, next to the second gate.",
    "We need three more people for the late shift on Friday.",
    "That noise was not there yesterday, was it?",
    "He said he would be back in ten minutes, but who knows.",
    "Please sign here, and then again on the other page.",
    "Let us have lunch together when the inspection is over.",
]
GERMAN = [
    "Kann bitte jemand die Tür zumachen, es zieht hier furchtbar.",
    "Die Lieferung kommt morgen früh um halb acht.",
    "Ich habe ihm zweimal gesagt, dass der Riemen gewechselt werden muss.",
    "Hast du gestern Abend das Spiel gesehen, das war knapp.",
    "Warte kurz, ich rufe erst in der Leitwarte an.",
    "Meine Tochter kommt nächsten Monat in die Schule.",
    "Stell die Paletten da drüben hin, neben das zweite Tor.",
    "Wir brauchen am Freitag noch drei Leute für die Spätschicht.",
    "Das Geräusch war gestern aber noch nicht da, oder?",
    "Er wollte in zehn Minuten zurück sein, aber wer weiß.",
    "Unterschreiben Sie bitte hier und dann noch auf der anderen Seite.",
    "Lass uns zusammen essen gehen, wenn die Prüfung vorbei ist.",
]
VOICES = {"en-gb": ENGLISH, "en-us+f3": ENGLISH, "en-gb+m3": ENGLISH, "de": GERMAN, "de+f2": GERMAN, "de+m3": GERMAN}
# Words a minute.
SPEEDS = (140, 190)
# Longest clip, in seconds, and mixtures of each set.
CLIP_S = 5
MIXTURES = 8
# Speech above the machine, and the level of the whole mixture, in dB.
ROWS = [(20, 0), (10, 0), (5, 0), (0, 0), (-5, 0), (10, -20), (5, -20)]


def read(path):
    """Rate and samples of a WAV file of one channel and 16 bits, at most CLIP_S long; None for another."""
    with wave.open(str(path)) as file:
        if file.getnchannels() != 1 or file.getsampwidth() != 2:
            return None
        return file.getframerate(), array.array("h", file.readframes(CLIP_S * file.getframerate()))


def write(path, rate, samples):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(array.array("h", (max(-32768, min(32767, round(sample))) for sample in samples)).tobytes())


def rms(samples):
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


def machines(tools, folder):
    """Sets of machine sound by their names."""
    sets = {}
    recordings = os.environ.get("MONITOR_RECORDINGS")
    if recordings:
        for each in sorted(path for path in pathlib.Path(recordings).rglob("*") if path.is_dir()):
            if files := sorted(each.glob("*.wav")):
                sets[str(each.relative_to(recordings))] = files
    for name, more in (("synthetic", []), ("synthetic, faults", ["--faults"])):
        out = folder / name.replace(", ", "-")
        command = [tools, "synth", "-q", "--out", out, "--seed", "1", "--machines", "1", "--recordings", "8", "--seconds", str(CLIP_S), "--timeline-seconds", "0"]
        subprocess.run([*command, *more], check=True, stdout=subprocess.DEVNULL)
        states = sorted(path for path in out.iterdir() if path.is_dir())
        # The same four states are in both.
        states = [path for path in states if not more or not (folder / "synthetic" / path.name).exists()]
        sets[name] = [file for state in states for file in sorted(state.glob("*.wav"))]
    return sets


def speech(number, rate, folder):
    """Samples of the mixture's sentence at this rate."""
    voices = list(VOICES)
    voice = voices[number % len(voices)]
    sentences = VOICES[voice]
    said, resampled = folder / "said.wav", folder / "said-resampled.wav"
    sentence = sentences[number // len(voices) % len(sentences)]
    speed = SPEEDS[number // len(voices) % len(SPEEDS)]
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", said, sentence], check=True)
    # The same bits in every run, and quieter, as resampling overshoots.
    subprocess.run(["sox", "-R", "-D", "-v", "0.8", said, "-r", str(rate), "-c", "1", "-b", "16", resampled], check=True)
    samples = read(resampled)[1]
    # From its first sound on: times are counted from there.
    loudest = max(max(samples), -min(samples))
    return samples[next(at for at, sample in enumerate(samples) if abs(sample) > 0.02 * loudest):]


def mix(machine, words, above_db, level_db):
    """Both, the root mean square of the speech over the clip this much above the machine's."""
    words = (words + array.array("h", bytes(2 * max(0, len(machine) - len(words)))))[: len(machine)]
    gain = 10 ** (above_db / 20) * rms(machine) / max(rms(words), 1e-9)
    mixed = [a + gain * b for a, b in zip(machine, words)]
    # Nothing is clipped, as no recording with headroom is.
    scale = min(10 ** (level_db / 20), 32000 / max(max(mixed), -min(mixed), 1))
    return [scale * sample for sample in mixed]


def found(detector, files):
    """Seconds until speech is found, of each file; None where it is not."""
    lines = subprocess.run([detector, *files], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [None if line.split("\t")[1] == "-" else float(line.split("\t")[1]) for line in lines]


def main():
    detector, tools, folder = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
    folder.mkdir(parents=True, exist_ok=True)
    sets = machines(tools, folder)
    print("| machine alone | clips | count as speech |\n|---|---|---|")
    clips = {}
    for name, files in sets.items():
        kept = [(file, sound) for file in files if (sound := read(file))]
        clips[name] = kept
        paths = []
        for number, (_, (rate, samples)) in enumerate(kept):
            paths.append(folder / f"alone-{number:03}.wav")
            write(paths[-1], rate, samples)
        share = sum(time is not None for time in found(detector, paths)) / len(paths)
        print(f"| {name} | {len(paths)} | {share:.2f} |")
    # Spread over the set: its first files are of one state.
    chosen = [kept[len(kept) * at // MIXTURES][1] for kept in clips.values() for at in range(MIXTURES)]
    said = [speech(number, rate, folder) for number, (rate, _) in enumerate(chosen)]
    print("\n| speech | mixtures | found | after, in the median | nine in ten of those | at most |\n|---|---|---|---|---|---|")
    for above_db, level_db in ROWS:
        paths = []
        for number, ((rate, samples), words) in enumerate(zip(chosen, said)):
            paths.append(folder / f"mixed-{number:03}.wav")
            write(paths[-1], rate, mix(samples, words, above_db, level_db))
        times = sorted(time for time in found(detector, paths) if time is not None)
        row = f"{above_db} dB above the machine" if above_db >= 0 else f"{-above_db} dB below the machine"
        row += f", all {-level_db} dB lower" if level_db else ""
        delays = f"{statistics.median(times):.2f} s | {times[math.ceil(0.9 * len(times)) - 1]:.2f} s | {times[-1]:.2f} s" if times else "- | - | -"
        print(f"| {row} | {len(paths)} | {len(times) / len(paths):.2f} | {delays} |")


main()
