"""Membership through REST beside pgbench, gRPC and COPY, on a stack of its own (.lanting-bench, other ports)."""
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

from lib import BENCH, ROOT, build, machine, median, ratios, say, spread, write_section

TITLE = "Membership through REST"
HOME = ROOT / ".lanting-bench"
OUT = HOME / "out"
SERVICES = [line.split()[:3] for line in (ROOT / "infra/dev/services.txt").read_text().splitlines() if line.strip() and not line.startswith("#")]
# The local stack's own and 10,000, so that one may run beside the other.
PORTS = {"LANTING_REST_PORT": "18080", "LANTING_PG_PORT": "15433", "LANTING_REDIS_PORT": "16380", "LANTING_GATEWAY_ADMIN_PORT": "19200"}
for name, grpc, admin in SERVICES:
    PORTS |= {f"LANTING_{name.upper()}_GRPC_PORT": str(int(grpc) + 10000), f"LANTING_{name.upper()}_ADMIN_PORT": str(int(admin) + 10000)}
# One tenant may do here what all of them do in operation.
NO_LIMITS = "LANTING_KEY_RATE=0\nLANTING_TENANT_RATE=0\nLANTING_TENANT_IN_FLIGHT=0\n"
COMMUNITIES = 64
CONNECTIONS = 64
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"


def sh(command, env=None, **kwargs):
    return subprocess.run(command, env={**os.environ, **PORTS, "LANTING_STACK": "bench", **(env or {})}, check=True, **kwargs)


