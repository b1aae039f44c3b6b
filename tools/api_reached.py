#!/usr/bin/env python3
"""Did the tests reach every operation, status and code of the API's document?

    tools/api_reached.py docs/openapi.json target/tmp/answers tests/api-unreached.txt

The folder has what the switches of a test run counted (kazasu_http_answers_total), a file for each process. What is asked for:
every operation was carried out at least once, was refused to a caller without the right (403) and to one without a token (401), unless
the document takes anybody; every status of the document was answered by some operation; every code of a problem was answered.

The last file names what no test reaches yet, a line each. What is missing and not named there fails the run; what is named there and was
reached is told, so that the line can go.
"""
import json
import pathlib
import re
import sys

LINE = re.compile(r'^kazasu_http_answers_total\{method="([^"]*)",route="([^"]*)",status="([^"]*)",code="([^"]*)"\} (\d+)')
METHODS = {"get", "put", "post", "delete"}


def answers(folder):
    """Every (method, address, status, code) that was counted. An address's parameters have no names: two tables may name them."""
    found = set()
    for file in sorted(pathlib.Path(folder).glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            match = LINE.match(line)
            if match and int(match[5]) > 0:
                found.add((match[1].lower(), bare(match[2]), match[3], match[4]))
    return found


def bare(path):
    return re.sub(r"\{[^}]*\}", "{}", path)


def missing(document, found):
    base = document["servers"][0]["url"].rstrip("/")
    lacks, statuses = [], set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            reached = {status for (m, r, status, _) in found if (m, r) == (method, bare(base + path))}
            said = operation["responses"]
            statuses |= set(said)
            wanted = {"200"} & set(said)
            is_open = any(not means for means in operation.get("security", document["security"])) or operation.get("security") == []
            if not is_open:
                wanted |= {"401"}
                roles = operation.get("x-kazasu-rights", {}).get("roles", [])
                wanted |= set() if {"anyone", "signed-in"} & set(roles) else {"403"}
            for status in sorted(wanted - reached):
                lacks.append(f"{method.upper()} {path} ({operation['operationId']}) never answered {status}")
    seen = {status for (_, _, status, _) in found}
    lacks += [f"no operation answered {status}" for status in sorted(statuses - seen)]
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    told = {code for (_, _, _, code) in found}
    lacks += [f"no answer had the code {code}" for code in sorted(set(codes) - told)]
    unknown = sorted(code for code in told - set(codes) if code)
    lacks += [f"an answer had the code {code}, which the document does not have" for code in unknown]
    return lacks


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    document = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = answers(sys.argv[2])
    if not found:
        sys.exit(f"{sys.argv[2]}: no switch of a test left its counts here; cargo test leaves them")
    lacks = missing(document, found)
    known = {line for line in pathlib.Path(sys.argv[3]).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}
    operations = sum(1 for item in document["paths"].values() for method in item if method in METHODS)
    print(f"{operations} operations, {len(found)} different answers, {len(lacks)} not reached, {len(known)} of which are known")
    for line in sorted(known - set(lacks)):
        print(f"reached by now, remove the line: {line}")
    if set(lacks) - known:
        sys.exit("\n".join(line for line in lacks if line not in known))


if __name__ == "__main__":
    main()
