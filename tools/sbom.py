#!/usr/bin/env python3
"""Lists what a build of kazasu is made of: a software bill of materials (SBOM) in CycloneDX 1.5, JSON.

    tools/sbom.py --out DIR          writes kazasu.cdx.json (what is installed) and kazasu-demo.cdx.json (with the demonstrations)
    tools/sbom.py --self-check       makes both twice, and checks that they are the same, whole, and as Cargo.lock says

It needs cargo and nothing else, builds nothing, and asks no network: the packages must have been fetched (`cargo fetch --locked`).
The same sources and target give the same bytes. A time stamp is in it only when SOURCE_DATE_EPOCH is set.

Scope: `required` is in the program; `excluded` only runs on the machine that builds it (build scripts, procedural macros, and what they
use). C code that a crate compiles in is a component of its own where its version is known here (SQLite).
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = "kazasu"
# Name of the file, and how cargo is told.
CONFIGURATIONS = {"kazasu": ["--no-default-features"], "kazasu-demo": []}
LINE = re.compile(r"^(\d+) (\S+) v(\S+)")


class Problem(Exception):
    """What is wrong, in words."""


def cargo(*arguments):
    """What cargo prints. It says itself what is wrong."""
    command = [os.environ.get("CARGO", "cargo"), *arguments, "--locked", "--offline"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Problem(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


def tree(features, target, edges):
    """Packages by (name, version) with what each depends on, as cargo resolves features for this build."""
    text = cargo("tree", "-p", PROGRAM, "-e", edges, "--target", target, "--prefix", "depth", "-f", " {p}", *features)
    packages, path = {}, []
    for line in filter(None, text.splitlines()):
        found = LINE.match(line)
        if not found:
            raise Problem(f"cargo tree says {line!r}, expected depth, name and version")
        depth, package = int(found[1]), (found[2], found[3])
        # A package that cargo has shown before is shown without its dependencies again.
        packages.setdefault(package, set())
        del path[depth:]
        if path:
            packages[path[-1]].add(package)
        path.append(package)
    return packages


def known(target):
    """What cargo metadata and Cargo.lock say of each package of the workspace's graph."""
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", target))
    lock = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    checksums = {}
    # cargo writes the file, so its form is always this one.
    for text in lock.split("[[package]]")[1:]:
        entry = dict(re.findall(r'^(name|version|checksum) = "([^"]*)"$', text, re.MULTILINE))
        checksums[entry["name"], entry["version"]] = entry.get("checksum")
    packages = {}
    for package in metadata["packages"]:
        key = (package["name"], package["version"])
        if key in packages:
            raise Problem(f"{key[0]} {key[1]} is there from two sources, and this program tells packages apart by name and version")
        packages[key] = {**package, "checksum": checksums[key]}
    return packages


def is_own(package):
    """Is it of this workspace?"""
    return package["source"] is None


def reference(key, packages):
    """How components name each other. This project's crates are on no registry, so they have no package URL."""
    name, version = key
    return f"{name}@{version}" if is_own(packages[key]) else f"pkg:cargo/{name}@{version.replace('+', '%2B')}"


def licence(text):
    """An SPDX expression. Older crates write MIT/Apache-2.0 for a choice."""
    return re.sub(r"\s*/\s*", " OR ", text)


