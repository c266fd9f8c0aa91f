"""Judges the issuance ledger by row, against what a witness at the PKCS#11 boundary saw.

    ledger.py WITNESS_LOG {--sqlite FILE | --postgresql CONNECTION}

Shares no code with the product: SQL of its own, asn1crypto, hashlib. Prints JSON: what was counted, and every fault.
The CAs' keys are P-384 or RSA and no other key is, so their signatures are those over 48 octets or over a DigestInfo.
"""

import argparse
import glob
import hashlib
import json
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict

from asn1crypto import crl, x509
from asn1crypto.algos import DSASignature

SQL = """
SELECT a.key_label, a.epoch, a.number, a.ca, {serial}, a.crl_number, {digest}, a.outcome, {certificate}, {tbs}, {crl},
       s.state, CASE WHEN s.revoked IS NULL THEN '' ELSE 'revoked' END, {order_id}, o.state, {result}
FROM attempts a
LEFT JOIN certificates c ON c.ca = a.ca AND c.serial = a.serial
LEFT JOIN certificate_status s ON s.ca = a.ca AND s.serial = a.serial
LEFT JOIN crls l ON l.ca = a.ca AND l.number = a.crl_number
LEFT JOIN orders o ON o.order_id = c.order_id
"""
COLUMNS = {
    "serial": "a.serial",
    "digest": "a.digest",
    "certificate": "c.der",
    "tbs": "c.tbs",
    "order_id": "c.order_id",
    "result": "o.result",
}
# What only a published CRL proves to a restored database has no attempt here.
UNINTENDED = (
    """
SELECT c.ca, {serial} FROM certificates c WHERE c.kind <> 'unknown' AND NOT EXISTS (
    SELECT 1 FROM attempts a WHERE a.ca = c.ca AND a.serial = c.serial)""",
    """
SELECT c.ca, 'crl-' || c.number FROM crls c WHERE NOT EXISTS (
    SELECT 1 FROM attempts a WHERE a.ca = c.ca AND a.crl_number = c.number)""",
)
WAITING = "SELECT state, count(*) FROM orders WHERE state IN ('queued', 'claimed') GROUP BY state"
NAMES = (
    "key epoch number ca serial crl_number digest outcome certificate tbs crl state revoked order order_state result"
).split()


def from_sqlite(path):
    """Rows as text, octets in hexadecimal, NULL as nothing."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def query(sql):
        return [["" if value is None else str(value) for value in row] for row in connection.execute(sql)]

    return query, lambda column: f"lower(hex({column}))"


def from_postgresql(connection):
    psql = (glob.glob("/usr/lib/postgresql/*/bin/psql") + ["psql"])[0]

    def query(sql):
        command = [psql, "-d", connection, "-X", "-A", "-t", "-F", "|", "-c", sql]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [line.split("|") for line in text.splitlines() if line]

    return query, lambda column: f"encode({column}, 'hex')"


def parts(der, kind):
    """The signed octets of a certificate or CRL, and its signature as a token makes it: r || s, or RSA's octets."""
    document = kind.load(bytes.fromhex(der), strict=True)
    body = document["tbs_certificate"] if kind is x509.Certificate else document["tbs_cert_list"]
    signature = document["signature_value"] if kind is x509.Certificate else document["signature"]
    if document["signature_algorithm"].signature_algo == "rsassa_pkcs1v15":
        return body.dump(), signature.native.hex(), body
    values = DSASignature.load(signature.native).native
    return body.dump(), b"".join(values[name].to_bytes(48, "big") for name in ("r", "s")).hex(), body


def hashed(octets, like):
    """The hash of `octets` that is as long as `like`, in hexadecimal."""
    return hashlib.new({64: "sha256", 96: "sha384", 128: "sha512"}[len(like)], octets).hexdigest()


def witnessed(path):
    """Signatures of the CAs' keys: the hash that was signed, and r || s."""
    seen = []
    with open(path, encoding="ascii") as log:
        for line in log:
            _, _, signed, _, signature = line.split()
            # A DigestInfo has 19 octets before its hash (RFC 8017, section 9.2).
            if signature != "-" and len(signed) == 96:
                seen.append((signed, signature))
            elif signature != "-" and len(signed) in (102, 134, 166):
                seen.append((signed[38:], signature))
    return seen


