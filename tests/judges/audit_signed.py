"""Verifies what officers signed, by docs/reference/audit-log.md and nothing else: no code of the product's.

    audit_signed.py EXPORT SIGNED [--pin SHA256] [--statements DIR]…

EXPORT is first to be judged by audit_log.py: here it is taken as it is. DIR has the sessions, as the operator keeps them;
accepted restores and authorisations of responders are left out. Needs `cryptography`. Exit status: 0 every signature holds and
every act was signed for (numbers as JSON), 1 a finding (what it is about before a colon), 2 arguments that cannot be read.
"""

import argparse
import base64
import copy
import json
import sys
from pathlib import Path
from types import SimpleNamespace

from audit_log import Bad, Finding, canonical, members_of, moment, natural, octets_of, read, sha256, signed_by
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

MINUTES = 5 * 60 * 10**6
SESSION = 15 * 60 * 10**6
WEEK = 7 * 24 * 3600 * 10**6
NO_END = moment("9999-12-31T23:59:59Z")
ALGORITHMS = {"ES256": "ecdsa-p256-sha256", "ES384": "ecdsa-p384-sha384", "PS256": "rsa-pss-sha256", "RS256": "rsa-pkcs1-sha256"}
# Kind of order: the roles of its signatures; the second is over the first.
SIGNERS = {
    "certify-unit": ("security-officer", "second-security-officer"),
    "issue": ("submitter", "approver"),
    "reissue": ("submitter", "approver"),
    "release": ("submitter", "approver"),
    "revoke": ("revocation-officer",),
    "suspend": ("revocation-officer",),
    "suspend-by-code": ("desk",),
}
HELD = {"submitter": "registration-officer", "second-security-officer": "security-officer"}
CHAIN = {
    "ca-revocation-decided": ("revoke-ca", 2),
    "ca-succession-decided": ("succeed-ca", 2),
    "ca-termination-decided": ("terminate-ca", 2),
    "grant-added": ("grant", 2),
    "grant-ended": ("end-grant", 1),
    "pin-replaced": ("replace-pin", None),
    "responder-authorisation-ended": ("end-responder", 1),
    "responder-authorised": ("authorise-responder", 2),
}
DONE = {"certificate-released": ("release",), "certificate-revoked": ("revoke",),
        "certificate-suspended": ("suspend", "suspend-by-code")}


def base64url(text):
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(octets).decode().rstrip("=") != text:
        raise Bad("its base64url is spelt otherwise")
    return octets


class Signature:
    """A flattened JWS over detached octets."""

    def __init__(self, octets, document):
        value = read(octets, ("protected", "signature"))
        try:
            protected, self.signature = base64url(value["protected"]), base64url(value["signature"])
        except (TypeError, ValueError) as error:
            raise Bad("a signature is no JWS") from error
        header = read(protected, ("alg", "iat", "kid", "role", "typ"), ("over",))
        self.alg, self.typ, self.role, self.kid = header["alg"], header["typ"], header["role"], header["kid"]
        self.at, self.over, self.digest = natural(header["iat"]) * 10**6, header.get("over"), sha256(octets)
        payload = base64.urlsafe_b64encode(document).rstrip(b"=")
        self.message = value["protected"].encode() + b"." + payload

    def holds(self, typ, key):
        signature = self.signature
        if self.alg in ("ES256", "ES384"):
            half = 32 if self.alg == "ES256" else 48
            if len(signature) != 2 * half:
                return False
            r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            signature = encode_dss_signature(r, s)
        return self.typ == typ and self.alg in ALGORITHMS and signed_by(key, ALGORITHMS[self.alg], self.message, signature)


class Officer:
    def __init__(self, entry, roles, office, period):
        self.officer, self.person, self.roles, self.office = entry["officer"], entry["person"], roles, office
        self.not_before, self.not_after, self.ended = *period, None
        der = octets_of(entry["key"] if "key" in entry else entry["spki"])
        self.kid = sha256(der)
        try:
            self.key = serialization.load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise Bad("an officer's key cannot be read") from error

    def in_office(self, at):
        """An act is decided before it is logged: what was so within the minutes before counts."""
        begun = self.not_before <= at and at - MINUTES <= self.not_after
        return begun and (self.ended is None or at - self.ended <= MINUTES)

    def is_same(self, other):
        return self.officer == other.officer or (self.person is not None and self.person == other.person)


