// Asks about a certificate with easy-ocsp, at the address that it carries: node status.mjs CERTIFICATE ISSUER (PEM).
// Prints the status; of a revoked one the time and the number of the reason too.
import { readFileSync } from "node:fs";
import { getCertStatus } from "easy-ocsp";

const [certificate, ca] = process.argv.slice(2).map((file) => readFileSync(file, "utf8"));
const answer = await getCertStatus(certificate, { ca });
const now = Date.now();
if (!(answer.thisUpdate <= now && now < answer.nextUpdate)) throw new Error("the answer is not of now");
const revoked = answer.status === "revoked" ? ` ${answer.revocationTime.toISOString()} ${answer.revocationReason}` : "";
console.log(answer.status + revoked);
