"""The gateway beside a pass-through without JSON and beside other REST faces, all in front of one service."""
import contextlib
import http.client
import json
import os
import re
import resource
import socket
import subprocess
import time
import zlib
from pathlib import Path

import peers
from lib import BENCH, Process, build, free_port, machine, median, ratios, say, spread, write_section

TITLE = "Gateway"
CONNECTIONS = 64
IDLE = 10000
PACKAGE = "/lanting.membership.v1.MemberService/"
COMMUNITY = "communities/01hxk5c3v8e5t9q2m7n4b6d0fg"
MEMBER = COMMUNITY + "/members/01hxk5c3v8e5t9q2m7n4b6d0fh"
DEPLOYED = "as deployed (keys looked up, rates counted in Redis, access log)"
GRPC_GATEWAY, ENVOY = "grpc-gateway (Go)", ("Envoy, 1 worker", "Envoy, 2 workers")


def service_key():
    """Well-formed; whether it exists is the service's to say, and the benchmark's says nothing."""
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    text = "lt_01hxk5c3v8e5t9q2m7n4b6d0fg_" + "a1b2c3d4" * 4
    crc = zlib.crc32(text.encode())
    return text + "".join(digits[crc >> shift & 31] for shift in range(30, -1, -5))


KEY = service_key()


class Target:
    """A server, its two calls (a GET and a POST of a member), and what was measured of it."""

    def __init__(self, name, process, port, calls):
        self.name, self.process, self.port = name, process, port
        self.calls = calls  # "get" -> (method, path, body or None)
        self.rate = {call: [] for call in calls}  # requests a second at saturation
        self.cost = {call: [] for call in calls}  # CPU microseconds of its process for each
        self.open = []  # latencies of the open loop

    def request(self, call):
        method, path, body = self.calls[call]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, {"Authorization": "Bearer " + KEY, "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self.name}: {method} {path}: {answer.status} {text[:300]!r}")
        return text


