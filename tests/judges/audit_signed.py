"""Verifies what officers signed, by docs/reference/audit-log.md and nothing else: no code of the product's.

    audit_signed.py EXPORT SIGNED [--pin SHA256] [--statements DIR]…

EXPORT is first to be judged by audit_log.py: here it is taken as it is. DIR has the sessions or the accepted restores, as the
operator keeps them. Needs `cryptography`. Exit status: 0 every signature holds and every act was signed for (numbers as JSON), 1 a
finding (what it is about before a colon), 2 arguments that cannot be read.
"""

import argparse
import json
import sys
from pathlib import Path
from types import SimpleNamespace

from audit_log import Bad, Finding, canonical, members_of, moment, natural, octets_of, read, sha256
from audit_register import DAY, MINUTES, Register, Signature

SESSION = 15 * 60 * 10**6
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
        candidates = [officer for officer in register.officers if officer.kid == one.kid and officer.holds(at)]
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
    at = min(at, opened + SESSION)
    if at < opened:
        raise Bad("it was opened later than it is logged")
    # A signature's time has whole seconds.
    return value, two_of(register, "ndoba-presence+jws", document, signatures, at, opened - opened % 10**6, at)


def restore(register, document, signatures, at):
    """A statement by which two security officers accept a database that is behind its witnesses."""
    value = read(document, ("created", "database", "expires", "installation", "kind", "resume", "revocations", "v", "witnesses"))
    created, expires = moment(value["created"]), moment(value["expires"])
    if (value["kind"], value["v"], value["installation"]) != ("accept-restore", 1, register.installation):
        raise Bad("it accepts nothing of this installation")
    if not created < expires <= created + DAY or not value["witnesses"]:
        raise Bad("it lasts longer than a day, or ends no witness")
    if not created - MINUTES <= at <= expires + MINUTES:
        raise Bad("it was not in time")
    natural(value["revocations"])
    # Nobody knows whom documents that are lost appointed or dismissed.
    lost = register.seq < max(natural(one["marks"]["grant"]) for one in value["witnesses"])
    return value, two_of(register, "ndoba-restore+jws", document, signatures, at, created - MINUTES, at + MINUTES, lost)


def two_of(register, typ, document, signatures, at, since, until, only_pinned=False):
    """The two different security officers in office who signed a statement between these times."""
    signers = []
    for one in (Signature(octets, document) for octets in signatures):
        candidates = [officer for officer in register.officers if officer.kid == one.kid and officer.holds(at)]
        officer = next((officer for officer in reversed(candidates) if "security-officer" in officer.roles), None)
        if officer is None or one.role != "security-officer" or one.over or not one.holds(typ, officer.key):
            raise Bad("a signature does not hold, or is not a security officer's")
        if only_pinned and not officer.pinned:
            raise Bad("the register lost documents, and a signer is not the pin's")
        if not since <= one.at <= until:
            raise Bad("a signature was made at another time")
        signers.append(officer)
    if len(signers) != 2 or signers[0].is_same(signers[1]):
        raise Bad("two different security officers did not sign it")
    return sorted(one.officer for one in signers)


def covers(upper, lower):
    return upper is not None and lower is not None and (lower == upper or lower.startswith(upper + "/"))


