// Judges a time-stamp with pkijs: node token.mjs REPLY DATA ROOT ISSUER. REPLY is a TimeStampResp, DER; ROOT and ISSUER
// are PEM. Prints the serial number and the time; ends with status 1 unless the token is for DATA, its signature is right
// and its unit leads to ROOT.
import { readFileSync } from "node:fs";
import { fromBER } from "asn1js";
import * as pkijs from "pkijs";

const [reply, data, ...pems] = process.argv.slice(2).map((file) => readFileSync(file));
const der = (pem) => Buffer.from(pem.toString().replace(/-----[^-]+-----/g, ""), "base64");
const [root, issuer] = pems.map((pem) => pkijs.Certificate.fromBER(der(pem)));

const response = new pkijs.TimeStampResp({ schema: fromBER(new Uint8Array(reply).buffer).result });
if (response.status.status !== 0 || response.status.statusStrings) throw new Error("not granted, or with words");
const signed = new pkijs.SignedData({ schema: response.timeStampToken.content });
const info = pkijs.TSTInfo.fromBER(signed.encapContentInfo.eContent.valueBlock.valueHexView);
signed.certificates.push(issuer);
const verdict = await signed.verify({
  signer: 0,
  data: new Uint8Array(data).buffer,
  trustedCerts: [root],
  checkChain: true,
  checkDate: info.genTime,
  extendedMode: true,
}).catch((refusal) => refusal);
const ok = verdict.signatureVerified && verdict.signerCertificateVerified;
if (!ok) {
  console.log(`refused: ${verdict.message}`);
  process.exit(1);
}
console.log(Buffer.from(info.serialNumber.valueBlock.valueHexView).toString("hex"), info.genTime.toISOString());
