"""What the tables of `make bench` share: builds, processes and their CPU time, figures, and the sections of results.md."""
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
RESULTS = BENCH / "results.md"
RELEASE = ROOT / "build" / "release"

INTRODUCTION = """# Measured

By `make bench`; one table alone: `bench/run membership`, `bench/run segments`,
`bench/run gateway`. Load generators share the machine. Ours and the
peer are interleaved; the figures are medians, a ratio comes with its spread. Quote the ratios, not the absolutes.
"""


def say(text):
    print(text, flush=True)


def build(*targets):
    """The release build of these programs; returns its directory."""
    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(RELEASE), *targets], check=True)
    return RELEASE


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A server under measurement: started with its output in `log`, stopped with SIGTERM."""

    def __init__(self, command, log, env=None, ready=None, cwd=None):
        self.log = log
        with open(log, "wb") as out:
            self.child = subprocess.Popen([str(c) for c in command], env={**os.environ, **(env or {})}, cwd=cwd,
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE if ready is None else out, stderr=out)
        self.pid = self.child.pid
        if ready is not None:
            self.wait(ready)

    def first_line(self):
        return self.child.stdout.readline().decode().strip()

    def wait(self, ready, seconds=30):
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and self.child.poll() is None:
            try:
                if ready():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"did not start, see {self.log}")

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text()).group(1)) / 1024

    def stop(self):
        if self.child.poll() is not None:
            return
        self.child.send_signal(signal.SIGTERM)
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def median(values):
    return statistics.median(values)


def ratios(ours, peers):
    return [a / b for a, b in zip(ours, peers)]


def spread(values, digits=2):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def machine():
    cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    return f"{time.strftime('%Y-%m-%d')}: {os.cpu_count()} × {cpu}, Linux {platform.release()}"


def write_section(title, lines):
    """Puts a section into results.md; the other sections stay as they are."""
    text = RESULTS.read_text() if RESULTS.exists() else ""
    sections = {s.splitlines()[0]: s.strip() for s in re.split(r"^## ", text, flags=re.M)[1:]}
    sections[title] = "\n".join([title, "", *lines])
    RESULTS.write_text(INTRODUCTION + "".join(f"\n## {s}\n" for s in sections.values()))


def need(program, package):
    from shutil import which
    if which(program) is None:
        sys.exit(f"{program} is missing: run make deps, or apt-get install {package}")