class Trail:
    def __init__(self, header, pin, folders):
        value = read(header, ("format", "pin"))
        if value["format"] != "ndoba-signed-documents/1":
            raise Bad("it is no file of signed documents")
        self.register = Register(octets_of(value["pin"]), pin)
        # Of the pins behind the first, the newest that an act was judged by before its document joined the chain.
        self.believed = 0
        self.made, self.queued, self.waiting, self.asked = set(), set(), {}, {}
        # Sessions by their statements, what was decided in them, plans that were drafted for an offline CA.
        self.folders, self.sessions, self.attended, self.drafted, self.ceremonies = folders, set(), set(), set(), {}
        # Of each accepted restore, if its statement is there: the witnesses that it ends yet, by whom, revocations to be taken up.
        self.restores, self.responders = {}, {}
        counted = ("orders", "grants", "statements", "statements_unseen", "signatures", "certificates", "responders", "ceremonies",
                   "unattended")
        self.numbers = dict.fromkeys((*counted, "changes"), 0)

    def event(self, kind, at, data, line):
        if kind == "evidence-added" and data["kind"].startswith("signature-"):
            self.made.add(data["evidence"])
        elif kind in CHAIN:
            about = f"grant {data['seq']}"
            signatures = self.signed(about, line, data["grant"])
            seq, value, signers = self.within(about, self.register.append, *CHAIN[kind], *signatures, at)
            if str(seq) != data["seq"]:
                raise Finding(about, "it has another place")
            if kind.startswith("responder-") and not self.is_as_logged(data, value, signers):
                raise Finding(about, "the log says another thing of it")
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
        elif kind == "restore-accepted":
            self.restored(at, data)
        elif kind == "revocation-recovered":
            self.recovered(data)
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
            return self.ahead(ahead, judge, document, signatures, at)

    def ahead(self, ahead, judge, *arguments):
        found = judge(ahead[0], *arguments)
        self.believed = max(self.believed, ahead[1])
        return found

    def judged_restore(self, document, signatures, at):
        try:
            return self.judged(restore, document, signatures, at)
        except Bad:
            newest = self.register.newest()
            if newest is None:
                raise
            return self.ahead(newest, restore, document, signatures, at)

    def presence(self, at, data):
        """Two security officers were there when a CA's key was used by hand; the statement lies on the operator's machine."""
        self.sessions.add(data["session"])
        self.attended.add(data["decided"])
        about = f"statement {data['session']}"
        kept = self.kept(about, data["session"])
        if kept is None:
            return
        value, officers = self.within(about, self.judged, session, *kept, at)
        if (value["act"], value["decided"], officers) != (data["act"], data["decided"], sorted(data["officers"])):
            raise Finding(about, "the log says another thing of the session")
        self.numbers["statements"] += 1
        self.numbers["signatures"] += len(kept[1])

    def kept(self, about, digest):
        """A statement and its signatures, as they lie on the operator's machine; None, and counted, where they do not."""
        folder = next((folder / digest for folder in self.folders if (folder / digest / "statement.json").exists()), None)
        if folder is None:
            self.numbers["statements_unseen"] += 1
            return None
        document = (folder / "statement.json").read_bytes()
        files = [folder / f"signature-{number}.json" for number in (1, 2)]
        if sha256(document) != digest:
            raise Finding(about, "its content is not what the log names")
        return document, [file.read_bytes() for file in files if file.exists()]

    def restored(self, at, data):
        """Two security officers accepted the database as it was: an event for each witness that ends, and for each but once."""
        name = data["statement"]
        about = f"statement {name}"
        if name not in self.restores:
            self.restores[name] = kept = self.kept(about, name)
            if kept is not None:
                value, officers = self.within(about, self.judged_restore, *kept, at)
                witnesses = [(one["role"], one["file"]) for one in value["witnesses"]]
                self.restores[name] = SimpleNamespace(witnesses=witnesses, officers=officers, recovered=value["revocations"])
                self.numbers["statements"] += 1
                self.numbers["signatures"] += len(kept[1])
        found, witness = self.restores[name], (data["witness"], data["was"])
        if found is not None:
            if witness not in found.witnesses or found.officers != sorted(data["officers"]):
                raise Finding(about, "the log says another thing of the restore")
            found.witnesses.remove(witness)

    def recovered(self, data):
        """What published lists prove was taken up again: no more than the officers signed for."""
        about = f"certificate {data['serial']} of {data['ca']}"
        if data["statement"] not in self.restores:
            raise Finding(about, "the log does not have the restore that it names")
        found = self.restores[data["statement"]]
        if found is not None:
            found.recovered -= 1
            if found.recovered < 0:
                raise Finding(about, "more was taken up than officers signed for")

    @staticmethod
    def is_as_logged(data, value, signers):
        """An authorisation of responders is in the log with its bounds, its end with its name."""
        said = [(data["authorisation"], value["authorisation"]), (sorted(data["signers"]), signers)]
        if "count" in value:
            said += [(data["count"], str(value["count"])), (data["until"], value["not_after"])]
        return all(there == here for there, here in said)

    def finish(self):
        """Of a pin that nobody knows from elsewhere, officers of before have to have signed."""
        if self.believed > max(len(self.register.unsigned), len(self.register.joined)):
            raise Finding("event", "officers acted by a pin that the log does not have, and the pin that is known is older")

    def certificate(self, kind, at, data):
        cause, _, name = data["cause"].partition(":")
        key = (data["ca"], data["serial"])
        if cause == "ceremony":
            self.ceremony(kind, key, name, data)
        elif cause == "authorisation":
            self.responder(kind, at, key, name, data)
        elif cause == "order":
            self.ordered(kind, at, key, name, data)
        else:
            raise Finding("event", "a certificate's cause is neither an order nor an authorisation nor a ceremony")

    def ordered(self, kind, at, key, name, data):
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

    def responder(self, kind, at, key, name, data):
        """Under an authorisation in force: its profile, its CA, and no more than its count, those that were lost among them."""
        about = f"certificate {key[1]} of {key[0]}"
        if kind == "issuance-lost":
            self.responders.pop(key, None)
        elif kind == "issuance-intended":
            one = self.register.standing.get(name)
            if key in self.responders:
                raise Finding(about, "the token is asked twice")
            if one is None or not one.holds(at) or one.profile != data["profile"]:
                raise Finding(about, "no authorisation of two security officers for it is in force")
            if self.register.named.setdefault(one.ca, key[0]) != key[0]:
                raise Finding(about, "the authorisation is another CA's")
            one.asked += 1
            if one.asked > one.count:
                raise Finding(about, "there are more under the authorisation than two officers signed")
            self.responders[key] = name
        elif self.responders.pop(key, None) != name:
            raise Finding(about, "nobody intended it")
        else:
            self.numbers["responders"] += 1

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
