"""The register of officers in an export of what was signed: who was in office when, back to the pin (docs/reference/audit-log.md)."""

import base64
import copy
import json

from audit_log import Bad, Finding, canonical, members_of, moment, natural, octets_of, read, sha256, signed_by
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

MINUTES = 5 * 60 * 10**6
DAY = 24 * 3600 * 10**6
WEEK = 7 * DAY
NO_END = moment("9999-12-31T23:59:59Z")
ALGORITHMS = {"ES256": "ecdsa-p256-sha256", "ES384": "ecdsa-p384-sha384", "PS256": "rsa-pss-sha256", "RS256": "rsa-pkcs1-sha256"}
AUTHORISATION = ("authorisation", "ca", "count", "created", "days", "enrolment", "installation", "kind", "not_after", "not_before",
                 "prev", "profile", "seq", "subject", "v")


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


class Period:
    """When something holds: until it ended, if it was ended before its time."""

    def __init__(self, not_before, not_after):
        self.not_before, self.not_after, self.ended = not_before, not_after, None

    def holds(self, at):
        """An act is decided before it is logged: what was so within the minutes before counts."""
        begun = self.not_before <= at and at - MINUTES <= self.not_after
        return begun and (self.ended is None or at - self.ended <= MINUTES)


class Officer(Period):
    def __init__(self, entry, roles, office, period):
        super().__init__(*period)
        self.officer, self.person, self.roles, self.office = entry["officer"], entry["person"], roles, office
        # Whom a pin names counts even where the register lost documents.
        self.pinned = "seq" not in entry
        der = octets_of(entry["key"] if "key" in entry else entry["spki"])
        self.kid = sha256(der)
        try:
            self.key = serialization.load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise Bad("an officer's key cannot be read") from error

    def is_same(self, other):
        return self.officer == other.officer or (self.person is not None and self.person == other.person)


class Standing(Period):
    """What two security officers let a CA certify again and again: its responders."""

    def __init__(self, value):
        members_of(value, AUTHORISATION)
        super().__init__(moment(value["not_before"]), moment(value["not_after"]))
        self.name, self.ca, self.count = value["authorisation"], value["ca"], natural(value["count"])
        self.profile, self.asked = value["profile"]["digest"], 0
        if self.not_after <= self.not_before or not (1 <= natural(value["days"]) <= 366 and 1 <= self.count <= 10_000):
            raise Bad("its bounds are none")


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
        # Authorisations by their identifiers, the keys of CAs that ended, and by its key the name of a CA that certified responders.
        self.officers, self.standing, self.closed, self.named = [], {}, set(), {}
        for one in value["security_officers"]:
            self.officers.append(Officer(one, ["security-officer"], None, (self.latest, NO_END)))

    def by_key(self, kid):
        return next((one for one in reversed(self.officers) if one.kid == kid), None)

    def ahead(self):
        """The register where the configuration has the next pin and its document has not joined yet; none where none is due."""
        for document in self.replaced:
            value = json.loads(document)
            is_next = (value["pin"], value["seq"], value["prev"]) == (self.pin, self.seq + 1, self.head)
            if is_next and moment(value["created"]) >= self.latest:
                return self.under([value]), len(self.joined) + 1
        return None

    def newest(self):
        """The same of all that have not joined, due or not: nobody of before accepts a database that lost the newest one."""
        awaited = [json.loads(document) for document in self.replaced[len(self.joined) :]]
        return (self.under(awaited), len(self.replaced)) if awaited else None

    def under(self, pins):
        ahead = copy.copy(self)
        ahead.officers = [copy.copy(one) for one in self.officers]
        for value in pins:
            period = moment(value["created"]), NO_END
            coming = [Officer(one, ["security-officer"], None, period) for one in value["security_officers"]]
            ahead.pin_instead(coming, period[0])
        return ahead

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
            return value["seq"], value, None
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
        self.stand(kind, value, at)
        for before in self.officers:
            if before.officer == value.get("officer") and before.ended is None:
                before.ended = created
        if kind == "grant":
            period = moment(value["not_before"]), moment(value["not_after"])
            self.officers.append(Officer(value, value["roles"], value["office"], period))
        self.head, self.seq, self.latest = sha256(document), value["seq"], created
        return value["seq"], value, sorted(one.officer for one in signers)

    def stand(self, kind, value, at):
        """Of each CA's key one authorisation is in force, under an identifier that stands for it for ever."""
        ended = []
        if kind == "authorise-responder":
            coming = Standing(value)
            if coming.ca in self.closed or coming.name in self.standing:
                raise Bad("its CA has ended, or its identifier is another's")
            ended = [one for one in self.standing.values() if one.ca == coming.ca]
            self.standing[coming.name] = coming
        elif kind in ("revoke-ca", "terminate-ca"):
            self.closed.add(value["ca"])
            ended = [one for one in self.standing.values() if one.ca == value["ca"]]
        elif kind == "end-responder":
            ended = [one for one in self.standing.values() if one.name == value["authorisation"] and one.ended is None]
            if not ended:
                raise Bad("there is no such authorisation to end")
        for one in ended:
            one.ended = at if one.ended is None else one.ended

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
        if not created - 90 * DAY <= one.at <= created + MINUTES:
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