class Register:
    def __init__(self, pins, expected):
        pin, *self.replaced = pins.split(b"\n")
        value = json.loads(pin)
        if canonical(value) != pin or value["kind"] != "pin" or value["v"] != 1:
            raise Bad("it is no pin")
        # Whoever knows an older one believes those after it for the signatures of two of before only.
        digests = [sha256(one) for one in (pin, *self.replaced)]
        if expected and expected not in digests:
            raise Finding("pin", "the file leads back to another")
        self.unsigned = digests[1:] if not expected else digests[1 : digests.index(expected) + 1]
        self.pin, self.joined, self.recorded = digests[0], [], False
        self.installation, self.head, self.seq, self.latest = value["installation"], sha256(pin), 0, moment(value["created"])
        self.officers = []
        for one in value["security_officers"]:
            self.officers.append(Officer(one, ["security-officer"], None, (self.latest, NO_END)))

    def by_key(self, kid):
        return next((one for one in reversed(self.officers) if one.kid == kid), None)

    def ahead(self):
        """The register where the configuration has the next pin and its document has not joined yet; none where none is due."""
        for document in self.replaced:
            value = json.loads(document)
            created = moment(value["created"])
            is_next = (value["pin"], value["seq"], value["prev"]) == (self.pin, self.seq + 1, self.head)
            if is_next and created >= self.latest:
                ahead = copy.copy(self)
                ahead.officers = [copy.copy(one) for one in self.officers]
                ahead.pin_instead([Officer(one, ["security-officer"], None, (created, NO_END)) for one in value["security_officers"]],
                                  created)
                return ahead, sha256(document)
        return None

    def append(self, kind, count, document, signatures, at):
        value = json.loads(document)
        created = moment(value["created"])
        if canonical(value) != document or value["kind"] != kind or value["v"] not in ((1, 2) if kind == "grant" else (1,)):
            raise Bad("it is no such document")
        if (value["installation"], value["seq"], value["prev"]) != (self.installation, self.seq + 1, self.head):
            raise Bad("it does not follow the one before")
        if created < self.latest or created > at + MINUTES or (kind != "replace-pin" and at - created > WEEK):
            raise Bad("its time is not its own")
        if kind == "replace-pin":
            self.replace(value, document, signatures, created)
            return value["seq"]
        signers = []
        for one in (Signature(octets, document) for octets in signatures):
            officer = self.by_key(one.kid)
            if officer is None or not one.holds("ndoba-grant+jws", officer.key) or one.role != "security-officer" or one.over:
                raise Bad("a signature does not hold")
            # By the document's own time, strictly: the register is one.
            if officer.ended is not None or not officer.not_before <= created <= officer.not_after:
                raise Bad("a signer is not in office")
            if "security-officer" not in officer.roles or any(officer.is_same(other) for other in signers):
                raise Bad("it is not signed by different security officers")
            if kind == "grant" and (officer.officer == value["officer"] or officer.person == value["person"]):
                raise Bad("somebody appoints themselves")
            signers.append(officer)
        if len(signers) != count:
            raise Bad(f"it has {len(signers)} signatures in the place of {count}")
        if kind == "grant":
            self.accepted(value, created)
        for before in self.officers:
            if before.officer == value.get("officer") and before.ended is None:
                before.ended = created
        if kind == "grant":
            period = moment(value["not_before"]), moment(value["not_after"])
            self.officers.append(Officer(value, value["roles"], value["office"], period))
        self.head, self.seq, self.latest = sha256(document), value["seq"], created
        return value["seq"]


    def accepted(self, value, created):
        """The officer signed for just these roles in this office with this key; a service accepts nothing."""
        if value["v"] == 1:
            if self.recorded:
                raise Bad("it has no papers and no acceptance, and others before it do")
            return
        self.recorded = True
        if not value["vetting"]:
            raise Bad("it names no papers")
        if value["roles"] == ["desk"]:
            return
        terms = {name: value[name] for name in ("installation", "office", "roles", "spki")}
        one = Signature(value["acceptance"].encode(), canonical({**terms, "kind": "acceptance", "v": 1}))
        officer = Officer(value, value["roles"], value["office"], (created, created))
        if one.role != "appointed" or one.over or one.kid != value["spki"] or one.kid != officer.kid:
            raise Bad("the acceptance is another's")
        if not one.holds("ndoba-acceptance+jws", officer.key) or one.at != moment(value["accepted_at"]):
            raise Bad("the acceptance does not hold")
        if not created - 90 * 24 * 3600 * 10**6 <= one.at <= created + MINUTES:
            raise Bad("the acceptance is of another time")

    def replace(self, value, document, signatures, created):
        """Other pinned security officers: the file's first line names the document, all of them sign, and two or none of before."""
        if document not in self.replaced or value["pin"] != self.pin:
            raise Bad("it is no pin that the file begins with")
        period = created, NO_END
        coming = [Officer(one, ["security-officer"], None, period) for one in value["security_officers"]]
        for one in coming:
            before = self.by_key(one.kid)
            if before is not None and (before.officer != one.officer or before.ended is not None):
                raise Bad("a key was another's, or given up")
        old, new = [], []
        for one in (Signature(octets, document) for octets in signatures):
            of_before = one.role == "security-officer"
            officer = self.by_key(one.kid) if of_before else next((here for here in coming if here.kid == one.kid), None)
            if officer is None or one.role not in ("appointed", "security-officer") or one.over:
                raise Bad("a signature is nobody's")
            if not one.holds("ndoba-grant+jws", officer.key):
                raise Bad("a signature does not hold")
            if of_before and ("security-officer" not in officer.roles or officer.ended is not None
                              or not officer.not_before <= created <= officer.not_after):
                raise Bad("a signer of before is no security officer")
            (old if of_before else new).append(officer)
        if len(new) != len(coming) or {one.kid for one in new} != {one.kid for one in coming}:
            raise Bad("not all who are pinned signed it")
        if len(old) not in (0, 2) or (old and old[0].is_same(old[1])):
            raise Bad("it is not signed by two different security officers of before")
        if not old and sha256(document) not in self.unsigned:
            raise Bad("no security officer of before signed it, and the pin that is known is older")
        self.pin_instead(coming, created)
        self.head, self.seq, self.latest, self.pin = sha256(document), value["seq"], created, sha256(document)
        self.joined.append(self.pin)


    def pin_instead(self, coming, created):
        for before in self.officers:
            if before.ended is None and ("security-officer" in before.roles or before.officer in [one.officer for one in coming]):
                before.ended = created
        self.officers += coming


