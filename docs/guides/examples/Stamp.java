import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;
import java.security.*;

/** Gets a time-stamp for a file: java Stamp.java FILE URL. */
public class Stamp {
    /** One DER element, shorter than 128 octets. */
    static byte[] element(int tag, byte[]... parts) {
        var content = new ByteArrayOutputStream();
        for (byte[] part : parts) content.writeBytes(part);
        var whole = new ByteArrayOutputStream();
        whole.write(tag);
        whole.write(content.size());
        whole.writeBytes(content.toByteArray());
        return whole.toByteArray();
    }

    public static void main(String[] arguments) throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(Path.of(arguments[0])));
        byte[] nonce = new byte[9]; // the first octet stays 0: a positive INTEGER
        SecureRandom.getInstanceStrong().nextBytes(nonce);
        nonce[0] = 0;
        nonce[1] |= (byte) 0x80;
        byte[] sha256 = {0x06, 0x09, 0x60, (byte) 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
        // TimeStampReq: version 1, messageImprint, nonce, certReq TRUE (RFC 3161 section 2.4.1).
        byte[] request = element(0x30,
            element(0x02, new byte[] {1}),
            element(0x30, element(0x30, sha256), element(0x04, hash)),
            element(0x02, nonce),
            element(0x01, new byte[] {(byte) 0xff}));
        var post = HttpRequest.newBuilder(URI.create(arguments[1]))
            .header("Content-Type", "application/timestamp-query")
            .POST(HttpRequest.BodyPublishers.ofByteArray(request)).build();
        var answer = HttpClient.newHttpClient().send(post, HttpResponse.BodyHandlers.ofByteArray());
        if (answer.statusCode() != 200) throw new IllegalStateException("HTTP " + answer.statusCode());
        Files.write(Path.of(arguments[0] + ".tsq"), request);
        Files.write(Path.of(arguments[0] + ".tsr"), answer.body());
    }
}
