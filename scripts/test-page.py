#!/usr/bin/env python3
"""Opens the device's page in headless Chromium: test-page.py FIRMWARE HOST_TOOLS FOLDER

A small model is trained on synthetic sound, and the firmware plays a recording with known states. Every screen is opened with 360 and
1600 pixels, light and dark, in English and German. It fails where a screen is wider than the window, has an element without a name, a
text of too little contrast or a key in place of a text, where axe-core finds a violation of WCAG 2.2 AA, where the browser reports an
error, or where a person with a keyboard alone cannot log in, change a setting, keep a clip, acknowledge an alarm or label a sound. The
labels are saved and read by `train`. Screenshots are left in FOLDER.
"""

import hashlib
import importlib.util
import json
import pathlib
import socket
import struct
import subprocess
import sys
import tarfile
import time
import urllib.request
import zlib

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

SCREENS = {"now": "canvas.spectrogram", "alarms": "main li img", "history": "canvas.days:not([hidden])", "teach": "main fieldset", "listen": "canvas.spectrogram",
           "settings": "main fieldset", "models": "main li.card"}
WIDTHS = (360, 1600)

# Names of controls and pictures, contrast of texts (WCAG 2.2: 4.5, large ones 3), and keys without a text.
CHECK = """
const faults = [];
const named = (e) => e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length) || e.alt !== undefined;
document.querySelectorAll('button, a, input, select, canvas, audio, img').forEach((e) => { if (!named(e)) faults.push('no name: ' + e.outerHTML.slice(0, 80)); });
if (document.documentElement.scrollWidth > innerWidth) faults.push(`wider than the window: ${document.documentElement.scrollWidth}`);
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
  if (!text || !e.getClientRects().length || e.disabled) continue;
  if (/^[a-z_]+(\\.[a-z_ 0-9]+)+$/.test(text) && !text.endsWith('.tflite')) faults.push('a key in place of a text: ' + text);
  const style = getComputedStyle(e), [a, b] = [light(rgb(style.color)), light(ground(e))].sort((x, y) => y - x);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) faults.push(`contrast ${((a + 0.05) / (b + 0.05)).toFixed(2)}: ${text.slice(0, 40)}`);
}
return faults;
"""


# Violations of WCAG 2.2, levels A and AA, that axe-core finds.
AXE = """
const done = arguments[0];
axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(
  ({ violations }) => done(violations.map(({ id, help, nodes }) => `axe ${id}: ${help}: ${nodes.length} times, ${nodes[0].html.slice(0, 120)}`)),
  (error) => done([`axe: ${error}`]));
"""


def axe(driver):
    """The faults that axe-core finds. A package of PyPI carries it; of that package nothing else is used."""
    source = pathlib.Path(importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]) / "axe.min.js"
    driver.execute_script(source.read_text())
    return driver.execute_async_script(AXE)


def prepare(tools, folder):
    """Trains a model, once; the model and a recording with changing states."""
    model, data = folder / "model" / "sound_classifier.tflite", folder / "data"
    if not model.exists():
        run = [tools, "synth", "-q", "--out", data, "--recordings", "4", "--seconds", "6", "--timeline-seconds", "600"]
        subprocess.run(run, check=True)
        normal = ["--normal", "on_state,off_state,soft_state", "--features", "logmel", "--folds", "0"]
        subprocess.run([tools, "train", "-q", "--data", data, "--out", folder / "model", *normal], check=True, stdout=subprocess.DEVNULL)
    return model, data / "timeline" / "shift_000.wav"