def order(register, document, signatures, at):
    """An order with all its signatures, by officers in office."""
    value = json.loads(document)
    if canonical(value) != document or value["v"] != 1 or value["kind"] not in SIGNERS:
        raise Bad("it is no order")
    if value["installation"] != register.installation or moment(value["created"]) > at + MINUTES:
        raise Bad("it is of another installation, or of the future")
    roles = SIGNERS[value["kind"]]
    made = {}
    for octets in signatures:
        one = Signature(octets, document)
        # The same key may have had an appointment before, in other roles or another period.
        candidates = [officer for officer in register.officers if officer.kid == one.kid and officer.in_office(at)]
        held = HELD.get(one.role, one.role)
        officer = next((officer for officer in reversed(candidates) if held in officer.roles), None)
        if one.role not in roles or one.role in made:
            raise Bad("a signature is in a role that is not there, or there twice")
        if officer is None or not one.holds("ndoba-order+jws", officer.key):
            raise Bad("a signature does not hold, or its officer is not in office in that role")
        if not moment(value["created"]) - MINUTES <= one.at <= at + MINUTES:
            raise Bad("a signature's time is not the order's")
        if officer.person is not None and officer.person == value.get("person"):
            raise Bad("an officer signs for the officer's own certificate")
        made[one.role] = (one, officer)
    if set(made) != set(roles):
        raise Bad("a signature is missing")
    first, *second = (made[role] for role in roles)
    if first[0].over is not None:
        raise Bad("the first signature is over another")
    for one, officer in second:
        if one.over != first[0].digest or officer.is_same(first[1]):
            raise Bad("the second signature is not another person's over the first")
        if roles == ("submitter", "approver") and not covers(officer.office, first[1].office):
            raise Bad("the approver's office does not cover the submitter's")
    return value


def session(register, document, signatures, at):
    """A statement by which two security officers were there, and who they were."""
    value = read(document, ("act", "decided", "installation", "kind", "opened", "session", "tokens", "v"))
    opened = moment(value["opened"])
    if (value["kind"], value["v"], value["installation"]) != ("presence", 1, register.installation) or not value["tokens"]:
        raise Bad("it is no session of this installation")
    # What was done in the session may have been logged after it.
    at, signers = min(at, opened + SESSION), []
    if at < opened:
        raise Bad("it was opened later than it is logged")
    for one in (Signature(octets, document) for octets in signatures):
        candidates = [officer for officer in register.officers if officer.kid == one.kid and officer.in_office(at)]
        officer = next((officer for officer in reversed(candidates) if "security-officer" in officer.roles), None)
        if officer is None or one.role != "security-officer" or one.over or not one.holds("ndoba-presence+jws", officer.key):
            raise Bad("a signature does not hold, or is not a security officer's")
        # A signature's time has whole seconds.
        if not opened - opened % 10**6 <= one.at <= at:
            raise Bad("a signature was not made in the session's time")
        signers.append(officer)
    if len(signers) != 2 or signers[0].is_same(signers[1]):
        raise Bad("two different security officers were not there")
    return value, sorted(one.officer for one in signers)


