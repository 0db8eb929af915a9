"""Filters and segments over a community of a million beside one of ten thousand, through REST on the stack of membership.py."""
import http.client
import json
import os
import random
import subprocess
import time
import urllib.parse

from lib import BENCH, build, machine, median, ratios, say, spread, write_section
from membership import ROOT, SERVICES, Stack, sh, tenant_uuid, uuid

TITLE = "Filters and segments"
SMALL, LARGE = 10_000, 1_000_000
PAGES = 10  # of a list are read before it begins anew

# What is asked, and the filter; {group} is one of the large or the small community.
LISTS = [
    ("no filter", ""),
    ("tag of 30 % of the members", 'tags:"书法1"'),
    ("tag of 0.6 %", 'tags:"绘画50"'),
    ("tag of 100 people", 'tags:"老客"'),
    ("state and tag", 'state = ACTIVE AND tags:"摄影2"'),
    ("tag or tag", 'tags:"绘画50" OR tags:"摄影2"'),
    ("customer class or class (5 %)", "customer_class = EXPERT OR customer_class = BULK"),
    ("group of 500", "group = {group}"),
    ("attribute", 'attributes.city = "绍兴"'),
    ("score, and not a tag", 'fan_score >= 80 AND NOT tags:"书法1"'),
    ("channel", "channel = WECHAT"),
]
COUNTS = [
    ("everybody", ""),
    ("tag of 30 %", 'tags:"书法1"'),
    ("tag of 0.6 %", 'tags:"绘画50"'),
    ("two tags", 'tags:"书法1" AND tags:"摄影2"'),
    ("class or class", "customer_class = EXPERT OR customer_class = BULK"),
    ("tag and class and score", 'tags:"书法1" AND customer_class = ORDINARY AND fan_score >= 50'),
    ("score, and not a tag", 'fan_score >= 80 AND NOT tags:"书法1"'),
    ("attribute", 'attributes.city = "绍兴"'),
    ("group of 500", "group = {group}"),
    ("channel", "channel = WECHAT"),
    ("frequent tag or class", 'tags:"书法1" OR customer_class = BULK'),
]
SEGMENTS = [
    'tags:"书法1"', 'tags:"绘画50" AND fan_score >= 60', "customer_class = EXPERT OR customer_class = BULK", 'attributes.city = "绍兴"',
    'NOT (tags:"摄影2" OR tags:"写作3")', "state = WAITING", 'source = IMPORT AND join_time > "2026-01-01T00:05:00Z"', "channel = WECHAT",
    'display_name : "文案9"', "fan_score >= 80 AND values_fit >= 50",
]


class Client:
    """One connection that stays open, as an integration's does."""

    def __init__(self, stack):
        self.host = urllib.parse.urlsplit(stack.url).netloc
        self.headers = {"Authorization": "Bearer " + stack.key, "Content-Type": "application/json"}
        self.connection = http.client.HTTPConnection(self.host, timeout=60)

    def call(self, method, path, body=None):
        """The reply, and the milliseconds it took."""
        began = time.perf_counter()
        self.connection.request(method, path, None if body is None else json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text), took


class Community:
    def __init__(self, stack, size, prefix):
        self.name = stack.open_community(1000)[0]
        stack.psql("-v", f"tenant={tenant_uuid(stack)}", "-v", f"community={uuid(self.name)}", "-v", f"rows={size}", "-v", f"prefix={prefix}",
                   "-f", str(BENCH / "segments_fill.sql"))
        group = stack.sql(f"SELECT group_id FROM membership.member WHERE community_id = '{uuid(self.name)}' AND state = 1 ORDER BY id DESC LIMIT 1")
        self.group = f"{self.name}/groups/{name_of(group.strip())}"

    def filter(self, text):
        return text.replace("{group}", self.group)


def name_of(uuid_text):
    number, out = int(uuid_text.replace("-", ""), 16), ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        out = "0123456789abcdefghjkmnpqrstvwxyz"[digit] + out
    return out


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Walk:
    """The pages of one filtered list, and how long each took."""

    def __init__(self, client, community, text):
        self.client, self.took, self.page = client, [], 0
        self.path = f"/v1/{community.name}/members?pageSize=50&filter=" + urllib.parse.quote(community.filter(text))
        self.token = ""

    def step(self):
        reply, took = self.client.call("GET", self.path + (f"&pageToken={self.token}" if self.token else ""))
        if not reply["members"]:
            raise RuntimeError("an empty page: " + self.path)
        self.took.append(took)
        self.page += 1
        full = len(reply["members"]) == 50
        self.token = reply["nextPageToken"] if full and self.page % PAGES else ""


def measure_lists(client, small, large, steps, figures):
    for label, text in LISTS:
        walks = Walk(client, small, text), Walk(client, large, text)
        for walk in walks:  # what is planned and cached by the first calls
            for _ in range(5):
                walk.step()
            walk.took.clear()
        for _ in range(steps):
            for walk in walks:
                walk.step()
        figures.setdefault(label, []).append([(percentile(w.took, 50), percentile(w.took, 99)) for w in walks])