def component(key, packages, scope):
    """One crate."""
    package = packages[key]
    out = {"type": "library", "bom-ref": reference(key, packages), "name": key[0], "version": key[1], "scope": scope}
    if package["description"]:
        out["description"] = " ".join(package["description"].split())
    if package["license"]:
        out["licenses"] = [{"expression": licence(package["license"])}]
    if not is_own(package):
        out["purl"] = reference(key, packages)
        if not package["checksum"]:
            raise Problem(f"{key[0]} {key[1]} has no checksum in Cargo.lock, and is not of this workspace")
        out["hashes"] = [{"alg": "SHA-256", "content": package["checksum"]}]
    if package["repository"]:
        out["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return out


def bundled_sqlite(key, packages):
    """SQLite, as libsqlite3-sys compiles it in."""
    header = pathlib.Path(packages[key]["manifest_path"]).parent / "sqlite3" / "sqlite3.h"
    found = re.search(r'^#define SQLITE_VERSION\s+"([\d.]+)"', header.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise Problem(f"{header} names no SQLITE_VERSION")
    version = found[1]
    return {"type": "library", "bom-ref": f"pkg:generic/sqlite@{version}", "name": "sqlite", "version": version,
            "scope": "required", "description": f"SQLite, compiled in by {key[0]} {key[1]}",
            "licenses": [{"license": {"id": "blessing"}}], "purl": f"pkg:generic/sqlite@{version}",
            "cpe": f"cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*"}


def bill(name, features, target, packages):
    """The whole document."""
    built = tree(features, target, "normal,build")
    linked = tree(features, target, "normal,no-proc-macro")
    roots = [key for key in built if key[0] == PROGRAM]
    if len(roots) != 1:
        raise Problem(f"expected one package {PROGRAM}, got {roots}")
    root = roots[0]
    components, dependencies = [], []
    for key in sorted(built):
        uses = sorted(reference(other, packages) for other in built[key])
        if key != root:
            components.append(component(key, packages, "required" if key in linked else "excluded"))
        if key[0] == "libsqlite3-sys":
            sqlite = bundled_sqlite(key, packages)
            components.append(sqlite)
            uses = sorted([*uses, sqlite["bom-ref"]])
            dependencies.append({"ref": sqlite["bom-ref"], "dependsOn": []})
        dependencies.append({"ref": reference(key, packages), "dependsOn": uses})
    dependencies.sort(key=lambda dependency: dependency["ref"])
    main = {**component(root, packages, "required"), "type": "application"}
    features_said = "without the demonstrations" if features else "with the demonstrations"
    properties = [{"name": "kazasu:features", "value": features_said}, {"name": "kazasu:target", "value": target}]
    metadata = {"component": main, "properties": properties}
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        moment = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
        metadata = {"timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), **metadata}
    # The document's number follows from its content: the same content is the same document.
    content = json.dumps([metadata, components, dependencies], sort_keys=True)
    serial = uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {content}").urn
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": serial, "version": 1, "metadata": metadata,
            "components": components, "dependencies": dependencies}


def written(document):
    """As bytes of the file."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def check(name, document, packages):
    """Is it whole, and what Cargo.lock says?"""
    def must(holds, what):
        if not holds:
            raise Problem(f"{name}: {what}")

    components = document["components"]
    refs = [document["metadata"]["component"]["bom-ref"], *(c["bom-ref"] for c in components)]
    must(len(refs) == len(set(refs)), "a component is there twice")
    graph = {d["ref"]: d["dependsOn"] for d in document["dependencies"]}
    must(sorted(graph) == sorted(refs), "components and the dependency graph name different packages")
    reached, open_ = set(), [refs[0]]
    while open_:
        ref = open_.pop()
        must(ref in graph, f"{ref} is used and is no component")
        if ref not in reached:
            reached.add(ref)
            open_ += graph[ref]
    must(reached == set(refs), f"nothing uses {sorted(set(refs) - reached)}")
    for c in components:
        must(c.get("licenses"), f"{c['name']} {c['version']} names no licence")
        key = (c["name"], c["version"])
        if key in packages and not is_own(packages[key]):
            must(c["purl"].startswith("pkg:cargo/"), f"{c['name']} has no package URL")
            must(re.fullmatch("[0-9a-f]{64}", c["hashes"][0]["content"]), f"{c['name']} has no SHA-256")
    scopes = {scope: {c["name"] for c in components if c["scope"] == scope} for scope in ("required", "excluded")}
    must({"ring", "rustls", "sqlx-postgres", "sqlite", "kazasu-core"} <= scopes["required"], "what the program surely uses is missing")
    must("serde_derive" in scopes["excluded"], "serde_derive only runs while building")
    must("proptest" not in scopes["required"] | scopes["excluded"], "what only tests use is in it")
    must(("kazasu-acquirer-sim" in scopes["required"]) == (name == "kazasu-demo"), "the simulators are in the demonstrations only")
    must(("timestamp" in document["metadata"]) == bool(os.environ.get("SOURCE_DATE_EPOCH")), "a time stamp that nobody gave")


def host():
    """The target that cargo builds for by itself."""
    text = subprocess.run([os.environ.get("RUSTC", "rustc"), "-vV"], capture_output=True, text=True, check=True).stdout
    return re.search(r"^host: (\S+)$", text, re.MULTILINE)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=pathlib.Path, help="the folder for both files")
    parser.add_argument("--target", help="the target triple that is built for; without it, this machine's")
    parser.add_argument("--self-check", action="store_true", help="check both, and that they come out the same again")
    arguments = parser.parse_args()
    if not arguments.out and not arguments.self_check:
        parser.error("one of --out and --self-check is needed")
    target = arguments.target or host()
    packages = known(target)
    for name, features in CONFIGURATIONS.items():
        document = bill(name, features, target, packages)
        if arguments.self_check:
            check(name, document, packages)
            again = bill(name, features, target, known(target))
            if written(again) != written(document):
                raise Problem(f"{name}: made twice, it comes out in two ways")
        required = sum(c["scope"] == "required" for c in document["components"])
        told = f"{name}: {len(document['components'])} components, {required} of them in the program"
        if arguments.out:
            arguments.out.mkdir(parents=True, exist_ok=True)
            path = arguments.out / f"{name}.cdx.json"
            path.write_text(written(document), encoding="utf-8")
            told += f"; {path}"
        print(told)


if __name__ == "__main__":
    try:
        main()
    except (Problem, OSError, ValueError, subprocess.CalledProcessError) as problem:
        sys.exit(f"sbom.py: {problem}")
