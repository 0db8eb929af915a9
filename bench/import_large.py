#!/usr/bin/env python3
"""A large file into a running membership service by `lantingctl import`: how long it takes, and what memory the service
and the tool need for it. Not part of `make test`.

  import_large.py --rest URL --key KEY --membership HOST:PORT --lantingctl PATH [--pid PID] [--mib 1024] [--rows 100000]

The rows are padded with columns that nobody imports. --pid: the process whose memory is watched.
"""
import argparse
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.request


def call(rest, key, path, body):
    request = urllib.request.Request(rest + path, json.dumps(body).encode(), method="POST",
                                     headers={"Authorization": "Bearer " + key, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def rss(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024
    except (OSError, StopIteration):
        return 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("rest", "key", "membership", "lantingctl"):
        options.add_argument("--" + name, required=True)
    options.add_argument("--pid", type=int)
    options.add_argument("--mib", type=int, default=1024)
    options.add_argument("--rows", type=int, default=100_000)
    args = options.parse_args()

    community = call(args.rest, args.key, "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                     {"displayName": "大文件", "template": "TEMPLATE_SOCIAL_RING", "purpose": "看看大文件要多久"})["name"]
    call(args.rest, args.key, f"/v1/{community}/groups",
         {"displayName": "一群", "channel": "CHANNEL_WECOM", "capacity": min(args.rows, 100_000)})
    padding = max(1, args.mib * 1024 * 1024 // args.rows - 40)
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
        file.write("昵称,渠道,渠道用户编号,备注\n")
        for row in range(args.rows):
            file.write(f"书友{row},wecom,wm{row:09d},\"{'n' * padding}\"\n")
        file.flush()
        size = os.path.getsize(file.name)
        peak = {"service": 0, "tool": 0}
        started = time.monotonic()
        tool = subprocess.Popen([args.lantingctl, "--membership", args.membership, "--key", args.key, "--json", "import",
                                 "--community", community, "--skip-bad-rows", "--ignore-unknown-columns", file.name])
        before = rss(args.pid) if args.pid else 0

        def watch():
            while tool.poll() is None:
                peak["service"] = max(peak["service"], rss(args.pid) if args.pid else 0)
                peak["tool"] = max(peak["tool"], rss(tool.pid))
                time.sleep(0.05)

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = tool.wait()
        watcher.join()
    seconds = time.monotonic() - started
    print(f"exit {code}: {size >> 20} MiB, {args.rows} rows in {seconds:.1f} s; the service needed {before} MiB before and "
          f"at most {peak['service']} MiB, the tool {peak['tool']} MiB")


if __name__ == "__main__":
    main()