def measure_counts(client, large, steps, figures):
    for label, text in COUNTS:
        took = []
        for _ in range(steps + 1):
            reply, ms = client.call("POST", f"/v1/{large.name}/segments:preview", {"filter": large.filter(text)})
            took.append(ms)
        figures.setdefault(label, []).append((median(took[1:]), max(took[1:]), int(reply["memberCount"])))


def measure_evaluation(client, members, segments, steps, figures):
    took = []
    for _ in range(steps):
        _, ms = client.call("POST", f"/v1/{random.choice(members)}:evaluateSegments", {"segments": segments})
        took.append(ms)
    figures.append((percentile(took, 50), percentile(took, 99)))


def authentication(programs):
    out = subprocess.run([programs / "bench/auth_key_bench", "--benchmark_format=json", "--benchmark_repetitions=5", "--benchmark_min_time=0.1"],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    runs = json.loads(out)["benchmarks"]
    return {r["run_name"]: r["cpu_time"] / 1000 for r in runs if r.get("aggregate_name") == "median"}


def run(options):
    programs = build("auth_key_bench", *(f"lanting-{name}" for name, *_ in SERVICES), "lanting-gateway", "lantingctl")
    sh([str(ROOT / "infra/dev/clean-data")])
    stack = Stack()
    try:
        began = time.monotonic()
        small, large = Community(stack, SMALL, "s"), Community(stack, LARGE, "l")
        stack.sql("VACUUM ANALYZE")
        say(f"filled in {time.monotonic() - began:.0f} s")
        lines = measured(stack, programs, small, large, options)
    finally:
        sh([str(ROOT / "infra/dev/down")], stdout=subprocess.DEVNULL)
    say("\n".join(lines))
    if not options.no_write:
        write_section(TITLE, lines)


def measured(stack, programs, small, large, options):
    load = os.getloadavg()[0]
    client = Client(stack)
    members = [m["name"] for m in client.call("GET", f"/v1/{large.name}/members?pageSize=1000")[0]["members"]]
    segments = [client.call("POST", f"/v1/{large.name}/segments", {"displayName": f"人群 {i}", "filter": f"({s}) AND accepted_rules_version >= {n}"})[0]["name"]
                for n in range(2) for i, s in enumerate(SEGMENTS)]
    lists, counts, evaluations = {}, {}, []
    for round_ in range(options.rounds):
        measure_lists(client, small, large, options.list_steps, lists)
        measure_counts(client, large, 5, counts)
        measure_evaluation(client, members, segments, options.list_steps * 5, evaluations)
        say(f"round {round_ + 1}: " + ", ".join(f"{label} {rounds[-1][0][1]:.1f} -> {rounds[-1][1][1]:.1f} ms" for label, rounds in lists.items())
            + f"; counts up to {max(c[-1][0] for c in counts.values()):.0f} ms; 20 segments p99 {evaluations[-1][1]:.2f} ms")
    keys = authentication(programs)
    return [
        f"`bench/run segments`, {machine()}, load average before the start {load:.1f}, PostgreSQL 15; {options.rounds} rounds, each list {options.list_steps} pages of 50, one "
        f"connection, times at the client. A community of {SMALL:,} beside one of {LARGE:,} members, pages of both in turn.",
        "",
        f"| list by | {SMALL:,}: p50 / p99 | {LARGE:,}: p50 / p99 | p99, ratio, ≤ 1.3 |",
        "|---|---|---|---|",
        *(list_row(label, rounds) for label, rounds in lists.items()),
        "",
        f"| count preview of {LARGE:,} members, ≤ 300 ms | found | median | slowest |",
        "|---|---|---|---|",
        *(f"| {label} | {rounds[-1][2]:,} | **{median([r[0] for r in rounds]):.0f} ms** | {max(r[1] for r in rounds):.0f} ms |" for label, rounds in counts.items()),
        "",
        "| what | at most | measured |",
        "|---|---|---|",
        f"| which of 20 segments a member is in, through REST: p50 / p99 | 2 ms | {median([e[0] for e in evaluations]):.2f} / **{spread([e[1] for e in evaluations])} ms** |",
        *(f"| a key that the service knows, 1 of {name.rsplit('/', 1)[1]} in use: CPU | 2 µs | **{us:.2f} µs** |" for name, us in keys.items()),
    ]


def list_row(label, rounds):
    cell = lambda side: f"{median([r[side][0] for r in rounds]):.2f} / {median([r[side][1] for r in rounds]):.2f} ms"
    return f"| {label} | {cell(0)} | {cell(1)} | **{spread(ratios([r[1][1] for r in rounds], [r[0][1] for r in rounds]))}** |"