class Stack:
    """The stack under measurement and the tenant that fills it."""

    def __init__(self):
        sh([str(ROOT / "infra/dev/down")])
        shutil.rmtree(OUT, ignore_errors=True)
        OUT.mkdir(parents=True)
        (HOME / "gateway.settings").write_text(NO_LIMITS)
        began = time.monotonic()
        sh([str(ROOT / "infra/dev/up")], stdout=subprocess.DEVNULL)
        self.up_seconds = time.monotonic() - began
        demo = dict(line.split("=", 1) for line in (HOME / "demo.env").read_text().split())
        self.url, self.key = demo["LANTING_URL"], demo["LANTING_KEY"]
        self.tenant = self.key[3:29]

    def call(self, method, path, body=None, content_type="application/json"):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Authorization": "Bearer " + self.key, "Content-Type": content_type}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def open_community(self, capacity):
        community = self.call("POST", "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                              {"displayName": "文案人成长营", "template": "TEMPLATE_LEARNING_PYRAMID", "purpose": "每天学到一点"})
        group = self.call("POST", f"/v1/{community['name']}/groups", {"displayName": "一群", "channel": "CHANNEL_WECOM", "capacity": capacity})
        return community["name"], group["name"]

    def prepare(self):
        self.targets = [self.open_community(200000) for _ in range(COMMUNITIES)]
        (OUT / "communities.txt").write_text("".join(c + "\n" for c, _ in self.targets))
        csv = people_csv(10000, "seed")
        first = self.targets[0][0]
        self.run_import(first, csv)
        names, token = [], ""
        while True:
            page = self.call("GET", f"/v1/{first}/members?pageSize=1000" + (f"&pageToken={token}" if token else ""))
            names += [m["name"] for m in page["members"]]
            token = page["nextPageToken"]
            if not token:
                break
        (OUT / "members.txt").write_text("".join(n + "\n" for n in names))
        rows = ",".join(f"({i + 1},'{uuid(c)}','{uuid(g)}')" for i, (c, g) in enumerate(self.targets))
        self.sql(f"CREATE TABLE membership.bench_target (n int PRIMARY KEY, community uuid, chat_group uuid);"
                 f"INSERT INTO membership.bench_target VALUES {rows}; GRANT SELECT ON membership.bench_target TO membership_app; ANALYZE membership.bench_target")

    def prepare_link(self):
        """An entry link without an end over 400 groups of 500, for ours and for the peer one each: neither fills the other's."""
        rows = []
        for file in ("link.txt", "peer_link.txt"):
            community, _ = self.open_community(500)
            for _ in range(399):
                self.call("POST", f"/v1/{community}/groups", {"displayName": "滚动群", "channel": "CHANNEL_WECOM", "capacity": 500})
            gate = self.call("POST", f"/v1/{community}/gates", {"displayName": "扫码", "kind": "GATE_KIND_INVITE_LINK"})
            link = self.call("POST", f"/v1/{community}/inviteLinks", {"gate": gate["name"]})
            (OUT / file).write_text(f"{community} {link['code']}\n")
            rows.append((uuid(community), uuid(link["name"])))
        self.sql(f"CREATE TABLE membership.bench_link AS SELECT '{rows[1][0]}'::uuid AS community, '{rows[1][1]}'::uuid AS link;"
                 "GRANT SELECT ON membership.bench_link TO membership_app; ANALYZE membership.bench_link")

    def run_import(self, community, csv):
        """Rows a second from the stored file to the last committed row, as the service itself timed it."""
        started = self.call("POST", f"/v1/{community}/memberImports?badRows=BAD_ROWS_SKIP", csv, "text/csv")
        while True:
            state = self.call("GET", "/v1/" + started["name"])
            if state["state"] != "IMPORT_STATE_RUNNING":
                break
            time.sleep(0.02)
        assert state["state"] == "IMPORT_STATE_SUCCEEDED" and state["importedCount"] == state["rowCount"], state
        return state["rowCount"] / (stamp(state["finishTime"]) - stamp(state["createTime"]))

    def settle(self):
        """Waits until the relay has published what was written before, so that nobody pays for another's events."""
        url = f"http://127.0.0.1:{PORTS['LANTING_MEMBERSHIP_ADMIN_PORT']}/metrics"
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            metrics = urllib.request.urlopen(url, timeout=5).read().decode()
            ages = re.findall(r"^lanting_outbox_oldest_age_seconds\S* (\S+)", metrics, re.M)
            if ages and all(float(age) == 0 for age in ages):
                time.sleep(1.2)  # the gauge is renewed once a second
                return
            time.sleep(0.2)
        say("  ! the relay has a backlog after 60 s")

    def psql(self, *args, **kwargs):
        socket = os.path.realpath(HOME / "pg") + "/run"
        return sh(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", socket, "-p", PORTS["LANTING_PG_PORT"], "-U", "lanting", "-d", "lanting", *args],
                  stdout=subprocess.PIPE, text=True, **kwargs).stdout

    def sql(self, text):
        return self.psql("-c", text)

    def app_environment(self):
        secrets = dict(line.split("=", 1) for line in (HOME / "secrets.env").read_text().split())
        return {"PGPASSWORD": secrets["MEMBERSHIP_DB_PASSWORD"], "PGUSER": "membership_app", "PGDATABASE": "lanting",
                "PGHOST": "127.0.0.1", "PGPORT": PORTS["LANTING_PG_PORT"]}


def stamp(text):
    seconds, fraction = re.match(r"(.*?)(\.\d+)?Z$", text).groups()
    return time.mktime(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) + float(fraction or 0)


def uuid(name):
    number = 0
    for c in name.rsplit("/", 1)[1]:
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(c)
    h = f"{number:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def people_csv(rows, prefix):
    return ("昵称,external_id,渠道,渠道用户编号,期望\n" + "".join(f"深圳-晓雯-文案{i},{prefix}-{i},wecom,wm-{prefix}-{i},认识同行\n" for i in range(rows))).encode()


class Measure:
    def __init__(self, programs, stack, seconds):
        self.programs, self.stack, self.seconds, self.runs = programs, stack, seconds, 0

    def wrk(self, script):
        self.runs += 1
        env = {"BENCH_DIR": str(BENCH), "BENCH_COMMUNITIES": str(OUT / "communities.txt"), "BENCH_MEMBERS": str(OUT / "members.txt"), "BENCH_LINK": str(OUT / "link.txt"),
               "LANTING_KEY": self.stack.key, "BENCH_RUN": f"r{os.getpid()}x{self.runs}"}
        out = sh(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{self.seconds}s", "--timeout", "10s", "-s", str(BENCH / "wrk" / script), self.stack.url],
                 env, stdout=subprocess.PIPE, text=True).stdout
        result = json.loads(out.strip().splitlines()[-1])
        if result["errors"]:
            say(f"  ! {script}: {result['errors']} errors")
        return result

    def pgbench(self, clients, script="create_member.sql"):
        out = sh([PGBENCH, "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(self.seconds), "-D", f"targets={COMMUNITIES}", "-f", str(BENCH / "pgbench" / script), "lanting"],
                 {**self.stack.app_environment(), "PGOPTIONS": f"-c search_path=membership -c lanting.tenant_id={tenant_uuid(self.stack)}"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        return float(re.search(r"tps = ([0-9.]+)", out).group(1))

    def best_clients(self):
        rates = {c: self.pgbench(c) for c in (4, 8, 16, 32)}
        say("pgbench by clients: " + ", ".join(f"{c}: {r:.0f}/s" for c, r in rates.items()))
        return max(rates, key=rates.get)

    def grpc(self):
        out = sh([str(self.programs / "bench/grpc_load"), "127.0.0.1:" + PORTS["LANTING_MEMBERSHIP_GRPC_PORT"], "/lanting.membership.v1.MemberService/GetMember",
                  str(OUT / "members.txt"), str(CONNECTIONS), str(self.seconds)], {"LANTING_KEY": self.stack.key}, stdout=subprocess.PIPE, text=True).stdout
        return json.loads(out)

    def imported(self, rows, round_):
        community, _ = self.stack.open_community(200000)
        return self.stack.run_import(community, people_csv(rows, f"i{os.getpid()}x{round_}"))

    def copied(self, rows):
        """The member rows of one import, by one COPY, into a bare table with the same indexes."""
        s = self.stack
        source = OUT / "rows.copy"
        s.psql("-c", f"\\copy (SELECT * FROM membership.member WHERE source = 4 ORDER BY id DESC LIMIT {rows}) TO '{source}'")
        s.sql("DROP TABLE IF EXISTS membership.bench_member; CREATE TABLE membership.bench_member (LIKE membership.member INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)")
        began = time.monotonic()
        s.psql("-c", f"\\copy membership.bench_member FROM '{source}'")
        return rows / (time.monotonic() - began)


def tenant_uuid(stack):
    return uuid("tenants/" + stack.tenant)


def resident_mib():
    out = {}
    for name in (*(name for name, *_ in SERVICES), "gateway"):
        pid = (HOME / "run" / name / "pid").read_text().split()[0]
        status = Path(f"/proc/{pid}/status").read_text()
        out[name] = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024
    return out


def row(what, target, unit, ours, peer):
    return f"| {what} | {target} | {median(ours):,.0f} {unit} | {median(peer):,.0f} {unit} | **{spread(ratios(ours, peer))}** |"


def run(options):
    programs = build("grpc_load", *(f"lanting-{name}" for name, *_ in SERVICES), "lanting-gateway", "lantingctl")
    sh([str(ROOT / "infra/dev/clean-data")])
    stack = Stack()
    time.sleep(2)
    idle = resident_mib()
    sh([str(ROOT / "infra/dev/down")], stdout=subprocess.DEVNULL)
    stack = Stack()  # the second time: the tree is built and the data is there
    try:
        stack.prepare()
        stack.prepare_link()
        lines = measured(stack, Measure(programs, stack, options.seconds), idle, options)
    finally:
        sh([str(ROOT / "infra/dev/down")], stdout=subprocess.DEVNULL)
    say("\n".join(lines))
    if not options.no_write:
        write_section(TITLE, lines)


def measured(stack, measure, idle, options):
    clients = measure.best_clients()
    say(f"pgbench is best with {clients} clients; {options.rounds} rounds of {options.seconds} s each")
    create, bulk, pg, get, grpc, imports, copies, latencies, links, pg_links = [], [], [], [], [], [], [], [], [], []
    for round_ in range(options.rounds):
        one = measure.wrk("create_member.lua")
        create.append(one["requests_per_second"])
        latencies.append(one["p99_ms"])
        pg.append(measure.pgbench(clients))
        links.append(measure.wrk("join_link.lua")["requests_per_second"])
        pg_links.append(max(measure.pgbench(c, "join_link.sql") for c in (2, 4, 8)))
        bulk.append(measure.wrk("bulk_create.lua")["requests_per_second"] * 100)
        get.append(measure.wrk("get_member.lua")["requests_per_second"])
        grpc.append(measure.grpc()["requests_per_second"])
        stack.settle()
        imports.append(measure.imported(options.import_rows, round_))
        stack.settle()
        copies.append(measure.copied(options.import_rows))
        say(f"round {round_ + 1}: create {create[-1]:.0f}/s, pgbench {pg[-1]:.0f}/s, link {links[-1]:.0f}/s, pgbench {pg_links[-1]:.0f}/s, bulk {bulk[-1]:.0f} rows/s, get {get[-1]:.0f}/s, "
            f"grpc {grpc[-1]:.0f}/s, import {imports[-1]:.0f} rows/s, COPY {copies[-1]:.0f} rows/s")
    return [
        f"`bench/run membership`, {machine()}, PostgreSQL 15 (fsync on, synchronous_commit on), Redis 7 (AOF every second); {options.rounds} rounds of {options.seconds} s.",
        "",
        "| what | at least | ours | peer | ratio |",
        "|---|---|---|---|---|",
        row(f"REST create-member, durable, {CONNECTIONS} connections, against pgbench running the same statements at its best client count ({clients})", "0.40×", "/s", create, pg),
        row(f"REST join through one entry link into groups that roll over, {CONNECTIONS} connections, against pgbench running the same statements at the best of 2, 4 and 8 clients", "0.40×", "/s", links, pg_links),
        row("REST bulk create, 100 a request, rows against the same pgbench", "2×", "rows/s", bulk, pg),
        row("REST get-member against the same service by gRPC", "0.4×", "/s", get, grpc),
        row(f"CSV import of {options.import_rows:,} rows, durable with events, against one COPY of the member rows into a bare table with the same indexes", "0.25×", "rows/s", imports, copies),
        "",
        "| what | at most | measured |",
        "|---|---|---|",
        *(f"| idle memory (RSS) of {name} | 30 MiB | {mib:.1f} MiB |" for name, mib in idle.items()),
        f"| `make up` from a built tree to ready | 6 s | {stack.up_seconds:.1f} s |",
        f"| REST create-member under that load, p99 | – | {median(latencies):.1f} ms |",
    ]
