// Checks a webhook of Kazasu (Standard Webhooks): java Verify.java ID TIMESTAMP SIGNATURE < body
// WEBHOOK_SECRETS holds the secrets, with a space between them: two while one takes the place of the other.
// Ends with 0 when the message is to be believed, else with 1 and the reason.

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Verify {
    private static final long TOLERANCE = 300; // seconds

    /**
     * The reason why the message is not to be believed; empty when it is. The body is the bytes as they came (a servlet's
     * getInputStream().readAllBytes()), never an object that was read from them and written again.
     */
    static String verify(String[] secrets, String[] headers, byte[] body, long now) throws GeneralSecurityException {
        String id = headers[0], timestamp = headers[1], signature = headers[2];
        boolean right = false;
        for (String secret : secrets) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.substring("whsec_".length())), "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            byte[] wanted = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
            for (String one : signature.split(" ")) {
                // In constant time, and every one of them.
                right |= MessageDigest.isEqual(wanted, one.getBytes(StandardCharsets.UTF_8));
            }
        }
        if (!right) {
            return "signature";
        }
        boolean digits = timestamp.matches("[0-9]{1,18}");
        return digits && Math.abs(now - Long.parseLong(timestamp)) <= TOLERANCE ? "" : "timestamp";
    }

    public static void main(String[] args) throws Exception {
        String[] secrets = System.getenv("WEBHOOK_SECRETS").trim().split("\\s+");
        String why = verify(secrets, args, System.in.readAllBytes(), System.currentTimeMillis() / 1000);
        System.out.println(why.isEmpty() ? "ok" : why);
        System.exit(why.isEmpty() ? 0 : 1);
    }
}
