#!/usr/bin/env python3
"""Send every sample of WIRE.md's section 12 to a switch over a plain socket and compare the answers with the published ones.

Nothing but Python's standard library, and nothing of first_tap.py: frames are cut and put together here. The switch must know
acquirer 270001 with the published master key, merchant M00000000000001 with terminal T0000001, and the samples' PPID.

Two things of a sample cannot be sent as they are printed. The keys are those of the session, so each MAC is computed anew.
And the samples are of 23 November, 06:15 UTC, a time that the switch would refuse: DE7, and DE90 with it, are of this minute.

Exit status: 0 every answer is as published, 1 some differ, 2 the connection broke.
"""
import hashlib
import hmac
import re
import secrets
import socket
import sys
import time

# What a sample cannot know: approval code, balances, the switch's own totals, and the MAC over them.
OPEN = {"38", "54", "128", "64"}
OPEN_FOR = {"sign-on": {"48"}, "totals": {"39", "66", "74", "75", "76", "77", "86", "87", "88", "89", "97"}}
ACQUIRER = "270001"
MINUTE = "11230615"


def samples(text):
    """Name, head, frame, message type and fields of each sample."""
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


def derive(master, way, context):
    text = b"\0\0\0\1Kazasu sign-on 1 " + way + b"\0" + context + b"\0\0\1\0"
    return hmac.digest(master, text, hashlib.sha256)


def mac(key, body):
    return hmac.digest(key, body, hashlib.sha256)[:8].hex().upper().encode()


class Session:
    """One connection, and the nonces and keys that its answers bring."""

    def __init__(self, connection, master):
        self.connection, self.master = connection, master
        self.reader = connection.makefile("rb")
        self.nonce, self.keys = secrets.token_bytes(16), None
        self.minute = time.strftime("%m%d%H%M", time.gmtime())

    def now(self, text):
        """A text of the samples as it is in this minute."""
        return text.replace(MINUTE, self.minute)

    def send(self, name, frame, values):
        """Sends a sample; gives type and fields of the answer."""
        body = self.now(frame[2:].decode("latin-1"))
        if name == "sign-on":
            body = body.replace(values["48"], "NA032" + self.nonce.hex().upper())
        body = body.encode("latin-1")
        if self.keys and name != "sign-on":
            body = body[:-16] + mac(self.keys[0], body[:-16])
        self.connection.sendall(len(body).to_bytes(2, "big") + body)
        answer = self.reader.read(int.from_bytes(self.reader.read(2), "big"))
        if not answer:
            raise ValueError(f"{name}: the switch closed the connection")
        mti, fields = decode(answer)
        if name == "sign-on":
            self.begin(fields["48"])
        elif answer[-16:] != mac(self.keys[1], answer[:-16]):
            raise ValueError(f"{name}: the answer's MAC is wrong")
        return mti, fields

    def begin(self, private):
        ours = self.nonce.hex().upper()
        theirs = re.fullmatch(rf"NA032{ours}NS032([0-9A-F]{{32}})", private).group(1)
        context = ACQUIRER.encode() + self.nonce + bytes.fromhex(theirs)
        self.keys = [derive(self.master, way, context) for way in (b"to-switch", b"from-switch")]


def main():
    host, port, document = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(document, encoding="utf-8") as file:
        text = file.read()
    known = {name: rest for name, *rest in samples(text)}
    master = bytes.fromhex(re.search(r"^\| master \|.*`([0-9A-F]+)` \|$", text, re.M).group(1))
    differ = 0
    with socket.create_connection((host, port), timeout=10) as connection:
        session = Session(connection, master)
        for name, (head, frame, mti, values) in known.items():
            ours = head[0].split()[1] == "iso87-ascii" and values.get("32") == ACQUIRER and int(mti) // 10 % 2 == 0
            if not ours or "DE48" in name:
                continue
            got_mti, got = session.send(name, frame, values)
            # A repeat is answered like the first.
            answer = known.get(f"{name.removesuffix(' repeat')} answer")
            _, _, want_mti, want = answer
            want = {number: session.now(value) for number, value in want.items()}
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
    except (OSError, ValueError, KeyError, AttributeError) as error:
        print("error:", repr(error), file=sys.stderr)
        sys.exit(2)
