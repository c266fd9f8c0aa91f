// Gets a time-stamp for a file: node stamp.mjs FILE URL. Node 18 or later, no packages.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const [file, url] = process.argv.slice(2);
// One DER element, shorter than 128 octets.
const element = (tag, ...parts) => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
};
const hash = createHash("sha256").update(readFileSync(file)).digest();
const nonce = Buffer.concat([Buffer.from([0]), randomBytes(8)]); // positive: the first octet is 0
nonce[1] |= 0x80;
const sha256 = Buffer.from("0609608648016503040201", "hex");
// TimeStampReq: version 1, messageImprint, nonce, certReq TRUE (RFC 3161 section 2.4.1).
const request = element(0x30,
  element(0x02, Buffer.from([1])),
  element(0x30, element(0x30, sha256), element(0x04, hash)),
  element(0x02, nonce),
  element(0x01, Buffer.from([0xff])));
const answer = await fetch(url, {
  method: "POST", headers: { "Content-Type": "application/timestamp-query" }, body: request,
});
if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
writeFileSync(`${file}.tsq`, request);
writeFileSync(`${file}.tsr`, Buffer.from(await answer.arrayBuffer()));