def covers(upper, lower):
    return upper is not None and lower is not None and (lower == upper or lower.startswith(upper + "/"))


class Trail:
    def __init__(self, header, pin, folders):
        value = read(header, ("format", "pin"))
        if value["format"] != "ndoba-signed-documents/1":
            raise Bad("it is no file of signed documents")
        self.register = Register(octets_of(value["pin"]), pin)
        # The pin that an order was judged by before its document joined the chain.
        self.believed = None
        self.made, self.queued, self.waiting, self.asked = set(), set(), {}, {}
        # Sessions by their statements, what was decided in them, plans that were drafted for an offline CA.
        self.folders, self.sessions, self.attended, self.drafted, self.ceremonies = folders, set(), set(), set(), {}
        counted = ("orders", "grants", "statements", "statements_unseen", "signatures", "certificates", "ceremonies", "unattended")
        self.numbers = dict.fromkeys((*counted, "changes"), 0)

    def event(self, kind, at, data, line):
        if kind == "evidence-added" and data["kind"].startswith("signature-"):
            self.made.add(data["evidence"])
        elif kind in CHAIN:
            about = f"grant {data['seq']}"
            signatures = self.signed(about, line, data["grant"])
            if str(self.within(about, self.register.append, *CHAIN[kind], *signatures, at)) != data["seq"]:
                raise Finding(about, "it has another place")
            self.numbers["grants"] += 1
        elif kind == "order-queued":
            self.queue(at, data, line)
        elif kind in ("order-refused", "order-withdrawn"):
            self.waiting.pop(data["order"], None)
        elif kind == "presence-proved":
            self.presence(at, data)
        elif kind == "draft-written":
            self.drafted.add(data["plan"])
        elif kind == "draft-signed":
            if data["session"] not in self.sessions or data["plan"] not in self.drafted:
                raise Finding(f"statement {data['session']}", "the log has no such session or draft")
            self.attended.add(data["plan"])
        elif kind in ("issuance-intended", "issuance-lost", "certificate-issued"):
            self.certificate(kind, at, data)
        elif kind in DONE:
            value = self.act(at, data["order"], DONE[kind])
            if value["serial"] != data["serial"] or value.get("reason") != data.get("reason"):
                raise Finding(f"order {data['order']}", "another certificate or reason was signed for")
            del self.waiting[data["order"]]
            self.numbers["changes"] += 1

    def queue(self, at, data, line):
        about = f"order {data['order']}"
        if data["order"] in self.queued:
            raise Finding(about, "it is there twice")
        self.queued.add(data["order"])
        document, signatures = self.signed(about, line, data["digest"])
        value = self.within(about, self.judged, order, document, signatures, at)
        if (value["order_id"], value["kind"]) != (data["order"], data["kind"]) or at > moment(value["expires"]) + MINUTES:
            raise Finding(about, "its content is another's, or it was over")
        if value["kind"] not in ("certify-unit", "suspend-by-code"):
            for digest in map(sha256, signatures):
                if digest not in self.made:
                    raise Finding(about, "the log does not have a signature from when it was made")
                self.made.remove(digest)
        self.waiting[data["order"]] = (document, signatures)
        self.numbers["orders"] += 1

    def judged(self, judge, document, signatures, at):
        """Until its document joins, the next pin holds where the configuration has it: no log says since when."""
        try:
            return judge(self.register, document, signatures, at)
        except Bad:
            ahead = self.register.ahead()
            if ahead is None:
                raise
            found = judge(ahead[0], document, signatures, at)
            self.believed = ahead[1]
            return found

    def presence(self, at, data):
        """Two security officers were there when a CA's key was used by hand; the statement lies on the operator's machine."""
        self.sessions.add(data["session"])
        self.attended.add(data["decided"])
        about = f"statement {data['session']}"
        folders = [folder / data["session"] for folder in self.folders if (folder / data["session"] / "statement.json").exists()]
        if not folders:
            self.numbers["statements_unseen"] += 1
            return
        document = (folders[0] / "statement.json").read_bytes()
        files = [folders[0] / f"signature-{number}.json" for number in (1, 2)]
        signatures = [file.read_bytes() for file in files if file.exists()]
        if sha256(document) != data["session"]:
            raise Finding(about, "its content is not what the log names")
        value, officers = self.within(about, self.judged, session, document, signatures, at)
        if (value["act"], value["decided"], officers) != (data["act"], data["decided"], sorted(data["officers"])):
            raise Finding(about, "the log says another thing of the session")
        self.numbers["statements"] += 1
        self.numbers["signatures"] += len(signatures)

    def finish(self):
        """Of a pin that nobody knows from elsewhere, officers of before have to have signed."""
        if self.believed not in (None, *self.register.unsigned, *self.register.joined):
            raise Finding("event", "officers acted by a pin that the log does not have, and the pin that is known is older")

    def certificate(self, kind, at, data):
        cause, _, name = data["cause"].partition(":")
        key = (data["ca"], data["serial"])
        if cause == "ceremony":
            self.ceremony(kind, key, name, data)
        if cause != "order":
            return
        if kind == "issuance-lost":
            self.asked.pop(name, None)
        elif kind == "issuance-intended":
            value = self.act(at, name, ("certify-unit", "issue", "reissue"))
            if name in self.asked or value["profile"]["digest"] != data["profile"]:
                raise Finding(f"order {name}", "the token is asked twice, or for another profile")
            self.asked[name] = key
        else:
            if self.asked.pop(name, None) != key or self.waiting.pop(name, None) is None:
                raise Finding(f"certificate {data['serial']} of {data['ca']}", "nobody ordered it")
            self.numbers["certificates"] += 1

    def ceremony(self, kind, key, plan, data):
        """Two were there. From before the log had sessions, or said of any draft that one has to follow, it cannot be said."""
        if kind == "issuance-lost":
            self.ceremonies.pop(key, None)
        elif kind == "issuance-intended":
            offline = data["node"].startswith("offline-")
            if key in self.ceremonies:
                raise Finding(f"certificate {key[1]} of {key[0]}", "the token is asked twice")
            self.ceremonies[key] = (plan, offline, not self.drafted)
        else:
            about = f"certificate {key[1]} of {key[0]}"
            wanted, offline, before_drafts = self.ceremonies.pop(key, (None, False, False))
            if wanted != plan:
                raise Finding(about, "nobody intended it")
            if plan in self.attended:
                self.numbers["ceremonies"] += 1
            elif before_drafts if offline else not self.sessions:
                self.numbers["unattended"] += 1
            else:
                raise Finding(about, "the log does not have the session in which it was made")

    def act(self, at, name, kinds):
        """What is carried out was signed for, by officers who are in office still."""
        if name not in self.waiting:
            raise Finding(f"order {name}", "no such order waits")
        document, signatures = self.waiting[name]
        value = self.within(f"order {name}", self.judged, order, document, signatures, at)
        if value["kind"] not in kinds:
            raise Finding(f"order {name}", "it asks for something else")
        return value

    def signed(self, about, line, digest):
        if line is None or line["document"] is None:
            raise Finding(about, "what was signed is not in the file")
        document, signatures = octets_of(line["document"]), [octets_of(one) for one in line["signatures"]]
        if sha256(document) != digest:
            raise Finding(about, "its content is not what the log names")
        self.numbers["signatures"] += len(signatures)
        return document, signatures

    def within(self, about, judge, *arguments):
        try:
            return judge(*arguments)
        except (Bad, KeyError, TypeError, ValueError) as error:
            raise Finding(about, error) from error


def judge(arguments):
    options = argparse.ArgumentParser()
    options.add_argument("export", type=argparse.FileType("rb"))
    options.add_argument("signed", type=argparse.FileType("rb"))
    options.add_argument("--pin")
    options.add_argument("--statements", type=Path, action="append", default=[])
    options = options.parse_args(arguments)
    with options.export as log, options.signed as signed:
        try:
            trail = Trail(next(signed, b"").removesuffix(b"\n"), options.pin, options.statements)
            lines = {}
            for line in signed:
                line = members_of(json.loads(line), ("document", "record", "signatures"))
                lines[natural(line["record"])] = line
            next(log)
            for octets in log:
                if not octets.startswith(b'{"algorithm":'):
                    record = json.loads(octets)
                    event = SimpleNamespace(**record["event"])
                    trail.event(event.kind, moment(event.at), event.data, lines.get(record["index"]))
            trail.finish()
        except (Bad, ValueError) as error:
            return 1, f"signed: {error}"
        except Finding as finding:
            return 1, str(finding)
    return 0, json.dumps(trail.numbers)


if __name__ == "__main__":
    status, text = judge(sys.argv[1:])
    print(text, file=sys.stderr if status else sys.stdout)
    sys.exit(status)
