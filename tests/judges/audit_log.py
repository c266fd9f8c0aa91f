"""Verifies an export of the audit log, by docs/reference/audit-log.md and nothing else: no code of the product's.

    audit_log.py EXPORT [--seen CHECKPOINT]... [--key SHA256]... [--tsa-root PEM] [--record N]...

Needs `cryptography` and `asn1crypto`, and `openssl` for --tsa-root. Exit status: 0 as sealed, 1 a finding (its name
before a colon), 2 arguments that cannot be read.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

SHA = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
MAX_INTEGER = 2**53 - 1
HEX = {"digest": re.compile("[0-9a-f]{64}"), "installation": re.compile("[0-9a-f]{32}")}
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{0,5}[1-9]))?Z")


class Bad(Exception):
    """Octets that are not what they should be; says why."""


class Finding(Exception):
    """The first thing that is wrong: its name and a sentence."""

    def __init__(self, name, why):
        super().__init__(f"{name}: {why}")


# ---- Words


def canonical(value):
    """The canonical JSON of a value."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return b"{" + b",".join(canonical(key) + b":" + canonical(value[key]) for key in keys) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > MAX_INTEGER):
        raise Bad("a number that canonical JSON does not have here")
    # Of one string, json.dumps writes what RFC 8785 asks: short escapes, \u00xx, everything else as it is.
    return json.dumps(value, ensure_ascii=False).encode()


def read(octets, members, optional=()):
    """An object in canonical JSON with just these members."""
    try:
        value = json.loads(octets.decode())
        same = canonical(value) == octets
    except (ValueError, RecursionError) as error:
        raise Bad("it is not JSON") from error
    if not same:
        raise Bad("its JSON is not canonical")
    return members_of(value, members, optional)


def members_of(value, members, optional=()):
    if not isinstance(value, dict) or not set(members) <= set(value) <= set(members) | set(optional):
        raise Bad("its members are others")
    return value


def hexadecimal(kind, value, none=False):
    if not (none and value is None) and not (isinstance(value, str) and HEX[kind].fullmatch(value)):
        raise Bad(f"{value!r} is no {kind}")
    return value


def natural(value):
    if type(value) is not int or value < 0:
        raise Bad(f"{value!r} is no count")
    return value


def octets_of(text):
    try:
        octets = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise Bad("it is not Base64") from error
    if base64.b64encode(octets).decode() != text:
        raise Bad("its Base64 is spelt otherwise")
    return octets


def moment(text):
    """A time as microseconds since 1970."""
    match = TIME.fullmatch(text) if isinstance(text, str) and text.isascii() else None
    try:
        whole = datetime.fromisoformat(match[1]).replace(tzinfo=timezone.utc)
        seconds = int(whole.timestamp())
    except (TypeError, ValueError, OverflowError) as error:
        raise Bad(f"{text!r} is no time") from error
    if seconds < 0:
        raise Bad(f"{text!r} is before 1970")
    return seconds * 10**6 + int((match[2] or "").ljust(6, "0"))


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


# ---- The tree: RFC 6962, section 2.1


class Tree:
    """Leaf hashes, and of each perfect subtree its root, so that no hash is made twice."""

    def __init__(self):
        self.levels = [[]]

    def __len__(self):
        return len(self.levels[0])

    def append(self, leaf):
        node, level = bytes.fromhex(leaf), 0
        self.levels[0].append(node)
        while len(self.levels[level]) % 2 == 0:
            node = self.node(self.levels[level][-2], node)
            level += 1
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(node)

    @staticmethod
    def node(left, right):
        return hashlib.sha256(b"\x01" + left + right).digest()

    @staticmethod
    def split(count):
        """The largest power of two below `count`."""
        return 1 << (count - 1).bit_length() - 1

    def root(self, start, end):
        """MTH(D[start:end]); `start` is a multiple of a power of two not below the count, as splitting makes it."""
        count = end - start
        if count == 0:
            return hashlib.sha256().digest()
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self.levels[level][start >> level]
        middle = start + self.split(count)
        return self.node(self.root(start, middle), self.root(middle, end))

    def inclusion(self, index, start, end):
        """PATH(index, D[start:end]), section 2.1.1."""
        if end - start == 1:
            return []
        middle = start + self.split(end - start)
        if index < middle:
            return self.inclusion(index, start, middle) + [self.root(middle, end)]
        return self.inclusion(index, middle, end) + [self.root(start, middle)]

    def consistency(self, old, start, end, whole=True):
        """SUBPROOF(old, D[start:end], whole), section 2.1.2, with `old` counted from 0 and not from `start`."""
        if old == end:
            return [] if whole else [self.root(start, end)]
        middle = start + self.split(end - start)
        if old <= middle:
            return self.consistency(old, start, middle, whole) + [self.root(middle, end)]
        return self.consistency(old, middle, end, False) + [self.root(start, middle)]


def included(leaf, index, size, proof, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = Tree.node(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = Tree.node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(old, old_root, new, new_root, proof):
    """RFC 9162, section 2.1.4.2; the empty tree is extended by every tree."""
    if old == 0 or old == new:
        return not proof and (old == 0 or old_root == new_root)
    proof = [old_root] * (old & (old - 1) == 0) + proof
    if not proof:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = Tree.node(c, fr), Tree.node(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = Tree.node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root


# ---- Signatures


def signed_by(key, algorithm, message, signature):
    """Whether the signature holds by a key of the `cryptography` package."""
    kind, _, rest = algorithm.partition("-")
    how, _, digest = rest.rpartition("-")
    try:
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES[how]):
            key.verify(signature, message, ec.ECDSA(SHA[digest]()))
        elif kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            digest = SHA[digest]()
            pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
            key.verify(signature, message, {"pkcs1": padding.PKCS1v15(), "pss": pss}[how], digest)
        elif algorithm == "ed25519" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            return False
    except (InvalidSignature, KeyError):
        return False
    return True


ALGORITHMS = (
    {f"ecdsa-{curve}-{digest}" for curve, digest in zip(CURVES, SHA)}
    | {f"rsa-{how}-{digest}" for how in ("pkcs1", "pss") for digest in SHA}
    | {"ed25519"}
)


def token_holds(token, digest, tsa_root):
    """Whether an RFC 3161 token holds for a digest; by a trusted root, if there is one."""
    try:
        content = cms.ContentInfo.load(token, strict=True)
        if content["content_type"].native != "signed_data":
            return False
        body = content["content"]
        if body["version"].native != "v3" or body["encap_content_info"]["content_type"].native != "tst_info":
            return False
        encapsulated = bytes(body["encap_content_info"]["content"].parsed.dump())
        info = tsp.TSTInfo.load(encapsulated, strict=True)
        imprint = info["message_imprint"]
        if imprint["hash_algorithm"]["algorithm"].native != "sha256":
            return False
        if imprint["hashed_message"].native.hex() != digest or len(body["signer_infos"]) != 1:
            return False
        certificate = token_signed(body, body["signer_infos"][0], encapsulated)
        at = info["gen_time"].native
        if certificate is None or not (certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc):
            return False
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return tsa_root is None or chained(token, digest, at, tsa_root)


def token_signed(body, signer, encapsulated):
    """The certificate by which the token's signature holds; None if it does not."""
    attributes = {attribute["type"].native: attribute["values"] for attribute in signer["signed_attrs"]}
    digest = signer["digest_algorithm"]["algorithm"].native
    sid = signer["sid"].chosen
    found = next((one.chosen for one in body["certificates"] if named(one.chosen, sid)), None)
    if found is None or digest not in SHA:
        return None
    ess = attributes["signing_certificate_v2"][0]["certs"][0]
    bound = hashlib.new(ess["hash_algorithm"]["algorithm"].native, found.dump()).digest()
    if (
        attributes["content_type"][0].native != "tst_info"
        or attributes["message_digest"][0].native != hashlib.new(digest, encapsulated).digest()
        or ess["cert_hash"].native != bound
    ):
        return None
    certificate = x509.load_der_x509_certificate(found.dump())
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [x509.ExtendedKeyUsageOID.TIME_STAMPING]:
        return None
    algorithm = signer["signature_algorithm"]
    scheme, key = algorithm.signature_algo, certificate.public_key()
    if scheme == "ed25519":
        name = scheme
    elif scheme == "ecdsa":
        name = f"ecdsa-p{key.curve.key_size}-{algorithm.hash_algo}"
    else:
        name = {"rsassa_pkcs1v15": "rsa-pkcs1-", "rsassa_pss": "rsa-pss-"}[scheme] + algorithm.hash_algo
    # RFC 5652, section 5.4: signed is the SET OF, in whose place [0] IMPLICIT stands.
    message = b"\x31" + signer["signed_attrs"].dump()[1:]
    return certificate if signed_by(key, name, message, signer["signature"].native) else None


def named(certificate, sid):
    """Whether it is the certificate of that issuer and serial number; others in a token need not be readable."""
    try:
        same = certificate.serial_number == sid["serial_number"].native
        return same and certificate.issuer.dump() == sid["issuer"].dump()
    except (ValueError, TypeError):
        return False


def chained(token, digest, at, root):
    """Whether openssl builds the token's chain to a root, as it was at genTime."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(token)
        file.flush()
        command = ["openssl", "ts", "-verify", "-token_in", "-in", file.name, "-digest", digest, "-CAfile", root]
        command += ["-attime", str(int(at.timestamp()))]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


# ---- Records and checkpoints


class Record:
    def __init__(self, octets):
        value = read(octets, ("event", "hash", "index", "prev"))
        if not isinstance(value["event"], dict):
            raise Bad("its event is no object")
        self.index = natural(value["index"])
        self.hash = hexadecimal("digest", value.pop("hash"))
        self.prev = hexadecimal("digest", value["prev"], none=True)
        if sha256(b"\x00", canonical(value)) != self.hash:
            raise Bad("its hash does not follow from its leaf")


class Checkpoint:
    def __init__(self, octets):
        value = read(octets, ("algorithm", "checkpoint", "key", "signature"), ("token",))
        inner = members_of(value["checkpoint"], ("at", "installation", "kind", "number", "previous", "root", "size"))
        if inner["kind"] != "ndoba-audit-checkpoint/1" or value["algorithm"] not in ALGORITHMS:
            raise Bad("its kind or algorithm is unknown")
        self.algorithm, self.key = value["algorithm"], hexadecimal("digest", value["key"])
        self.signature = octets_of(value["signature"])
        self.token = octets_of(value.pop("token")) if "token" in value else None
        self.at, self.installation = moment(inner["at"]), hexadecimal("installation", inner["installation"])
        self.number, self.size = natural(inner["number"]), natural(inner["size"])
        self.root = hexadecimal("digest", inner["root"])
        self.previous = hexadecimal("digest", inner["previous"], none=True)
        self.signed = canonical(inner)
        self.digest = sha256(canonical(value))


class Log:
    """What was read of an export, all of it in order."""

    def __init__(self, header, options):
        try:
            value = read(header, ("format", "installation", "keys"))
            if value["format"] != "ndoba-audit-export/1" or not isinstance(value["keys"], list):
                raise Bad("it is no export's")
            self.installation = hexadecimal("installation", value["installation"])
            ders = [octets_of(key) for key in value["keys"]]
        except Bad as error:
            raise Finding("header", error) from error
        self.keys = {}
        for der in ders:
            try:
                self.keys[sha256(der)] = serialization.load_der_public_key(der)
            except (ValueError, UnsupportedAlgorithm):
                pass  # Then no signature holds by it.
        self.pinned, self.tsa_root = options.key, options.tsa_root
        self.tree, self.last_hash, self.checkpoints, self.stamped, self.complete = Tree(), None, [], 0, 0
        self.seen = {}
        for one in options.seen:
            if one.installation != self.installation or not self.holds(one) or not self.stamp_holds(one):
                raise Finding("seen", "the checkpoint that was given is not of this log's keys")
            if self.seen.setdefault(one.number, one).digest != one.digest:
                raise Finding(f"checkpoint {one.number}", "two different ones were seen: the log was made anew")

    def holds(self, checkpoint):
        key = self.keys.get(checkpoint.key)
        if key is None or (self.pinned and checkpoint.key not in self.pinned):
            return False
        return signed_by(key, checkpoint.algorithm, checkpoint.signed, checkpoint.signature)

    def stamp_holds(self, checkpoint):
        return checkpoint.token is None or token_holds(checkpoint.token, checkpoint.digest, self.tsa_root)

    def record(self, octets):
        index = len(self.tree)
        try:
            record = Record(octets)
            if record.index != index:
                raise Bad(f"record {record.index} stands in its place")
        except Bad as error:
            raise Finding(f"record {index}", error) from error
        if record.prev != self.last_hash:
            raise Finding(f"record {max(index - 1, 0)}", "the next record names another hash than it has")
        self.tree.append(record.hash)
        self.last_hash = record.hash

    def checkpoint(self, octets):
        have, before = len(self.tree), self.checkpoints[-1] if self.checkpoints else None
        number = before.number + 1 if before else 0
        try:
            one = Checkpoint(octets)
            if not self.holds(one):
                raise Bad("its signature does not hold by a key of this log")
            if one.installation != self.installation:
                raise Bad("it is of another installation")
            if one.number != number or one.previous != (before.digest if before else None):
                raise Bad("it does not follow the one before")
            if before and (one.size < before.size or one.at < before.at):
                raise Bad("it goes back")
            if not self.stamp_holds(one):
                raise Bad("its time-stamp does not hold")
            if have < one.size:
                raise Finding(f"record {have}", "it is missing")
            if have > one.size:
                raise Bad("it stands behind a record that it does not cover")
            start = before.size if before else 0
            if self.tree.root(0, have).hex() != one.root:
                if start == have:
                    raise Bad("its root is not that of the records")
                raise Finding(f"records {start} to {have - 1}", "they are not those that were sealed")
            if number in self.seen and self.seen[number].digest != one.digest:
                raise Bad("another one was seen: the log was made anew")
        except Bad as error:
            raise Finding(f"checkpoint {number}", error) from error
        self.stamped += one.token is not None
        self.complete = one.size if number in self.seen else self.complete
        self.checkpoints.append(one)

    def end(self):
        have, number = len(self.tree), len(self.checkpoints)
        newest = max(self.seen.values(), key=lambda one: one.number, default=None)
        if newest and newest.number >= number:
            if newest.size > have:
                raise Finding(f"record {have}", f"it is missing: a checkpoint over {newest.size} records was seen")
            raise Finding(f"checkpoint {number}", "it is missing: a later one was seen")
        if not self.checkpoints:
            raise Finding("unsealed", "there is no checkpoint")
        last = self.checkpoints[-1]
        root = bytes.fromhex(last.root)
        for one in self.checkpoints:
            proof = self.tree.consistency(one.size, 0, last.size) if one.size else []
            if not consistent(one.size, bytes.fromhex(one.root), last.size, root, proof):
                raise Finding(f"checkpoint {one.number}", "the last one does not extend it")
        return last


def prove(log, last, index):
    """The proof that a record is in the last checkpoint, verified; whoever has record and checkpoint needs no more."""
    if index >= last.size:
        raise Finding(f"record {index}", "it is not sealed")
    leaf, root = log.tree.levels[0][index], bytes.fromhex(last.root)
    proof = log.tree.inclusion(index, 0, last.size)
    if not included(leaf, index, last.size, proof, root):
        raise Finding(f"record {index}", "its proof of inclusion does not hold")
    proof = [node.hex() for node in proof]
    return {"record": index, "leaf": leaf.hex(), "size": last.size, "root": last.root, "proof": proof}


def published(path):
    return Checkpoint(Path(path).read_bytes().strip())


def judge(arguments):
    """The exit status, and what is to be said: a verdict as JSON, or the finding."""
    options = argparse.ArgumentParser()
    options.add_argument("export", type=argparse.FileType("rb"))
    options.add_argument("--seen", action="append", default=[], type=published)
    options.add_argument("--key", action="append", default=[], type=lambda text: hexadecimal("digest", text))
    options.add_argument("--tsa-root")
    options.add_argument("--record", action="append", default=[], type=int)
    try:
        options = options.parse_args(arguments)
    except (Bad, OSError) as error:
        return 2, f"audit_log.py: {error}"
    try:
        with options.export as lines:
            log = Log(next(lines, b"").removesuffix(b"\n"), options)
            for line in lines:
                line = line.removesuffix(b"\n")
                (log.checkpoint if line.startswith(b'{"algorithm":') else log.record)(line)
        last = log.end()
        proofs = [prove(log, last, index) for index in options.record]
    except Finding as finding:
        return 1, str(finding)
    verdict = {
        "sealed": last.size,
        "unsealed": len(log.tree) - last.size,
        "checkpoints": len(log.checkpoints),
        "stamped": log.stamped,
        "complete": log.complete,
        "key_pinned": bool(options.key),
        "tsa_trusted": options.tsa_root is not None,
        "proofs": proofs,
    }
    return 0, json.dumps(verdict)


if __name__ == "__main__":
    status, text = judge(sys.argv[1:])
    print(text, file=sys.stderr if status else sys.stdout)
    sys.exit(status)
