// Checks a webhook of Kazasu (Standard Webhooks): dotnet run -- ID TIMESTAMP SIGNATURE < body
// WEBHOOK_SECRETS holds the secrets, with a space between them: two while one takes the place of the other.
// Ends with 0 when the message is to be believed, else with 1 and the reason.

using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;

public static class Verify
{
    private const long Tolerance = 300; // seconds

    /// <summary>
    /// The reason why the message is not to be believed; empty when it is. The body is the bytes as they came (Request.Body, read
    /// before any model binding), never an object that was read from them and written again.
    /// </summary>
    public static string Check(string[] secrets, string[] headers, byte[] body, long now)
    {
        string id = headers[0], timestamp = headers[1], signature = headers[2];
        byte[] head = Encoding.UTF8.GetBytes(id + "." + timestamp + ".");
        byte[] signed = new byte[head.Length + body.Length];
        head.CopyTo(signed, 0);
        body.CopyTo(signed, head.Length);
        bool right = false;
        foreach (string secret in secrets)
        {
            using var mac = new HMACSHA256(Convert.FromBase64String(secret.Substring("whsec_".Length)));
            byte[] wanted = Encoding.UTF8.GetBytes("v1," + Convert.ToBase64String(mac.ComputeHash(signed)));
            foreach (string one in signature.Split(' '))
            {
                // In constant time, and every one of them.
                right |= CryptographicOperations.FixedTimeEquals(wanted, Encoding.UTF8.GetBytes(one));
            }
        }
        if (!right)
        {
            return "signature";
        }
        return long.TryParse(timestamp, out long at) && Math.Abs(now - at) <= Tolerance ? "" : "timestamp";
    }

    public static int Main(string[] args)
    {
        using var body = new MemoryStream();
        Console.OpenStandardInput().CopyTo(body);
        string[] secrets = Environment.GetEnvironmentVariable("WEBHOOK_SECRETS")!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string why = Check(secrets, args, body.ToArray(), DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        Console.WriteLine(why.Length == 0 ? "ok" : why);
        return why.Length == 0 ? 0 : 1;
    }
}
