"""What the walks over REST (demo, demo_communities) share: the stack's address and key, one call, and how steps are told.

Everything goes through REST, as a tenant would; a step that is not as told ends the walk with status 1.
"""
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

HOME = "-".join(filter(None, (".lanting", os.environ.get("LANTING_STACK"))))
TTY = sys.stdout.isatty()
TRIES = 10
WALK = pathlib.Path(sys.argv[0]).name


class Refused(Exception):
    """An AIP-193 error of the API."""


def settings():
    """LANTING_URL and LANTING_KEY of the environment, or of the local stack."""
    file = pathlib.Path(__file__).resolve().parents[2] / HOME / "demo.env"
    found = {}
    if file.exists():
        found.update(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    if "LANTING_URL" in os.environ and "LANTING_KEY" in os.environ:
        found = os.environ
    if "LANTING_URL" not in found or "LANTING_KEY" not in found:
        sys.exit(f"{WALK}: no {file}: run `make up` first")
    return found["LANTING_URL"], found["LANTING_KEY"]


URL, KEY = settings()


def call(method, path, body=None, query=None, content_type="application/json"):
    """One request; the JSON of the reply, or its bytes. A write carries an Idempotency-Key, so that it can be tried again
    when the server asks to wait (429, 503)."""
    url = f"{URL}/v1/{urllib.parse.quote(path, safe='/:')}"
    if query:
        url += "?" + urllib.parse.urlencode(query, doseq=True, quote_via=urllib.parse.quote)
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}"}
    if data is not None:
        headers["Content-Type"] = content_type
    if method in ("POST", "PATCH", "DELETE"):
        headers["Idempotency-Key"] = f"{WALK}-{os.getpid()}-{time.time_ns()}"
    request = urllib.request.Request(url, data, headers, method=method)
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                body = reply.read()
                return json.loads(body) if reply.headers.get_content_type() == "application/json" else body
        except urllib.error.HTTPError as error:
            if error.code in (429, 503) and attempt + 1 < TRIES:
                time.sleep(float(error.headers.get("Retry-After", 1)))
                continue
            raise Refused(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None
        except urllib.error.URLError as error:
            sys.exit(f"{WALK}: {URL} does not answer ({error.reason}): run `make up` first")


step_number = 0


def step(chinese, english):
    global step_number
    step_number += 1
    head = f"{step_number}. {english}  {chinese}"
    print(f"\n\033[1m{head}\033[0m" if TTY else f"\n{head}")


def tell(text):
    print("   " + text)


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{WALK}: {what} is {got!r}, not {wanted!r}")


def short(name):
    """communities/abc…/members/xyz… -> members/…last six"""
    parts = name.split("/")
    return f"{parts[-2]}/…{parts[-1][-6:]}"


def walk(main):
    try:
        main()
    except Refused as refused:
        sys.exit(f"{WALK}: {refused}")
