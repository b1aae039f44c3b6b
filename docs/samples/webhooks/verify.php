<?php
// Checks a webhook of Kazasu (Standard Webhooks): php verify.php ID TIMESTAMP SIGNATURE < body
// WEBHOOK_SECRETS holds the secrets, with a space between them: two while one takes the place of the other.
// Ends with 0 when the message is to be believed, else with 1 and the reason.
declare(strict_types=1);

const TOLERANCE = 300; // seconds

/**
 * The reason why the message is not to be believed; empty when it is.
 * In a web server the body is file_get_contents('php://input'): the bytes as they came, never json_encode() of what was read.
 */
function verify(array $secrets, string $id, string $timestamp, string $signature, string $body, int $now): string
{
    $signed = $id . '.' . $timestamp . '.' . $body;
    $right = false;
    foreach ($secrets as $secret) {
        $key = base64_decode(substr($secret, strlen('whsec_')), true);
        $wanted = 'v1,' . base64_encode(hash_hmac('sha256', $signed, (string) $key, true));
        foreach (explode(' ', $signature) as $one) {
            // In constant time, and every one of them.
            $right = hash_equals($wanted, $one) || $right;
        }
    }
    if (!$right) {
        return 'signature';
    }
    if (!ctype_digit($timestamp) || abs($now - (int) $timestamp) > TOLERANCE) {
        return 'timestamp';
    }
    return '';
}

[, $id, $timestamp, $signature] = $argv;
$secrets = preg_split('/\s+/', trim((string) getenv('WEBHOOK_SECRETS')));
$why = verify($secrets, $id, $timestamp, $signature, (string) file_get_contents('php://stdin'), time());
echo $why === '' ? 'ok' : $why, "\n";
exit($why === '' ? 0 : 1);
