import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.*;
import java.util.*;

/**
 * Checks a certificate with what Java brings, by OCSP and by the revocation list, at the addresses that it carries:
 * java CheckStatus.java ROOT ISSUER CERTIFICATE. Ends with status 1 unless both say good.
 */
public class CheckStatus {
    static X509Certificate read(String file) throws Exception {
        try (InputStream in = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    /** What the one means says, and nothing else: an answer that cannot be had is not good either. */
    static String status(CertPath path, X509Certificate root, PKIXRevocationChecker.Option... options) throws Exception {
        var validator = CertPathValidator.getInstance("PKIX");
        var checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        checker.setOptions(new HashSet<>(List.of(options)));
        var parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.addCertPathChecker(checker);
        try {
            validator.validate(path, parameters);
            return "good";
        } catch (CertPathValidatorException refusal) {
            if (refusal.getCause() instanceof CertificateRevokedException) {
                var revoked = (CertificateRevokedException) refusal.getCause();
                return "revoked " + revoked.getRevocationDate().toInstant() + " " + revoked.getRevocationReason();
            }
            return "not good: " + refusal.getMessage();
        }
    }

    public static void main(String[] arguments) throws Exception {
        // Java follows cRLDistributionPoints only when told to.
        System.setProperty("com.sun.security.enableCRLDP", "true");
        var path = CertificateFactory.getInstance("X.509")
            .generateCertPath(List.of(read(arguments[2]), read(arguments[1])));
        var root = read(arguments[0]);
        var only = PKIXRevocationChecker.Option.NO_FALLBACK;
        String ocsp = status(path, root, only);
        String list = status(path, root, only, PKIXRevocationChecker.Option.PREFER_CRLS);
        System.out.println("OCSP: " + ocsp + "\nCRL: " + list);
        System.exit(ocsp.equals("good") && list.equals("good") ? 0 : 1);
    }
}
