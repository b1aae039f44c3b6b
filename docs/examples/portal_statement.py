#!/usr/bin/env python3
"""Ask something for a resident as a portal does: with a signed statement, with nothing but Python's standard library.

The signature is Ed25519 as RFC 8032 describes it, written out so that it can be read. It takes its time and hides none of it:
in earnest a library signs (`cryptography`: Ed25519PrivateKey.from_private_bytes(seed).sign(text)).

Exit status: 0 the switch did it, 1 it refused, 2 it gave no answer that can be read.
"""
import argparse
import datetime
import hashlib
import http.client
import json
import secrets
import sys

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE = (15112221349535400772501151409588531511454012693041857206046113283949847762202, 4 * pow(5, -1, P) % P)


def add(a, b):
    """The sum of two points in extended coordinates."""
    low, high = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    c, d = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = high - low, d - c, d + c, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number):
    """The base point, so many times, as 32 bytes."""
    point, doubled = (0, 1, 1, 0), (*BASE, 1, BASE[0] * BASE[1] % P)
    while number:
        if number & 1:
            point = add(point, doubled)
        doubled, number = add(doubled, doubled), number >> 1
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def sign(seed, text):
    digest = hashlib.sha512(seed).digest()
    secret = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
    public = times(secret)
    once = number(digest[32:], text) % ORDER
    point = times(once)
    rest = (once + number(point, public, text) * secret) % ORDER
    return point + rest.to_bytes(32, "little")


def statement(portal, resident, proven, operation, request, at=None, nonce=None):
    """The text that is signed. `request` is method, path with query, and the body's bytes."""
    method, target, body = request
    digest = hashlib.sha256(f"{method} {target}\n".encode() + body).hexdigest()
    japan = datetime.timezone(datetime.timedelta(hours=9))
    at = at or datetime.datetime.now(japan)
    lines = [
        "kazasu portal statement 1",
        f"portal {portal}",
        f"resident {resident}",
        f"proven {proven}",
        f"at {at.astimezone(japan).isoformat(timespec='milliseconds')}",
        f"operation {operation}",
        f"request {digest}",
        f"nonce {(nonce or secrets.token_bytes(16)).hex()}",
    ]
    return "".join(line + "\n" for line in lines).encode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="host:port of the switch's HTTP address")
    parser.add_argument("--token", required=True, help="the file with the portal's key for requests (kz_live_…)")
    parser.add_argument("--key", required=True, help="the file with the portal's private key, 64 hexadecimal digits")
    parser.add_argument("--portal", required=True, help="the portal's id: key_5")
    parser.add_argument("--resident", required=True, help="the PPID")
    parser.add_argument("--proven", default="card-pin", help="card-pin, card-face, pin-reset or signed-in")
    parser.add_argument("--limits", help="a JSON object for set_limits; the resident is shown without it")
    args = parser.parse_args()
    with open(args.token, encoding="ascii") as file:
        token = file.read().strip()
    with open(args.key, encoding="ascii") as file:
        seed = bytes.fromhex(file.read().strip())
    if args.limits is None:
        operation, method, target, body = "resident", "GET", f"/api/v1/residents/{args.resident}", b""
    else:
        operation, method, target = "set_limits", "PUT", f"/api/v1/residents/{args.resident}/limits"
        body = args.limits.encode()
    text = statement(args.portal, args.resident, args.proven, operation, (method, target, body))
    headers = {"Authorization": f"Bearer {token}", "Kazasu-Portal-Statement": f"{text.hex()}.{sign(seed, text).hex()}"}
    try:
        connection = http.client.HTTPConnection(args.address, timeout=30)
        connection.request(method, target, body or None, headers)
        answer = connection.getresponse()
        value = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        print(f"no answer that can be read: {error}", file=sys.stderr)
        return 2
    print(answer.status, json.dumps(value, ensure_ascii=False))
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