def judge_row(row, seen, fault):
    """One attempt: what it says of itself, of its certificate or CRL, and what the witness says of it."""
    name = f"{row['ca']}:{row['serial'] or 'crl-' + row['crl_number']}"
    signatures = seen.get(row["digest"], [])
    made = row["certificate"] or row["crl"]
    if row["outcome"] == "signed":
        if not made:
            return fault(f"{name} is signed and not there")
        tbs, signature, body = parts(made, x509.Certificate if row["certificate"] else crl.CertificateList)
        if hashed(tbs, row["digest"]) != row["digest"]:
            fault(f"{name} is not what was intended")
        if signature not in signatures:
            fault(f"{name} has a signature that the witness did not see")
        if row["certificate"] and f"{body['serial_number'].native:x}" != row["serial"].lstrip("0"):
            fault(f"{name} has another serial number inside")
        if row["crl"] and str(crl_number(body)) != row["crl_number"]:
            fault(f"{name} has another number inside")
    else:
        if made and row["outcome"] != "repeated":
            fault(f"{name} is {row['outcome']} and there")
        if row["outcome"] == "unsigned" and signatures:
            fault(f"{name} counts as not signed, and the witness saw it signed")
        if row["serial"] and row["outcome"] == "lost":
            if (row["state"], row["revoked"]) != ("issued_lost", "revoked"):
                fault(f"{name} is lost and answered {row['state']}")
            if hashed(bytes.fromhex(row["tbs"]), row["digest"]) != row["digest"]:
                fault(f"{name} is not what was intended")


def crl_number(body):
    return next(e["extn_value"].parsed.native for e in body["crl_extensions"] if e["extn_id"].native == "crl_number")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("witness")
    options.add_argument("--sqlite")
    options.add_argument("--postgresql")
    options = options.parse_args()
    query, hexadecimal = from_sqlite(options.sqlite) if options.sqlite else from_postgresql(options.postgresql)
    columns = {name: hexadecimal(column) for name, column in COLUMNS.items()}
    # A long CRL goes on in rows of its own.
    part, join = hexadecimal("octets"), "group_concat(octets, '')" if options.sqlite else "string_agg(octets, '')"
    columns["crl"] = f"""{hexadecimal("l.der")} || coalesce((SELECT {join} FROM (
        SELECT {part} AS octets FROM crl_parts p WHERE p.ca = l.ca AND p.number = l.number ORDER BY part) o), '')"""
    rows = [dict(zip(NAMES, row)) for row in query(SQL.format(**columns))]
    faults = []
    fault = faults.append

    # 1. Each signature that left the token has one row, found by what was signed.
    by_digest = defaultdict(list)
    for row in rows:
        by_digest[row["digest"]].append(row)
    seen = defaultdict(list)
    for signed, signature in witnessed(options.witness):
        seen[signed].append(signature)
    for signed, signatures in seen.items():
        # Made again, a signature has another row; it may be made again only where it is the same one.
        tries = [row["outcome"] for row in by_digest[signed]]
        if sum(outcome != "repeated" for outcome in tries) != 1:
            fault(f"the signature over {signed} has these rows: {tries}")
        if len(signatures) > len(tries) or len(set(signatures)) != 1:
            fault(f"{signed} was signed {len(signatures)} times, {len(set(signatures))} of them different")

    # 2. Each row is true.
    for row in rows:
        judge_row(row, seen, fault)

    for sql in UNINTENDED:
        for ca, name in query(sql.format(serial=hexadecimal("c.serial"))):
            fault(f"{ca}:{name} was never intended")

    # 3. No serial number twice; each order made one certificate, whatever was lost under it.
    serials = Counter(row["serial"] for row in rows if row["serial"] and row["outcome"] != "repeated")
    for serial, times in serials.items():
        if times > 1:
            fault(f"the serial number {serial} was intended {times} times")
    orders = defaultdict(list)
    for row in rows:
        if row["order"]:
            orders[row["order"]].append(row)
    for order, tries in orders.items():
        made = sorted({row["serial"] for row in tries if row["certificate"]})
        if any(row["outcome"] == "open" for row in tries):
            continue
        if len(made) != 1 or tries[0]["order_state"] != "done" or tries[0]["result"] != made[0]:
            fault(f"the order {order} is {tries[0]['order_state']} with the certificates {made}")
    for state, count in query(WAITING):
        fault(f"{count} orders are {state} still")

    outcomes = Counter(row["outcome"] for row in rows)
    report = {
        "signatures": sum(map(len, seen.values())),
        "intents": len(rows),
        "signed": outcomes["signed"],
        "lost": outcomes["lost"],
        "repeated": outcomes["repeated"],
        "in_doubt": [f"{row['ca']}:{row['serial']}" for row in rows if row["outcome"] == "open" and row["serial"]],
        "orders": len(orders),
        "lost_under_orders": sum(1 for row in rows if row["order"] and row["outcome"] == "lost"),
        "faults": faults,
    }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
