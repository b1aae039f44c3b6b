#!/usr/bin/env python3
"""Send every sample of WIRE.md's section 12 to a switch over a plain socket and compare the answers with the published ones.

Nothing but Python's standard library: the frames are sent as they are printed. The switch must know acquirer 270001 with
the published keys, merchant M00000000000001 with terminal T0000001, and the samples' PPID. Times are those of the samples.

Exit status: 0 every answer is as published, 1 some differ, 2 the connection broke.
"""
import re
import socket
import sys

# What a sample cannot know: approval code, balances, fresh keys, the switch's own totals, and the MAC over them.
OPEN = {"38", "54", "128", "64"}
OPEN_FOR = {"key change": {"48"}, "totals": {"39", "66", "74", "75", "76", "77", "86", "87", "88", "89", "97"}}


def samples(text):
    """Name, frame, message type and fields of each sample."""
    for name, block in re.findall(r"<!-- sample: (.+?) -->\n```text\n(.*?)```", text, re.S):
        head, hexadecimal, fields = block.split("\n\n")
        frame = bytes.fromhex(hexadecimal.replace("\n", ""))
        mti = re.search(r"^MTI +(\d{4})$", fields, re.M).group(1)
        values = dict(re.findall(r'^DE(\d+) +x?"(.*?)"', fields, re.M))
        yield name, head.split("\n"), frame, mti, values


# Fixed lengths of iso87-ascii; LL and LLL fields as negative numbers.
FIELDS = {3: 6, 4: 12, 7: 10, 11: 6, 12: 6, 13: 4, 15: 4, 18: 4, 22: 3, 32: -2, 37: 12, 38: 6, 39: 2, 41: 8, 42: 15,
          48: -3, 49: 3, 50: 3, 54: -3, 64: 16, 66: 1, 70: 3, 74: 10, 75: 10, 76: 10, 77: 10, 86: 16, 87: 16, 88: 16,
          89: 16, 90: 42, 95: 42, 97: 17, 99: -2, 102: -2, 128: 16}


def decode(body):
    bits, at = int(body[4:20], 16) << 64, 20
    if bits >> 127:
        bits, at = bits | int(body[20:36], 16), 36
    fields = {}
    for number in range(2, 129):
        if bits >> (128 - number) & 1:
            size, start = FIELDS[number], at
            if size < 0:
                at -= size
                size = int(body[start:at])
            fields[str(number)] = body[at:at + size].decode("latin-1")
            at += size
    return body[:4].decode(), fields


def main():
    host, port, document = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(document, encoding="utf-8") as file:
        known = {name: rest for name, *rest in samples(file.read())}
    differ = 0
    with socket.create_connection((host, port), timeout=10) as connection, connection.makefile("rb") as reader:
        for name, (head, frame, mti, _) in known.items():
            ours = head[0].split()[1] == "iso87-ascii" and head[1].endswith("to-switch") and "hmac" not in head[1]
            if not ours or "DE48" in name:
                continue
            connection.sendall(frame)
            body = reader.read(int.from_bytes(reader.read(2), "big"))
            if not body:
                print(name, "closed the connection")
                return 2
            got_mti, got = decode(body)
            # A repeat is answered like the first.
            answer = known.get(f"{name.removesuffix(' repeat')} answer")
            _, _, want_mti, want = answer
            leave = OPEN | OPEN_FOR.get(name, set())
            wrong = [f"DE{n}: {want.get(n)!r} published, {got.get(n)!r} came"
                     for n in sorted({*want, *got} - leave, key=int) if want.get(n) != got.get(n)]
            if got_mti != want_mti:
                wrong.insert(0, f"type: {want_mti} published, {got_mti} came")
            print("differs" if wrong else "same   ", mti, name, *wrong, sep="  ")
            differ += bool(wrong)
    return 1 if differ else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError) as error:
        print("error:", repr(error), file=sys.stderr)
        sys.exit(2)
