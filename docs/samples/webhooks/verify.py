#!/usr/bin/env python3
"""Checks a webhook of Kazasu (Standard Webhooks): verify.py ID TIMESTAMP SIGNATURE < body

WEBHOOK_SECRETS holds the secrets, with a space between them: two while one takes the place of the other.
Ends with 0 when the message is to be believed, else with 1 and the reason.
"""
import base64
import hashlib
import hmac
import os
import sys
import time

TOLERANCE = 300  # seconds


def verify(secrets: list[str], headers: dict[str, str], body: bytes, now: float) -> str:
    """The reason why the message is not to be believed; empty when it is. `body` is the bytes as they came: never parse and write them again."""
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    signed = message_id.encode() + b"." + timestamp.encode() + b"." + body
    given = [one[3:] for one in headers["webhook-signature"].split() if one.startswith("v1,")]
    right = False
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for one in given:
            # In constant time, and every one of them.
            right |= hmac.compare_digest(wanted.encode(), one.encode())
    if not right:
        return "signature"
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE:
        return "timestamp"
    return ""


if __name__ == "__main__":
    headers = dict(zip(["webhook-id", "webhook-timestamp", "webhook-signature"], sys.argv[1:4]))
    why = verify(os.environ["WEBHOOK_SECRETS"].split(), headers, sys.stdin.buffer.read(), time.time())
    print(why or "ok")
    sys.exit(1 if why else 0)
