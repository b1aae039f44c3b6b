#!/usr/bin/env bash
# A user's first hour, with the programs themselves: a sample town, issuers, imports, the switch, scenarios, load, a look at
# the ledger, a restart. Usage: tests/hand-in-hand.sh FOLDER-OF-PROGRAMS
set -euo pipefail
bin=$(cd "$1" && pwd)
dir=$(mktemp -d)
town=$dir/town
scenarios=$(cd "$(dirname "$0")/../acquirer-sim/scenarios" && pwd)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$dir"' EXIT

fail() { echo "hand-in-hand: $*" >&2; for log in "$dir"/*.log; do echo "--- $log"; tail -20 "$log"; done >&2; exit 1; }
# Waits until a command succeeds.
until_true() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; fail "never true: $*"; }
get() { python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())' "$1"; }

# Ten ports that are free, found by asking for them; init moves all of its ports by one offset.
offset=$(python3 - <<'END'
import random, socket
for _ in range(200):
    offset = random.randrange(10000, 50000)
    sockets = []
    try:
        for port in (8080, 8583, 8584, 8585, 9001, 9002, 9003, 9004):
            s = socket.socket()
            sockets.append(s)
            s.bind(("127.0.0.1", port + offset))
        print(offset)
        break
    except OSError:
        pass
    finally:
        for s in sockets:
            s.close()
END
)
http=http://127.0.0.1:$((8080 + offset))

"$bin/kazasu" init "$town" --residents 200 --port-offset "$offset" > "$dir/init.log"
"$bin/kazasu" config check --config "$town/kazasu.toml"
"$bin/issuer-sim" --config "$town/issuers.toml" > "$dir/issuers.log" 2>&1 &
# The book is opened before anybody has joined: from then on this takes two people.
"$bin/kazasu" merchant import "$town/merchants.csv" --config "$town/kazasu.toml"
"$bin/kazasu" payee import "$town/payees.csv" --config "$town/kazasu.toml"
"$bin/kazasu" link import "$town/links.csv" --config "$town/kazasu.toml"
"$bin/kazasu" apply "$town/town.jsonl" --config "$town/kazasu.toml"
"$bin/kazasu" serve --config "$town/kazasu.toml" > "$dir/serve.log" 2>&1 &
serve=$!
until_true get "$http/readyz"
until_true sh -c "'$bin/acquirer-sim' run '$scenarios/02-purchase-credit.toml' '$scenarios/03-purchase-debit.toml' '$scenarios/04-purchase-bank.toml' --config '$town/acquirer-27000001.toml'"

for acquirer in 27000001 27000002 27000003; do
    "$bin/acquirer-sim" run "$scenarios" --config "$town/acquirer-$acquirer.toml" > "$dir/scenarios.log" \
        || { cat "$dir/scenarios.log"; fail "scenarios differ"; }
    tail -1 "$dir/scenarios.log"
done
# A scenario that expects the wrong thing must say so with exit code 1, an unreadable one with 2.
printf 'title = "wrong on purpose"\n[[step]]\nsend = "echo"\nexpect = { code = "96" }\n' > "$dir/wrong.toml"
code=0; "$bin/acquirer-sim" run "$dir/wrong.toml" --config "$town/acquirer-27000001.toml" > "$dir/wrong.log" || code=$?
[ $code = 1 ] && grep -q "DE39 expected 96" "$dir/wrong.log" || fail "a wrong expectation was not reported ($code)"
printf 'title = 1\n' > "$dir/bad.toml"
code=0; "$bin/acquirer-sim" run "$dir/bad.toml" --config "$town/acquirer-27000001.toml" 2> "$dir/bad.log" || code=$?
[ $code = 2 ] || fail "an unreadable scenario gave exit code $code"

code=0; "$bin/acquirer-sim" load --rate 200 --seconds 2 --connections 2 --json --config "$town/acquirer-27000001.toml" > "$dir/load.json" || code=$?
python3 - "$dir/load.json" <<'END'
import json, sys
report = json.load(open(sys.argv[1]))
assert report["sent"] >= 390 and report["answered"] >= report["sent"], report
assert set(report["errors_by_kind"]) <= {"91 not available"}, report
END
python3 - "$(get "$http/api/v1/status")" "$(get "$http/status")" "$(get "$http/metrics")" <<'END'
import json, sys
status, page, metrics = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
assert status["ready"] and status["balanced"] and status["residents"] > 200, status
assert "かざす" in page and "貸借一致" in page and "さくらカード" in page
assert "kazasu_messages_total" in metrics
END
# The ledger of a running switch can be looked at.
"$bin/kazasu" ledger verify "$town/data/journal.db" > "$dir/verify.log"
# What was approved in the place of the issuer that is not there stays owed to it, once an acquirer.
until_true sh -c "python3 -c 'import json,sys,urllib.request as u; s=json.load(u.urlopen(sys.argv[1])); sys.exit(abs(s[\"owed_to_issuers\"]-3)+s[\"waiting_for_issuer\"])' $http/api/v1/status"
kill -TERM "$serve"; wait "$serve" || fail "the switch ended badly"
"$bin/kazasu" ledger verify "$town/data/journal.db" --json > "$dir/verify.json"
"$bin/kazasu" ledger trial-balance "$town/data/journal.db" | tail -3
# A reader that stops early is no fault.
{ for _ in 1 2 3 4 5; do "$bin/kazasu" ledger verify "$town/data/journal.db" 2>> "$dir/pipe.log" || true; done; } | true
grep -q panicked "$dir/pipe.log" && fail "a closed pipe was a panic"
# A disk that is full is told, with code 2; a reader that is gone is not; and neither is a panic.
for program in "kazasu --help" "acquirer-sim --help" "issuer-sim --help" "perf --help" \
    "kazasu ledger trial-balance $town/data/journal.db"; do
    code=0; timeout 20 "$bin"/$program > /dev/full 2> "$dir/full.log" || code=$?
    [ "$code" = 2 ] && grep -q "cannot write to standard output" "$dir/full.log" || fail "$program on a full disk: code $code"
    code=0; { "$bin"/$program || code=$?; echo "$code" > "$dir/code"; } 2> "$dir/pipe.log" | true
    grep -q panicked "$dir/full.log" "$dir/pipe.log" && fail "$program: a panic"
done
"$bin/kazasu" serve --config "$town/kazasu.toml" --json > "$dir/again.log" 2>&1 &
until_true get "$http/readyz"
python3 - "$dir/verify.json" "$(get "$http/api/v1/status")" <<'END'
import json, sys
before, status = json.load(open(sys.argv[1])), json.loads(sys.argv[2])
assert before["verified"] and before["debits"] == before["credits"]
assert status["records"] >= before["records"] and status["balanced"], (before, status)
END
echo "hand in hand: good"
