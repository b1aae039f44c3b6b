#!/usr/bin/env python3
"""Measure how taps go on while each port is flooded, unattended: a sample town of its own, a load without a flood, then with one.

    python3 tools/measure_flood.py --programs target/release --rate 5000

It makes everything in a temporary folder, uses ports of its own, ends what it started, and prints a table for
docs/operations/limits.md. With the defaults it takes less than three minutes. Exit status 1 when a tap stayed without an answer,
a signed-on connection was closed, or a port could not accept.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
FLOOD = HERE.parent / "docs" / "examples" / "flood.py"

# Name, options of flood.py behind the address, which address.
FLOODS = [
    ("none", None, None),
    ("acquirers' port, 20 networks, silent", ["--connections", "8000", "--networks", "20"], "acquirers"),
    ("HTTP, one network, half headers", ["--connections", "8000", "--networks", "1", "--half-header"], "http"),
]


def metrics(http):
    with urllib.request.urlopen(f"http://{http}/metrics", timeout=10) as answer:
        return answer.read().decode()


def metric(text, name, label=""):
    found = (line for line in text.splitlines() if line.startswith(name) and label in line)
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)


class Town:
    def __init__(self, programs, folder, offset):
        self.programs, self.folder, self.running = programs, pathlib.Path(folder) / "town", []
        self.run("kazasu", "init", str(self.folder), "--residents", "300", "--port-offset", str(offset))
        self.config = str(self.folder / "kazasu.toml")
        text = (self.folder / "kazasu.toml").read_text()
        self.http = re.search(r'^http = "([^"]+)"', text, re.M)[1]
        self.acquirers = re.search(r'^\[\[listener\]\]\naddr = "([^"]+)"', text, re.M)[1]
        self.start("issuer-sim", "--config", str(self.folder / "issuers.toml"))
        for what in ("merchant", "link"):
            self.run("kazasu", what, "import", str(self.folder / f"{what}s.csv"), "--config", self.config)
        self.run("kazasu", "apply", str(self.folder / "town.jsonl"), "--config", self.config)
        self.start("kazasu", "serve", "--config", self.config)
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://{self.http}/api/v1/status", timeout=5) as answer:
                    status = json.load(answer)
                if sum(1 for issuer in status["issuers"] if issuer["up"]) >= 3:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit("the switch does not come up; see " + str(self.folder))

    def run(self, program, *args):
        done = subprocess.run([str(self.programs / program), *args], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{program} {' '.join(args)}: {done.stderr}")

    def start(self, program, *args):
        log = open(self.folder / f"{program}.log", "w")
        self.running.append(subprocess.Popen([str(self.programs / program), *args], stdout=log, stderr=log))

    def load(self, rate, seconds, seed):
        command = [str(self.programs / "acquirer-sim"), "load", "--config", str(self.folder / "acquirer-27000001.toml"),
                   "--rate", str(rate), "--seconds", str(seconds), "--connections", "8", "--seed", str(seed), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (IndexError, ValueError):
            raise SystemExit(f"the load said: {done.stdout}{done.stderr}")

    def end(self):
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def measured(town, rate, seconds, number, flood):
    """Load with a flood or none: the load's report, and what the flood said."""
    _, options, where = flood
    flooding = None
    if options is not None:
        address = town.acquirers if where == "acquirers" else town.http
        command = [sys.executable, str(FLOOD), address, *options, "--seconds", str(seconds + 4)]
        flooding = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        time.sleep(2)
    report = town.load(rate, seconds, number)
    said = flooding.communicate(timeout=60)[0].strip() if flooding else "–"
    return report, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, default=pathlib.Path("target/release"))
    parser.add_argument("--rate", type=int, default=5000, help="taps a second")
    parser.add_argument("--seconds", type=int, default=30, help="of each of the three loads")
    parser.add_argument("--port-offset", type=int, default=1000 + os.getpid() % 4000)
    args = parser.parse_args()
    for program in ("kazasu", "issuer-sim", "acquirer-sim"):
        if not (args.programs / program).exists():
            parser.error(f"{args.programs / program} is not there; cargo build --release --workspace makes it")
    rows, bad = [], []
    with tempfile.TemporaryDirectory(prefix="kazasu-flood-") as folder:
        town = Town(args.programs, folder, args.port_offset)
        try:
            for number, flood in enumerate(FLOODS, 1):
                report, said = measured(town, args.rate, args.seconds, number, flood)
                rows.append((flood[0], report, said))
            text = metrics(town.http)
            errors = metric(text, "kazasu_accept_errors_total")
            cut = sum(metric(text, "kazasu_connections_closed_total", f'"{why}"') for why in ("write", "idle", "framing"))
        finally:
            town.end()
    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end, "
          f"programs of {args.programs}, --rate {args.rate}, {args.seconds} s each\n")
    print("| Flood | Taps | Answered | Taps/s | p50 | p90 | p99 | Flood's connections |")
    print("|---|---|---|---|---|---|---|---|")
    for name, report, said in rows:
        sent, answered = report["sent"], report["answered"]
        times = " | ".join(f"{report[key] / 1000:.1f} ms" for key in ("p50_us", "p90_us", "p99_us"))
        print(f"| {name} | {sent:,} | {answered:,} | {report['tps']:,.0f} | {times} | {said} |")
        if answered != sent:
            bad.append(f"{name}: {sent - answered} taps without an answer")
    if errors:
        bad.append(f"{errors:.0f} times a port could not accept")
    if cut:
        bad.append(f"{cut:.0f} signed-on connections were closed")
    for line in bad:
        print(f"\nNOT AS IT SHOULD BE: {line}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