class Bench:
    def __init__(self, programs, work, seconds, gateway_env):
        self.programs, self.work, self.seconds, self.gateway_env = programs, work, seconds, gateway_env
        self.stack = contextlib.ExitStack()
        work.mkdir(parents=True, exist_ok=True)

    def start(self, name, command, port, env=None, cwd=None):
        log = self.work / (re.sub(r"\W+", "-", name).lower() + ".log")

        def listens():
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        process = Process(command, log, env, listens, cwd)
        self.stack.callback(process.stop)
        return process

    def start_service(self):
        service = Process([self.programs / "bench/echo_server"], self.work / "echo.log")
        self.stack.callback(service.stop)
        self.upstream = "127.0.0.1:" + service.first_line()

    def gateway(self, name="the gateway", **env):
        port, admin = free_port(), free_port()
        process = self.start(name, [self.programs / "gateway/lanting-gateway"], port,
                             {"LANTING_HTTP_ADDRESS": f"127.0.0.1:{port}", "LANTING_ADMIN_ADDRESS": f"127.0.0.1:{admin}",
                              "LANTING_UPSTREAMS": "lanting.membership.v1=" + self.upstream, **self.gateway_env, **env})
        return Target(name, process, port, self.rest_calls(port))

    def as_deployed(self):
        """Settings for everything that the measured gateway leaves out since the peers have none of it."""
        port = free_port()
        self.start("redis", ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", self.work], port)
        much = {name: "1000000" for name in ("LANTING_KEY_RATE", "LANTING_KEY_BURST", "LANTING_TENANT_RATE", "LANTING_TENANT_BURST")}
        return {**much, "LANTING_TENANT_IN_FLIGHT": "1000", "LANTING_INTROSPECT_KEY": KEY, "LANTING_REDIS_URL": f"redis://127.0.0.1:{port}",
                "LANTING_LOG_LEVEL": "info"}

    def rest_calls(self, port):
        get = ("GET", "/v1/" + MEMBER, None)
        if not hasattr(self, "member_json"):
            process = Target("the gateway", None, port, {"get": get})
            give_up = time.monotonic() + 10
            while True:  # the first calls may come before the connection to the service
                try:
                    self.member_json = process.request("get")
                    break
                except RuntimeError:
                    if time.monotonic() > give_up:
                        raise
                    time.sleep(0.1)
        return {"get": get, "post": ("POST", f"/v1/{COMMUNITY}/members", self.member_json)}

    def pass_through(self):
        port = free_port()
        process = self.start("pass-through", [self.programs / "bench/pass_through", f"127.0.0.1:{port}", self.upstream], port)
        calls = {"get": ("POST", PACKAGE + "GetMember", field(1, MEMBER.encode()))}
        target = Target("pass-through", process, port, calls)
        member = target.request("get")
        calls["post"] = ("POST", PACKAGE + "CreateMember", field(1, COMMUNITY.encode()) + field(2, member))
        return Target("pass-through", process, port, calls)

    def peer(self, peer):
        port = free_port()
        process = self.start(peer.name, peer.command(port, self.upstream), port, cwd=peer.cwd)
        return Target(peer.name, process, port, self.rest_calls(port))

    def closed_loop(self, target, call, seconds):
        """Requests a second and CPU microseconds of the target's process for each, at saturation."""
        method, path, body = target.calls[call]
        env = {"BENCH_DIR": str(BENCH), "LANTING_KEY": KEY, "BENCH_METHOD": method, "BENCH_PATH": path}
        if body is not None:
            (self.work / "body").write_bytes(body)
            env["BENCH_BODY"] = str(self.work / "body")
        before = target.process.cpu_seconds()
        out = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(BENCH / "wrk/fixed.lua"), f"http://127.0.0.1:{target.port}"],
                             env={**os.environ, **env}, check=True, stdout=subprocess.PIPE, text=True).stdout
        spent = target.process.cpu_seconds() - before
        result = json.loads(out.strip().splitlines()[-1])
        if result["errors"] or not result["requests"]:
            raise RuntimeError(f"{target.name}: {call}: {result}")
        return result["requests_per_second"], spent * 1e6 / result["requests"]

    def open_loop(self, target, call, rate, seconds):
        method, path, body = target.calls[call]
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        (self.work / "request").write_bytes(head.encode() + b"\r\n" + (body or b""))
        out = subprocess.run([self.programs / "bench/open_loop", f"127.0.0.1:{target.port}", self.work / "request", str(rate), str(CONNECTIONS), str(seconds)],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        result = json.loads(out)
        if result["errors"]:
            raise RuntimeError(f"{target.name}: {call}: {result}")
        return result


def field(number, value):
    """A length-delimited field of the protobuf wire format."""
    size, varint = len(value), b""
    while size > 127:
        varint, size = varint + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + varint + bytes([size]) + value


def codec(programs):
    """Microseconds to parse and to print the member, ours and protobuf's own."""
    out = subprocess.run([programs / "gateway/transcode/lanting_json_codec_bench", "--benchmark_format=json", "--benchmark_repetitions=5", "--benchmark_min_time=0.1"],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    medians = {b["run_name"]: b["cpu_time"] / 1000 for b in json.loads(out)["benchmarks"] if b.get("aggregate_name") == "median"}
    return medians["Parse"], medians["Print"], medians["ProtobufParse"] + medians["ProtobufPrint"]


def idle_connections(bench, target, rate, rounds):
    """RSS of the gateway before and with IDLE connections, each of which has made one call; and the latencies of a small
    load without and with them."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    request = f"GET /v1/{MEMBER} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
    bench.open_loop(target, "get", rate, 1)
    before, without, rss, during = target.process.rss_mib(), [], [], []
    for _ in range(rounds):
        without.append(bench.open_loop(target, "get", rate, 3))
        with contextlib.ExitStack() as held:
            held_sockets = [held.enter_context(socket.create_connection(("127.0.0.1", target.port), 10)) for _ in range(IDLE)]
            for s in held_sockets:
                s.sendall(request)
                if not s.recv(65536).startswith(b"HTTP/1.1 200"):
                    raise RuntimeError("a connection that was to idle got no answer")
            rss.append(target.process.rss_mib())
            during.append(bench.open_loop(target, "get", rate, 3))
            for s in held_sockets[::100]:  # still connections, not just sockets
                s.sendall(request)
                if not s.recv(65536).startswith(b"HTTP/1.1 200"):
                    raise RuntimeError("an idle connection was closed")
    return before, max(rss), without, during


def measure(bench, rounds, seconds):
    bench.start_service()
    ours = bench.gateway()
    bare = bench.pass_through()
    deployed = bench.gateway(DEPLOYED, **bench.as_deployed())
    installed = peers.install(bench.work / "peers")
    skipped = [p for p in installed if isinstance(p, peers.Skipped)]
    targets = [ours, bare, deployed]
    for peer in installed:
        if isinstance(peer, peers.Peer):
            try:
                target = bench.peer(peer)
                target.request("get"), target.request("post")
                targets.append(target)
            except RuntimeError as e:
                skipped.append(peers.Skipped(peer.name, str(e)))
    by_name = {t.name: t for t in targets}
    for t in targets:
        for call in t.calls:
            bench.closed_loop(t, call, 1)  # warm
    for n in range(rounds):
        for call in ("get", "post"):
            for t in targets:
                rate, cost = bench.closed_loop(t, call, seconds)
                t.rate[call].append(rate)
                t.cost[call].append(cost)
        say(f"round {n + 1}: " + "; ".join(f"{t.name} {t.rate['get'][-1]:.0f}/s {t.cost['get'][-1]:.1f} µs, post {t.rate['post'][-1]:.0f}/s {t.cost['post'][-1]:.1f} µs" for t in targets))
    go = by_name.get(GRPC_GATEWAY)
    rate = 0.7 * min(median(t.rate["get"]) for t in (ours, go) if t)
    for _ in range(rounds):
        for t in filter(None, (ours, go)):
            t.open.append(bench.open_loop(t, "get", rate, seconds))
    return ours, by_name, skipped, rate


def peer_rows(ours, by_name, skipped):
    def row(name, target_text):
        if name not in by_name:
            why = next(s.why for s in skipped if s.name == name)
            return [f"| req/s per core against {name} | {target_text} | skipped: {name}, {why} | | |"]
        peer = by_name[name]
        lines = []
        for call, what in (("get", "GET"), ("post", "POST")):
            per_core = [[1e6 / c for c in t.cost[call]] for t in (ours, peer)]
            lines.append(f"| {what}, req/s per core against {name} | {target_text} | {median(per_core[0]):,.0f} | {median(per_core[1]):,.0f} | **{spread(ratios(*per_core))}×** |")
        return lines
    return [*row(GRPC_GATEWAY, "2×"), *row(ENVOY[0], "1×"), *row(ENVOY[1], "1×"), *row("fastify + grpc-js", "–")]


def open_rows(ours, peer, rate):
    def figures(runs):
        return " / ".join(f"{median([r[k] for r in runs]):.2f}" for k in ("p50_ms", "p99_ms", "p999_ms"))
    if peer is None:
        return [f"| GET, open loop at {rate:,.0f} req/s: p50 / p99 / p99.9 ms | lower | {figures(ours.open)} | skipped: {GRPC_GATEWAY} | |"]
    p99 = ratios([r["p99_ms"] for r in ours.open], [r["p99_ms"] for r in peer.open])
    return [f"| GET, open loop at {rate:,.0f} req/s (70 % of the lower saturation): p50 / p99 / p99.9 ms against {GRPC_GATEWAY} | p99 lower | "
            f"{figures(ours.open)} | {figures(peer.open)} | p99 **{spread(p99)}×** |"]


def own_rows(ours, by_name, idle, codec_us):
    lines = []
    for call, what in (("get", "GET"), ("post", "POST")):
        more = [a - b for a, b in zip(ours.cost[call], by_name["pass-through"].cost[call])]
        deployed = [a - b for a, b in zip(by_name[DEPLOYED].cost[call], ours.cost[call])]
        lines.append(f"| {what}: CPU per request over a byte pass-through of the same call ({median(by_name['pass-through'].cost[call]):.1f} µs) | ≤ 20 µs more | **{spread(more, 1)} µs more** |")
        lines.append(f"| {what}: the same gateway {DEPLOYED}, on top of that | – | {spread(deployed, 1)} µs |")
    before, with_idle, without, during = idle
    p = {k: tuple(median([r[k] for r in runs]) for runs in (without, during)) for k in ("p50_ms", "p99_ms")}
    lines.append(f"| {IDLE:,} idle keep-alive connections: RSS | ≤ 150 MiB | **{with_idle:.0f} MiB** ({before:.0f} MiB without) |")
    lines.append(f"| the same: latency of {without[0]['rate']:,.0f} GET/s without → with them | no change | p50 {p['p50_ms'][0]:.2f} → {p['p50_ms'][1]:.2f} ms, p99 {p['p99_ms'][0]:.2f} → {p['p99_ms'][1]:.2f} ms |")
    parse, print_, protobuf = codec_us
    lines.append(f"| JSON codec, member of 12 fields: parse + print | ≤ 6 µs | **{parse + print_:.2f} µs** ({parse:.2f} + {print_:.2f}; protobuf's own: {protobuf:.1f}) |")
    return lines


def run(options):
    programs = Path(options.programs) if options.programs else build("lanting-gateway", "lanting_json_codec_bench", "echo_server", "pass_through", "open_loop")
    env = {"LANTING_LOG_LEVEL": "warn"}
    bench = Bench(programs.resolve(), Path(options.work).resolve(), options.gateway_seconds, env)
    others = os.getloadavg()[0]
    codec_us = codec(bench.programs)
    with bench.stack:
        ours, by_name, skipped, rate = measure(bench, options.rounds, options.gateway_seconds)
        idle = idle_connections(bench, ours, 1000, 3)
        lines = [
            f"`bench/run gateway`, {machine()}, load average before the start {others:.0f}. One C++ gRPC service (an answer of 12 fields, 0.5 kB) behind all; closed loop: wrk with {CONNECTIONS} keep-alive connections, "
            f"{options.rounds} rounds of {options.gateway_seconds} s. Per core: requests divided by the CPU seconds of the proxy's process, which other load on the machine disturbs least. "
            "GET names a member in the path; POST sends the member as JSON and gets it back. The gateway has one I/O thread; keys are not looked up, rates not counted and no access log written, as the peers do nothing of the kind; what that costs is the row \"as deployed\".",
            "",
            "| what | at least | ours | peer | ratio |",
            "|---|---|---|---|---|",
            *peer_rows(ours, by_name, skipped),
            *open_rows(ours, by_name.get(GRPC_GATEWAY), rate),
            "",
            "| what | bound | measured |",
            "|---|---|---|",
            *own_rows(ours, by_name, idle, codec_us),
        ]
    say("\n".join(lines))
    if not options.no_write:
        write_section(TITLE, lines)