def start(firmware, model, sound, folder):
    """Starts the firmware; the process and the address of its page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "monitor.toml"
    config.write_text(
        f'[listen]\nmodel = "{model}"\nstate_dir = "{folder}/state"\n[alarm]\nstates = ["solid_state"]\nlatch = true\n'
        f'[events]\nfolder = "{folder}/events"\n[clips]\nfolder = "{folder}/clips"\nbefore_s = 4.0\nafter_s = 2.0\nreserve_mib = 0\n'
        f'[teach]\nfolder = "{folder}/teach"\nconfidence = 0.99\nunsure_s = 1.0\nclip_s = 3.0\npause_s = 0.0\ndistance_db = 1.0\nreserve_mib = 0\n'
        f'[page]\nenabled = true\nuploads = "any"\nlive_sound = true\nlisten = "127.0.0.1:{port}"\n'
    )
    command = [firmware, "run", "--config", config, "--wav", sound, "--realtime"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL), f"http://127.0.0.1:{port}/"


def days(model, state):
    """Daily medians of forty days, as the firmware stores them: the score of one state rises, another one is steady."""
    state.mkdir(exist_ok=True)
    scored_by = hashlib.sha256(hashlib.sha256(model.read_bytes()).digest()).hexdigest()
    today = int(time.time() // 86400)
    medians = lambda day: [{"state": 1, "position": 0.2 + 0.012 * day + 0.02 * (day % 3), "level": -30.0, "seconds": 36000.0},
                           {"state": 2, "position": 0.3 + 0.03 * (day % 2), "level": -40.0, "seconds": 7200.0}]
    # Three days without sound.
    closed = [{"number": day + 1, "date": today - 40 + day, "sound_h": 12.0 * (day + 1), "states": medians(day)} for day in range(40) if day not in (20, 21, 22)]
    lines = [json.dumps(line, separators=(",", ":")) for line in [{"version": 1, "model": scored_by}, *closed]]
    (state / "trend.days").write_text("".join(f"{line}\t{zlib.crc32(line.encode()):08x}\n" for line in lines))


def withheld_clip(clips):
    """A clip of which only the picture was stored, 640 x 256 grey values."""
    clips.mkdir(exist_ok=True)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes((x // 8 * 8 + y // 4 * 4) % 200 for x in range(640)) for y in range(256))
    header = struct.pack(">IIBBBBB", 640, 256, 8, 0, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (clips / "000001_state_solid_state_20261101T000000Z.png").write_bytes(picture)


def browser(theme, language):
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    # axe-core takes seconds on a busy machine.
    driver.set_script_timeout(120)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
    driver.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": "test", "acceptLanguage": language})
    return driver


def size(driver, width, height):
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def log_in_by_keyboard(driver, address, password):
    driver.get(address)
    # The field has the focus: a person types and presses Enter.
    WebDriverWait(driver, 20).until(lambda driver: driver.switch_to.active_element.get_attribute("id") == "password")
    driver.switch_to.active_element.send_keys(password, Keys.TAB)
    faults = [] if keeps_the_focus(driver) else ["login: the button loses the focus when it is pressed"]
    WebDriverWait(driver, 20).until(lambda driver: driver.find_elements("css selector", ".hero"))
    return faults


def keeps_the_focus(driver, is_sent=True):
    """Presses the button that has the focus; whether it keeps it while the request waits, which is then sent, or fails."""
    button = driver.switch_to.active_element
    driver.execute_script(
        "const send = window.fetch; window.fetch = (...all) => new Promise((done, failed) => {"
        " window.held = (isSent) => { window.fetch = send; if (isSent) send(...all).then(done, failed); else failed(new Error()); }; })"
    )
    button.send_keys(Keys.ENTER)
    # A browser takes the focus from a disabled button when it draws the next frame.
    time.sleep(0.5)
    kept = driver.switch_to.active_element == button and button.get_attribute("aria-disabled") == "true"
    driver.execute_script("window.held(arguments[0])", is_sent)
    return kept


def screens(driver, address, folder, label):
    """The faults of all screens."""
    faults = []
    for screen, shown in SCREENS.items():
        for width in WIDTHS:
            size(driver, width, 900)
            driver.get(f"{address}#{screen}")
            driver.refresh()
            WebDriverWait(driver, 20).until(lambda driver: driver.find_elements("css selector", shown))
            time.sleep(2)
            faults += [f"{screen} {width} {label}: {fault}" for fault in driver.execute_script(CHECK) + axe(driver)]
            size(driver, width, max(600, driver.execute_script("return document.documentElement.scrollHeight")))
            time.sleep(0.5)
            driver.save_screenshot(str(folder / f"{screen}-{width}-{label}.png"))
    return faults


def patience(driver):
    """A wait for what is not there yet, or is being drawn anew."""
    return WebDriverWait(driver, 60, ignored_exceptions=[NoSuchElementException, StaleElementReferenceException])


def change_a_setting(driver, address, folder, label):
    """Changes the alarm level with the keyboard alone, and takes it back."""
    size(driver, 360, 900)
    driver.get(f"{address}#settings")
    driver.refresh()
    wait = patience(driver)
    at = lambda selector: lambda: driver.find_element("css selector", selector)
    found = lambda selector: wait.until(lambda _: at(selector)())
    found("#set-alarm-alarm").clear()
    press(wait, at("#set-alarm-alarm"), "2" + Keys.ENTER)
    apply = "section:not([hidden]) > .diff + .row > button.main"
    found(apply)
    driver.save_screenshot(str(folder / f"settings-difference-{label}.png"))
    press(wait, at(apply))
    found(".setting .badge")
    faults = []
    if driver.switch_to.active_element.get_attribute("role") != "status":
        faults.append("settings: the focus is lost when a change is applied")
    wait.until(lambda _: at("#set-alarm-alarm")().get_attribute("value") == "2")
    press(wait, at(".setting:has(#set-alarm-alarm) > button"))
    wait.until(lambda driver: not driver.find_elements("css selector", ".setting .badge"))
    if driver.switch_to.active_element.get_attribute("id") != "set-alarm-alarm":
        faults.append("settings: the focus is lost when a change is taken back")
    return faults


def press(wait, find, keys=Keys.ENTER):
    """Focuses what `find` finds, once it is there, and sends keys to it. The screen may draw it anew in between."""
    def pressed(_):
        find().send_keys(keys)
        return True

    wait.until(pressed)


def keep_the_focus(driver, address):
    """Keeps a clip and acknowledges an alarm by the keyboard, while the list of alarms is drawn anew; what is wrong."""
    size(driver, 1600, 900)
    driver.get(f"{address}#alarms")
    driver.refresh()
    wait = patience(driver)

    def focus(element):
        driver.execute_script("arguments[0].focus()", element)

    def draw_anew(element):
        # The same choice again draws the list as new records do.
        driver.execute_script("document.getElementById('only').dispatchEvent(new Event('change'))")
        return driver.switch_to.active_element == element

    # Keys go to what has the focus, as a keyboard sends them.
    type_key = lambda key: driver.switch_to.active_element.send_keys(key)
    keep = wait.until(lambda _: driver.find_element("css selector", "main li button[aria-pressed]"))
    was = keep.get_attribute("aria-pressed")
    focus(keep)
    if not draw_anew(keep):
        return ["alarms: the button of a clip loses the focus where the list is drawn anew"]
    type_key(Keys.ENTER)
    wait.until(lambda _: keep.get_attribute("aria-pressed") != was)
    time.sleep(0.5)
    if not draw_anew(keep):
        return ["alarms: the button of a clip loses the focus when it is pressed"]
    # A state that raises an alarm comes within the recording's first minutes.
    slow = WebDriverWait(driver, 300, ignored_exceptions=[NoSuchElementException])
    acknowledge = slow.until(lambda _: driver.find_element("css selector", "main li button.main"))
    heading = acknowledge.find_element("xpath", "./ancestor::li//h3")
    focus(acknowledge)
    if not draw_anew(acknowledge):
        return ["alarms: the button of an alarm loses the focus where the list is drawn anew"]
    type_key(Keys.ENTER)
    wait.until(staleness_of(acknowledge))
    return [] if draw_anew(heading) else ["alarms: the focus is lost when an alarm is acknowledged"]


def fail_to_acknowledge(driver, address):
    """Acknowledges an alarm on the first screen while the connection fails; what is wrong."""
    driver.get(f"{address}#now")
    driver.refresh()
    # A state that raises an alarm comes within the recording's first minutes.
    slow = WebDriverWait(driver, 300, ignored_exceptions=[NoSuchElementException])
    button = slow.until(lambda _: driver.find_element("css selector", ".card.alarm li button"))
    driver.execute_script("arguments[0].focus()", button)
    if not keeps_the_focus(driver, is_sent=False):
        return ["now: the button of an alarm loses the focus when it is pressed"]
    patience(driver).until(lambda _: driver.find_element("css selector", ".card.alarm [role=alert]").text)
    return [] if driver.switch_to.active_element == button and not button.get_attribute("aria-disabled") else ["now: the button cannot be pressed again"]


def refit(driver, address):
    """Refits the model to the labels, and goes back and forth between the versions; what is wrong."""
    driver.get(f"{address}#teach")
    driver.refresh()
    wait = patience(driver)
    go = wait.until(lambda _: driver.find_element("css selector", "main section.card button.main"))
    driver.execute_script("arguments[0].focus()", go)
    go.send_keys(Keys.ENTER)
    wait.until(lambda _: driver.find_element("css selector", "main section.card .title"))
    if driver.switch_to.active_element != go or go.get_attribute("aria-disabled") != "false":
        return ["teach: the button of the refit loses the focus, or cannot be pressed again"]
    buttons = lambda: driver.find_elements("css selector", "main section.card li[data-number] button")
    for _ in buttons()[:2]:
        number = buttons()[0].find_element("xpath", "./ancestor::li").get_attribute("data-number")
        buttons()[0].send_keys(Keys.ENTER)
        active = f"main section.card li[data-number='{number}'] strong"
        if driver.switch_to.active_element != wait.until(lambda _: driver.find_element("css selector", active)):
            return ["teach: the focus is lost when another version is taken"]
    return []


def change_the_model(driver, address, model):
    """Uploads the model again, and uses the first one again; what is wrong."""
    driver.get(f"{address}#models")
    driver.refresh()
    wait = patience(driver)
    wait.until(lambda _: driver.find_element("css selector", "#model")).send_keys(str(model))
    send = driver.find_element("css selector", "form button.main")
    driver.execute_script("arguments[0].focus()", send)
    send.send_keys(Keys.ENTER)
    another = wait.until(lambda _: driver.find_element("css selector", "li[data-id] button"))
    wait.until(lambda _: not send.get_attribute("aria-disabled"))
    if driver.switch_to.active_element != send:
        return ["models: the button of the upload loses the focus"]
    chosen = another.find_element("xpath", "./ancestor::li").get_attribute("data-id")
    another.send_keys(Keys.ENTER)
    wait.until(lambda _: driver.find_element("css selector", f"li[data-id='{chosen}'] .badge.normal"))
    heading = driver.find_element("css selector", f"li[data-id='{chosen}'] h3")
    return [] if driver.switch_to.active_element == heading else ["models: the focus is lost when another model is used"]


def label(driver, address, folder):
    """Labels the first clip by the keyboard as a new state, takes that back, cuts it and labels both parts; what is wrong."""
    size(driver, 1600, 900)
    driver.get(f"{address}#teach")
    driver.refresh()
    # The manifest is written before the screen has its answer and draws the list anew: until then an element is missing, or no
    # longer part of the page.
    wait = patience(driver)
    wait.until(lambda driver: driver.find_elements("css selector", "main fieldset"))
    clip = driver.execute_script("return document.querySelector('main li audio').getAttribute('src').split('/').pop()")
    manifest = folder / "teach" / "manifest.csv"
    rows = lambda: [row for row in manifest.read_text().splitlines() if row.startswith(clip)] if manifest.exists() else []
    item = lambda: driver.find_element("xpath", f"//li[.//audio[@src='teach/{clip}']]")
    button = lambda text: lambda: item().find_element("xpath", f".//button[starts-with(normalize-space(.), '{text}')]")
    show = lambda value: driver.execute_script("const e = document.getElementById('only'); e.value = arguments[0]; e.dispatchEvent(new Event('change'))", value)
    press(wait, lambda: item().find_element("css selector", "input[type=text]"), "rubbing" + Keys.ENTER)
    wait.until(lambda _: any(",rubbing," in row for row in rows()))
    show("labelled")
    press(wait, button("Take back"))
    wait.until(lambda _: not rows())
    show("waiting")
    # The playhead to the middle, as the player's keys or a click on the spectrogram move it.
    wait.until(lambda _: driver.execute_script("arguments[0].querySelector('audio').currentTime = 1.5; return true", item()))
    press(wait, button("Cut here"))
    wait.until(lambda _: len(item().find_elements("css selector", "fieldset")) == 2)
    press(wait, lambda: item().find_element("xpath", ".//fieldset[1]//button[normalize-space(.)='A fault']"))
    wait.until(lambda _: len(rows()) == 1 and ",0.000,1.500,fault" in rows()[0])
    # The other part alone still has its question.
    wait.until(lambda _: len(item().find_elements("css selector", "fieldset")) == 1)
    press(wait, lambda: item().find_element("css selector", "fieldset input[type=checkbox]"), Keys.SPACE)
    press(wait, lambda: item().find_element("xpath", ".//fieldset//button[normalize-space(.)='on_state']"))
    wait.until(lambda _: len(rows()) == 2 and ",1.500,3.000,normal" in rows()[1] and ",on_state," in rows()[1])
    faults = []
    show("labelled")
    press(wait, button("Spectrogram"))
    wait.until(lambda _: item().find_elements("css selector", "canvas"))
    time.sleep(1)
    driver.save_screenshot(str(folder / "teach-labelled.png"))
    return faults + [f"teach labelled: {fault}" for fault in driver.execute_script(CHECK) + axe(driver)]


def label_all(driver, address):
    """Labels every clip that waits with the state that is closest to it, over the interface for programs."""
    script = """
    const done = arguments[0];
    (async () => {
      const session = await (await fetch('api/session')).json();
      const { clips } = await (await fetch('api/teach')).json();
      for (const { clip, seconds, leading, progress } of clips) {
        if (progress !== 'waiting') continue;
        const parts = [{ to_s: seconds, answer: { state: { name: leading, normal: true } } }];
        const answer = await fetch('api/label', { method: 'POST', headers: { 'content-type': 'application/json', 'x-form-token': session.form_token }, body: JSON.stringify({ clip, parts }) });
        if (!answer.ok) throw new Error(await answer.text());
      }
      return clips.length;
    })().then(done, (error) => done(String(error)));"""
    return driver.execute_async_script(script)


def train_on_labels(driver, address, tools, folder):
    """Saves the labelled clips as the page offers them, and trains on them; what is wrong."""
    count = label_all(driver, address)
    if not isinstance(count, int):
        return [f"teach: {count}"]
    cookie = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in driver.get_cookies())
    request = urllib.request.Request(f"{address}api/teach.tar", headers={"Cookie": cookie})
    archive = folder / "teach.tar"
    archive.write_bytes(urllib.request.urlopen(request).read())
    with tarfile.open(archive) as files:
        files.extractall(folder / "saved", filter="data")
    command = [tools, "train", "-q", "--data", folder / "saved" / "teach", "--out", folder / "taught", "--features", "logmel", "--folds", "0"]
    trained = subprocess.run(command, capture_output=True, text=True)
    print(f"test-page: trained on {count} clips that were labelled on the page: exit code {trained.returncode}")
    return [] if trained.returncode == 0 else [f"teach: train refuses the labels: {trained.stderr}"]


def main():
    firmware, tools, folder = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
    folder.mkdir(parents=True, exist_ok=True)
    model, sound = prepare(tools, folder)
    days(model, folder / "state")
    withheld_clip(folder / "clips")
    program, address = start(firmware, model, sound, folder)
    faults = []
    try:
        time.sleep(2)
        password = (folder / "state" / "page.password").read_text().strip()
        for theme, language in (("light", "en"), ("dark", "de")):
            driver = browser(theme, language)
            try:
                faults += log_in_by_keyboard(driver, address, password)
                faults += screens(driver, address, folder, f"{theme}-{language}")
                faults += change_a_setting(driver, address, folder, f"{theme}-{language}")
                if language == "en":
                    faults += fail_to_acknowledge(driver, address)
                    faults += keep_the_focus(driver, address)
                    faults += label(driver, address, folder)
                else:
                    faults += train_on_labels(driver, address, tools, folder)
                    faults += refit(driver, address)
                    faults += change_the_model(driver, address, model)
                reported = [entry for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
                faults += [f"{theme}: the browser reports {entry['message']}" for entry in reported]
            finally:
                driver.quit()
    finally:
        program.terminate()
        program.wait()
    print("\n".join(faults) if faults else f"test-page: all screens are right; screenshots in {folder}")
    return 1 if faults else 0


sys.exit(main())
