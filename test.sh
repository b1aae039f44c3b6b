#!/usr/bin/env bash
# The whole test suite. Installs what it needs with the system's package manager where it may, or says what is missing.
#
#   ./test.sh           everything
#   ./test.sh quick     without dependency rules, documentation and the release build
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}
# Nothing here is built twice: what incremental builds keep beside each crate is only space.
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}
what=${1:-all}
case "$what" in all|quick) ;; *) echo "test.sh: unknown argument $what; known: quick" >&2; exit 2 ;; esac

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Program and the Debian package that has it.
needed=(cc:gcc python3:python3 openssl:openssl prlimit:util-linux softhsm2-util:softhsm2)
missing=()
for pair in "${needed[@]}"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
# A PostgreSQL server's binaries; the tests start servers of their own with them.
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql)
# A Japanese font: letters as PDF embed it.
ls /usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf >/dev/null 2>&1 || missing+=(fonts-ipaexfont-gothic)
# Virtual environments of Python, which Debian has in a package of its own.
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if [ ${#missing[@]} -gt 0 ]; then
    step "installing ${missing[*]}"
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"
    elif command -v apt-get >/dev/null && command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo apt-get update -q && sudo apt-get install -y -q --no-install-recommends "${missing[@]}"
    else
        echo "test.sh: please install these packages: ${missing[*]}" >&2
        exit 2
    fi
fi
# The OpenID Connect provider that people of the test's town sign in at, and the fuzzer and client generator of the API: each in a folder
# of its own, which says what was installed last.
for tools in oidc api-tools; do
    cmp -s tests/$tools.txt target/$tools/installed.txt && continue
    step "installing $(grep -v '^#' tests/$tools.txt | paste -sd ' ') into target/$tools"
    if ! { python3 -m venv target/$tools && target/$tools/bin/pip install -q -r tests/$tools.txt; }; then
        echo "test.sh: tests/$tools.txt could not be installed: python3 with venv (Debian: python3-venv) and access to PyPI, or a mirror (PIP_INDEX_URL), are needed" >&2
        exit 2
    fi
    cp tests/$tools.txt target/$tools/installed.txt
done
command -v cargo >/dev/null || { echo "test.sh: cargo is missing; install Rust 1.94 or newer (https://rustup.rs)" >&2; exit 2; }
files=$(ulimit -n)
if [ "$files" != unlimited ] && [ "$files" -lt 8192 ]; then
    ulimit -n 8192 2>/dev/null || { echo "test.sh: 8192 open files are needed, the limit is $files; raise it with ulimit -n" >&2; exit 2; }
fi

step "formatting"
cargo fmt --all -- --check

step "tests that documents name"
python3 tools/named_tests.py docs/SECURITY.md

step "the tool for key ceremonies"
python3 tools/key_components.py self-check

step "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings
# What is installed: without the demonstrations, and without a simulator.
cargo clippy -p kazasu --no-default-features --lib --bins --locked -- -D warnings

step "tests"
rm -rf target/tmp/answers
# All of them, so that one run names everything that fails.
cargo test --workspace --locked --no-fail-fast

step "every operation, status and code of the API was reached"
python3 tools/api_reached.py docs/openapi.json target/tmp/answers tests/api-unreached.txt

step "the programs, hand in hand"
cargo build --workspace --bins --locked
tests/hand-in-hand.sh target/debug

if [ "$what" = quick ]; then
    step "quick part passed"
    exit 0
fi

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

step "dependencies"
deny=$(command -v cargo-deny || echo target/tools/bin/cargo-deny)
if [ ! -x "$deny" ]; then
    cargo install cargo-deny --locked --root target/tools
fi
"$deny" --all-features check bans licenses sources

step "known weaknesses of dependencies"
# An advisory fails. A database that cannot be reached does not: the step is skipped, and the last line says so.
skipped=()
if timeout 300 "$deny" fetch db; then
    "$deny" --all-features check --disable-fetch advisories
else
    skipped+=("advisories were NOT checked: the advisory database cannot be reached from here (cargo deny fetch db); run cargo deny check advisories where it can")
    echo "test.sh: skipped: ${skipped[-1]}" >&2
fi

step "software bill of materials"
python3 tools/sbom.py --self-check --out target/sbom

step "the README's first command, shortened"
demo=$(mktemp -d)
trap 'rm -rf "$demo"' EXIT
cargo run --release --locked -- demo --data "$demo/town" --taps 600 --rate 300 --exit

step "the same on two nodes and PostgreSQL"
chmod 755 "$demo"
cargo run --release --locked -- demo --data "$demo/nodes" --store postgres --nodes 2 --taps 600 --rate 300 --exit

step "a flood: relief from the application to the report"
cargo run --release --locked -- demo --relief --data "$demo/relief" --exit --json | tee "$demo/relief.json"
python3 - "$demo/relief.json" <<'END'
import json, sys
result = json.load(open(sys.argv[1]))
missing = {"residents", "credited", "credited_yen", "spent_yen", "returned_yen", "held_yen", "first_tap_ms", "verified"} - set(result)
assert not missing, f"missing: {missing}"
# Everybody once, with a card or with a temporary ID; every yen that was credited was spent, came back, is held by a terminal, or is still in a purse.
assert result["verified"] is True and result["credited"] == result["residents"] == 5000, result
assert result["credited_yen"] == result["spent_yen"] + result["returned_yen"] + result["held_yen"], result
END

step "a business day: contracts, reconciliation, settlement, payout, signature, letters"
cargo run --release --locked -- demo --day --data "$demo/day" --taps 1500 --rate 300 --exit --json | tee "$demo/day.json"
python3 - "$demo/day.json" <<'END'
import json, sys
result = json.load(open(sys.argv[1]))
missing = {"taps", "planted", "found", "unexplained", "settled_yen", "fees_yen", "verified"} - set(result)
assert not missing, f"missing: {missing}"
assert result["planted"] == result["found"] == 5 and result["unexplained"] == 0 and result["verified"] is True, result
assert result["settled_yen"] > 0 and result["fees_yen"] > 0, result
END
target/release/kazasu report settlement-detail --settlement 1 --why "a test" --out "$demo/letter.pdf" --config "$demo/day/kazasu.toml"
grep -q FontFile "$demo/letter.pdf" || { echo "test.sh: the letter embeds no font" >&2; exit 1; }

step "the benchmarks still run, without an error"
cargo run --release --locked -p kazasu-perf -- taps --store sqlite --rate 3000 --seconds 3 --residents 5000 --json | tee "$demo/taps.json"
python3 - "$demo/taps.json" <<'END'
import json, sys
result = json.load(open(sys.argv[1]))
missing = {"tps", "p50_us", "p99_us", "p999_us", "errors", "echo_tps"} - set(result)
assert not missing, f"missing: {missing}"
assert result["errors"] == 0 and result["tps"] > 2500, result
END
cargo run --release --locked -p kazasu-perf -- taps --store postgres --rate 3000 --seconds 3 --residents 5000 --no-echo --no-baseline --json | tee "$demo/taps.json"
python3 - "$demo/taps.json" <<'END'
import json, sys
result = json.load(open(sys.argv[1]))
assert result["errors"] == 0 and result["tps"] > 2500 and result["wal_bytes_per_tap"] > 100, result
END

cargo run --release --locked -p kazasu-perf -- relief --residents 20000 --rate 1000 --json
cargo run --release --locked -p kazasu-perf -- close --taps 50000 --rate 500 --residents 5000 --json

step "all passed"
for what in "${skipped[@]}"; do echo "skipped: $what"; done
