"""What a merchant's accounting program does, with a client that a public generator made from docs/openapi.json.

    python api_client.py FOLDER-OF-THE-CLIENT http://HOST:PORT/api/v1 PAYMENT-RECORD

The session is read from standard input. It asks for a refund twice under one key and gets one request, reads the payouts, and prints
both as JSON.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

from kazasu_client.client import AuthenticatedClient
from kazasu_client.api.closing import closing_payouts, closing_refund_payment
from kazasu_client.models.problem import Problem
from kazasu_client.models.refund_payment import RefundPayment

base, payment = sys.argv[2], int(sys.argv[3])
client = AuthenticatedClient(base_url=base, token=sys.stdin.read().strip())


def refund(key, yen):
    body = RefundPayment(why="a program's refund", amount=yen)
    return closing_refund_payment.sync_detailed(payment, client=client, body=body, idempotency_key=key)


first, again = refund("order-7", 100), refund("order-7", 100)
assert first.status_code == again.status_code == 200, (first, again)
assert first.parsed.to_dict() == again.parsed.to_dict(), (first, again)
other = refund("order-7", 101)
assert other.status_code == 422 and isinstance(other.parsed, Problem), other
assert other.parsed.code.value == "idempotency_key_reused", other.parsed

page = closing_payouts.sync(client=client)
assert not isinstance(page, Problem) and page.items, page
payouts = page.items
print(json.dumps({"refund": first.parsed.to_dict(), "payouts": [payout.to_dict() for payout in payouts]}))
