"""Checks what is shipped for other tools against the references: alert rules, dashboard, flow, collectors."""

import json
import pathlib
import re
import subprocess
import tempfile
import tomllib

from . import markdown, metrics

GRAFANA, RULES, TESTS = "image/grafana/dashboard.json", "image/prometheus/alerts.yaml", "image/prometheus/alerts.test.yaml"
NODE_RED, TELEGRAF = "image/node-red/flow.json", "image/telegraf/telegraf.conf"


def topics(text):
    """The topics of docs/reference/mqtt.md below the device, e.g. `state`."""
    return set(re.findall(r"`<prefix>/<id>/([\w/]+)`", text))


def check_topic(where, topic, known):
    prefix, _, rest = topic.partition("/")
    if prefix != "acoustic-monitor" or rest.partition("/")[2] not in known:
        yield f"{where}: {topic} is not in docs/reference/mqtt.md; known: {', '.join(sorted(known))}"


def rules(root, known):
    text = (root / RULES).read_text()
    tests = (root / TESTS).read_text()
    for query in re.findall(r"expr: (.*)", text):
        yield from metrics.check(RULES, query, known)
    names = re.findall(r"- alert: (\w+)", text)
    for name in names:
        if name not in tests:
            yield f"{RULES}: {name} has no test in {TESTS}"
    for name in set(re.findall(r"acoustic_monitor_\w+", tests)) - known.keys():
        yield f"{TESTS}: {name} is not in docs/reference/metrics.md"
    if len(names) < 10:
        yield f"{RULES}: only {len(names)} alerts were found"


def queries(dashboard):
    """(where, query) of every panel and note of a dashboard."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield f"{GRAFANA}: {panel['title']}", target["expr"]
    for note in dashboard["annotations"]["list"]:
        yield f"{GRAFANA}: {note['name']}", note["expr"]


def dashboard(root, known, promtool):
    content = json.loads((root / GRAFANA).read_text())
    taken, ids, found = set(), set(), list(queries(content))
    for panel in content["panels"]:
        at = panel["gridPos"]
        fields = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        if taken & fields or at["x"] + at["w"] > 24 or panel["id"] in ids:
            yield f"{GRAFANA}: {panel['title']} overlaps another panel, leaves the page or has the id of another"
        taken |= fields
        ids.add(panel["id"])
    for where, query in found:
        yield from metrics.check(where, query, known)
    with tempfile.TemporaryDirectory() as folder:
        # As rules, the queries are parsed by Prometheus itself. Grafana fills in its variables.
        plain = [query.replace("$__rate_interval", "5m").replace("$device", ".*") for _, query in found]
        file = pathlib.Path(folder, "queries.yaml")
        records = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(plain)]
        file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": records}]}))
        run = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True)
        if run.returncode:
            yield f"{GRAFANA}: a query is not one of Prometheus: {run.stdout} {run.stderr}"


def flow(root, known):
    nodes = json.loads((root / NODE_RED).read_text())
    ids = [node["id"] for node in nodes]
    for node in nodes:
        where = f"{NODE_RED}: {node['id']}"
        if ids.count(node["id"]) > 1:
            yield f"{where}: another node has the same id"
        others = [wire for output in node.get("wires", []) for wire in output]
        # The node of a broker has its address under the same name.
        others += [node[key] for key in ("z", "broker") if key in node and node["type"] != "mqtt-broker"]
        for other in others:
            if other not in ids:
                yield f"{where}: there is no node {other}"
        if node["type"] in ("mqtt in", "mqtt out"):
            yield from check_topic(where, node["topic"], known)


def telegraf(root, known, state):
    inputs = tomllib.loads((root / TELEGRAF).read_text())["inputs"]
    for consumer in inputs["mqtt_consumer"]:
        for topic in consumer["topics"]:
            yield from check_topic(TELEGRAF, topic, known)
        for part in consumer["json_v2"]:
            for field in part["tag"] + part["field"]:
                if field["path"] not in state:
                    yield f"{TELEGRAF}: {field['path']} is not in the state message of docs/reference/mqtt.md"


def check(root, promtool):
    """Messages about everything that does not agree with the references."""
    root = pathlib.Path(root)
    mqtt = (root / "docs/reference/mqtt.md").read_text()
    known = metrics.documented((root / "docs/reference/metrics.md").read_text())
    state = json.loads(next("\n".join(lines) for _, language, lines in markdown.blocks(mqtt) if language == "json"))
    wrong = [*rules(root, known), *dashboard(root, known, promtool), *flow(root, topics(mqtt)), *telegraf(root, topics(mqtt), state)]
    if len(known) < 30 or len(topics(mqtt)) < 4:
        wrong.append("the references list too little: are they still read?")
    return wrong
