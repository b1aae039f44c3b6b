#!/usr/bin/env python3
"""Sign on and send one purchase over a plain socket, with nothing but Python's standard library.

For an acquirer that uses iso87-ascii behind a two-byte length, and HMAC-SHA-256.

Exit status: 0 approved, 1 refused, 2 the connection or an answer was wrong.
"""
import argparse
import hashlib
import hmac
import random
import secrets
import socket
import sys
import time

# Characters of each field this program meets; LL and LLL fields give the digits of their length as a negative number.
FIELDS = {3: 6, 4: 12, 7: 10, 11: 6, 12: 6, 13: 4, 18: 4, 22: 3, 32: -2, 37: 12, 38: 6, 39: 2, 41: 8, 42: 15,
          48: -3, 49: 3, 54: -3, 64: 16, 70: 3, 90: 42, 102: -2, 128: 16}


def derive(master, label, context):
    """NIST SP 800-108, counter mode, one block of HMAC-SHA-256: a key of 256 bits."""
    block = (1).to_bytes(4, "big") + label + b"\0" + context + (256).to_bytes(4, "big")
    return hmac.new(master, block, hashlib.sha256).digest()


def session_keys(master, acquirer, ours, theirs):
    """The keys to and from the switch, from the nonces of both sides."""
    context = acquirer.encode() + ours + theirs
    return [derive(master, b"Kazasu sign-on 1 " + way, context) for way in (b"to-switch", b"from-switch")]


def tag(key, data):
    return hmac.new(key, data, hashlib.sha256).hexdigest()[:16].upper().encode()


def encode(mti, fields, key=None):
    """The whole frame. The MAC is DE128 when there is a field above 64, else DE64; its bit is set before it is computed."""
    mac = 128 if max(fields) > 64 else 64
    bits = sum(1 << (128 - n) for n in [*fields, *([mac] if key else [])]) | (mac == 128) << 127
    bitmap = f"{bits:032X}" if mac == 128 else f"{bits >> 64:016X}"
    body = (mti + bitmap).encode()
    for number, value in sorted(fields.items()):
        size = FIELDS[number]
        assert size < 0 or len(value) == size, f"DE{number} must have {size} characters"
        body += (f"{len(value):0{-size}d}" if size < 0 else "").encode() + value.encode()
    if key:
        body += tag(key, body)
    return len(body).to_bytes(2, "big") + body


def decode(body, key=None):
    """Message type and fields; raises ValueError when there is a key and the MAC is not right under it."""
    bits = int(body[4:20], 16) << 64
    at = 20
    if bits >> 127:
        bits |= int(body[20:36], 16)
        at = 36
    fields = {}
    for number in range(2, 129):
        if bits >> (128 - number) & 1:
            size = FIELDS[number]
            start = at
            if size < 0:
                at -= size
                size = int(body[start:at])
            fields[number] = body[at:at + size].decode("latin-1")
            at += size
    if key and (not {64, 128} & fields.keys() or not hmac.compare_digest(body[-16:], tag(key, body[:-16]))):
        raise ValueError(f"an answer without the right MAC, DE39 {fields.get(39)}: any sender may have made it")
    return body[:4].decode(), fields


def ask(connection, reader, mti, fields, keys=(None, None)):
    connection.sendall(encode(mti, fields, keys[0]))
    length = int.from_bytes(reader.read(2), "big")
    body = reader.read(length)
    if not length or len(body) < length:
        raise ValueError("the switch closed the connection")
    return decode(body, keys[1])


def stamp(stan):
    return {7: time.strftime("%m%d%H%M%S", time.gmtime()), 11: f"{stan:06d}"}


def sign_on(connection, reader, master, acquirer, stan):
    """Gives the session's keys, to and from the switch."""
    ours = secrets.token_bytes(16)
    nonce = "NA032" + ours.hex().upper()
    _, answer = ask(connection, reader, "0800", {**stamp(stan), 32: acquirer, 48: nonce, 70: "001"})
    print("sign-on DE39", answer[39])
    if answer[39] != "00" or not answer[48].startswith(nonce + "NS032"):
        raise ValueError("the switch gave no nonce for this sign-on")
    theirs = bytes.fromhex(answer[48][len(nonce) + 5:][:32])
    keys = session_keys(master, acquirer, ours, theirs)
    # The right MAC of this message is the acquirer's proof, the right MAC of its answer the switch's.
    _, answer = ask(connection, reader, "0800", {**stamp(stan + 1), 32: acquirer, 70: "101"}, keys)
    print("proof   DE39", answer[39])
    return keys


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--acquirer", required=True, help="institution id, DE32")
    parser.add_argument("--master", required=True, type=bytes.fromhex, help="the acquirer's master key, hexadecimal")
    parser.add_argument("--ppid", required=True, help="26 characters of base32, DE102")
    parser.add_argument("--merchant", required=True, help="DE42")
    parser.add_argument("--terminal", required=True, help="DE41")
    parser.add_argument("--amount", required=True, type=int, help="whole yen, DE4")
    args = parser.parse_args()
    stan = random.randrange(999_997)
    local = time.gmtime(time.time() + 9 * 3600)  # Japan
    try:
        with socket.create_connection((args.host, args.port), timeout=15) as connection, connection.makefile("rb") as reader:
            keys = sign_on(connection, reader, args.master, args.acquirer, stan)
            purchase = {3: "000000", 4: f"{args.amount:012d}", **stamp(stan + 2),
                        12: time.strftime("%H%M%S", local), 13: time.strftime("%m%d", local), 22: "072",
                        32: args.acquirer, 37: f"{stan + 2:012d}", 41: args.terminal.ljust(8),
                        42: args.merchant.ljust(15), 49: "392", 102: args.ppid}
            mti, answer = ask(connection, reader, "0200", purchase, keys)
    except (OSError, ValueError, KeyError) as error:
        print("error:", error, file=sys.stderr)
        return 2
    print("purchase", mti)
    for number, value in answer.items():
        print(f"  DE{number:<3} {value}")
    return 0 if answer[39] == "00" else 1


if __name__ == "__main__":
    sys.exit(main())
