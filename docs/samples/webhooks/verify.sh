#!/usr/bin/env bash
# Checks a webhook of Kazasu (Standard Webhooks): verify.sh ID TIMESTAMP SIGNATURE < body
# WEBHOOK_SECRETS holds the secrets, with a space between them: two while one takes the place of the other.
# Ends with 0 when the message is to be believed, else with 1 and the reason. Needs openssl.
set -euo pipefail

readonly TOLERANCE=300 # seconds
id=$1 timestamp=$2 signature=$3

# The body stays in a file: a variable of the shell loses bytes.
signed=$(mktemp)
trap 'rm -f "$signed"' EXIT
{ printf '%s.%s.' "$id" "$timestamp"; cat; } >"$signed"

# HMAC-SHA-256 of standard input under a key in hexadecimal digits.
mac() { openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -binary; }

# Compares through a HMAC under a key that is drawn for this run: what is compared tells a sender nothing, so its time does not matter.
once=$(openssl rand -hex 32)
same() {
    local one two
    one=$(printf '%s' "$1" | mac "$once" | openssl base64 -A)
    two=$(printf '%s' "$2" | mac "$once" | openssl base64 -A)
    [[ $one == "$two" ]]
}

right=no
for secret in $WEBHOOK_SECRETS; do
    key=$(printf '%s' "${secret#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
    wanted=v1,$(mac "$key" <"$signed" | openssl base64 -A)
    for one in $signature; do
        if same "$wanted" "$one"; then right=yes; fi
    done
done
if [[ $right != yes ]]; then
    echo signature
    exit 1
fi

age=$(($(date +%s) - timestamp))
if ((age > TOLERANCE || age < -TOLERANCE)); then
    echo timestamp
    exit 1
fi
echo ok
