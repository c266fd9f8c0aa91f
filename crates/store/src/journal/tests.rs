use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use ndoba_tsa::{BadJournal, ImprintHash, JournalRecord, SerialSource, TokenSerial};
use ndoba_types::{InstallationId, Random, RandomUnavailable, Sha256Digest, Span, UtcTime};

use super::files::segment_path;
use super::writer::Writer;
use super::*;
use crate::RecordedSegment;

fn settings(folder: &Path) -> JournalSettings {
    let id = JournalId { installation: InstallationId::from_bytes([7; 16]), node: 1 };
    JournalSettings {
        folder: folder.into(),
        id,
        segment_records: 10,
        seal_after: Duration::from_secs(3600),
        queue_depth: 64,
        backlog_records: 1000,
        durability: JournalDurability::OnDisk,
    }
}

fn open(folder: &Path) -> TokenJournal {
    TokenJournal::open(settings(folder)).unwrap()
}

fn record(n: u64) -> JournalRecord {
    JournalRecord {
        unit: "tsu".into(),
        serial: TokenSerial::from_hex(&format!("01{n:038x}")).unwrap(),
        hash: ImprintHash::Sha512,
        digest: vec![0x5a; 64],
        gen_time: UtcTime::from_unix_micros(1_700_000_000_000_000 + i64::try_from(n).unwrap() * 1000)
            .unwrap(),
        bound: Span::millis(3),
    }
}

/// Appends and waits.
fn append(journal: &TokenJournal, n: u64) -> Result<(), JournalError> {
    let (sender, receiver) = channel();
    journal.append(record(n), Box::new(move |outcome| sender.send(outcome).unwrap()));
    receiver.recv().unwrap()
}

fn serials(folder: &Path) -> Vec<TokenSerial> {
    let mut all = Vec::new();
    walk_journal(folder, &mut |line| all.push(line.record.serial)).unwrap();
    all
}

#[test]
fn what_is_acknowledged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    for run in 0..5 {
        let journal = open(folder.path());
        assert_eq!(journal.mark().is_some(), run > 0);
        for n in 0..7 {
            assert_eq!(append(&journal, run * 7 + n), Ok(()));
        }
        assert!(journal.is_writable());
    }
    assert_eq!(serials(folder.path()), (0..35).map(|n| record(n).serial).collect::<Vec<_>>());
    let seals = journal_segments(folder.path()).unwrap();
    assert_eq!(
        seals.iter().map(|seal| (seal.segment, seal.count)).collect::<Vec<_>>(),
        [(0, 10), (1, 10), (2, 10), (3, 5)]
    );
    assert_eq!(fs::read(folder.path().join("0000000001.seal")).unwrap(), seals[1].to_bytes());
    assert_eq!(walk_journal(folder.path(), &mut |_| {}).unwrap(), Walked { segments: 4, records: 35 });
}

#[test]
fn the_mark_covers_every_token() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    append(&journal, 0).unwrap();
    let mark: UtcTime = fs::read_to_string(folder.path().join("mark")).unwrap().trim().parse().unwrap();
    assert_eq!(mark, record(0).gen_time.plus(Span::seconds(2)));
    append(&journal, 2000).unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("mark")).unwrap().trim(),
        mark.to_string(),
        "leased until then"
    );
    append(&journal, 2001).unwrap();
    drop(journal);
    assert_eq!(open(folder.path()).mark(), Some(record(2001).gen_time.plus(Span::seconds(2))));
    // Without its file the last record is the mark.
    fs::remove_file(folder.path().join("mark")).unwrap();
    assert_eq!(open(folder.path()).mark(), Some(record(2001).gen_time));
}

/// A kill at any octet of the last write: what was acknowledged before stays, and writing goes on.
#[test]
fn torn_writes_at_every_octet() {
    let folder = tempfile::tempdir().unwrap();
    let path = segment_path(folder.path(), 0);
    let journal = open(folder.path());
    append(&journal, 0).unwrap();
    let acknowledged = fs::read(&path).unwrap();
    append(&journal, 1).unwrap();
    drop(journal);
    let whole = fs::read(&path).unwrap();
    for end in acknowledged.len()..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let journal = open(folder.path());
        append(&journal, 2).unwrap();
        drop(journal);
        assert_eq!(serials(folder.path()), [record(0).serial, record(2).serial], "cut at {end}");
    }
    // Pages that were never written.
    fs::write(&path, [whole.as_slice(), &[0; 4096]].concat()).unwrap();
    drop(open(folder.path()));
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn a_segment_torn_in_its_header_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    (0..11).for_each(|n| append(&journal, n).unwrap());
    drop(journal);
    let path = segment_path(folder.path(), 1);
    let whole = fs::read(&path).unwrap();
    let header = whole.iter().position(|octet| *octet == b'\n').unwrap();
    for end in [0, 1, header] {
        fs::write(&path, &whole[..end]).unwrap();
        let _ = fs::remove_file(folder.path().join("0000000000.seal"));
        assert_eq!(serials(folder.path()).len(), 10);
        let journal = open(folder.path());
        append(&journal, 20).unwrap();
        assert_eq!(journal.ended_segments(), 1);
        drop(journal);
        assert_eq!(serials(folder.path()).last(), Some(&record(20).serial));
    }
}

#[test]
fn damage_to_what_was_acknowledged_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    (0..25).for_each(|n| append(&journal, n).unwrap());
    drop(journal);
    let refused = |segment: u64, change: &dyn Fn(&str) -> String| {
        let path = segment_path(folder.path(), segment);
        let whole = fs::read_to_string(&path).unwrap();
        let changed = change(&whole);
        assert_ne!(changed, whole);
        fs::write(&path, &changed).unwrap();
        let opened = TokenJournal::open(settings(folder.path())).map(|_| ());
        let walked = walk_journal(folder.path(), &mut |_| {});
        assert!(matches!(walked, Err(JournalReadError::Broken { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), changed);
        fs::write(&path, whole).unwrap();
        opened
    };
    let altered = |text: &str| text.replacen("\"bound\":3000", "\"bound\":1000", 1);
    let cut = |text: &str| {
        text.lines().enumerate().filter(|(n, _)| *n != 2).map(|(_, l)| l.to_owned() + "\n").collect()
    };
    let shortened = |text: &str| text.lines().take(4).map(|l| l.to_owned() + "\n").collect();
    for segment in [1, 2] {
        assert!(matches!(refused(segment, &altered), Err(JournalOpenError::Broken { .. })), "{segment}");
        let Err(JournalOpenError::Broken { source, .. }) = refused(segment, &cut) else {
            panic!("{segment}")
        };
        assert_eq!(source, BadJournal::Broken { number: segment * 10 + 1 });
    }
    // An older segment is not read at start-up, but by every walk.
    assert!(refused(0, &altered).is_ok());
    assert!(matches!(refused(1, &shortened), Err(JournalOpenError::Broken { .. })));
    fs::remove_file(segment_path(folder.path(), 1)).unwrap();
    assert!(TokenJournal::open(settings(folder.path())).is_err());
}

/// Whatever waited in the segment becomes a leaf although the segment is not full.
#[test]
fn a_segment_ends_by_age_and_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let journal = TokenJournal::open(JournalSettings {
        seal_after: Duration::from_millis(20),
        ..settings(folder.path())
    })
    .unwrap();
    append(&journal, 0).unwrap();
    let mut reader = SealReader::after(folder.path(), None).unwrap();
    while journal.ended_segments() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let first = reader.read().unwrap();
    assert_eq!((first.seal.segment, first.seal.count, first.records), (0, 1, 1));
    // Nothing in it, nothing to end: neither by age nor when told.
    std::thread::sleep(Duration::from_millis(60));
    journal.seal();
    assert_eq!(journal.ended_segments(), 1);
    drop(journal);

    let journal = open(folder.path());
    (1..4).for_each(|n| append(&journal, n).unwrap());
    journal.seal();
    assert_eq!((journal.ended_segments(), journal.backlog()), (2, 4));
    let second = reader.read().unwrap();
    assert_eq!((second.seal.segment, second.seal.count, second.records), (1, 3, 4));
    journal.recorded(second.records);
    assert_eq!(journal.backlog(), 0);
    drop(journal);
    // A run that found records in its last segment ends it by age too.
    drop(TokenJournal::open(settings(folder.path())).map(|journal| append(&journal, 4)));
    let journal = TokenJournal::open(JournalSettings {
        seal_after: Duration::from_millis(20),
        ..settings(folder.path())
    })
    .unwrap();
    while journal.ended_segments() == 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Relaxed, what is acknowledged reaches the disk within a second, and at the end at the latest.
#[test]
fn relaxed_is_written_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let relaxed = JournalSettings { durability: JournalDurability::Relaxed, ..settings(folder.path()) };
    let journal = TokenJournal::open(relaxed).unwrap();
    (0..25).for_each(|n| append(&journal, n).unwrap());
    drop(journal);
    assert_eq!(serials(folder.path()).len(), 25);
}

#[test]
fn a_backlog_stops_tokens_until_the_log_has_taken_it() {
    let folder = tempfile::tempdir().unwrap();
    let stated = JournalSettings { backlog_records: 3, ..settings(folder.path()) };
    let journal = TokenJournal::open(stated.clone()).unwrap();
    (0..3).for_each(|n| append(&journal, n).unwrap());
    assert_eq!(journal.ready(), Err(JournalError::Backlog { records: 3 }));
    drop(journal);
    let journal = TokenJournal::open(stated).unwrap();
    assert_eq!(journal.ready(), Err(JournalError::Backlog { records: 3 }), "a restart is no way around it");
    journal.recorded(1);
    assert_eq!(journal.ready(), Ok(()));
    journal.stop("another journal".into());
    assert_eq!(journal.ready(), Err(JournalError::Unwritable { reason: "another journal".into() }));
}

#[test]
fn a_journal_that_the_log_knows_otherwise_is_not_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    append(&journal, 0).unwrap();
    journal.seal();
    let ended = SealReader::after(folder.path(), None).unwrap().read().unwrap();
    let known = |segment, head| RecordedSegment { segment, head, records: 1 };
    let good = known(0, ended.seal.head);
    assert_eq!(SealReader::after(folder.path(), Some(&good)).unwrap().next(), 1);
    for bad in [known(0, Sha256Digest::of(b"another")), known(1, ended.seal.head), known(7, ended.seal.head)]
    {
        let refused = SealReader::after(folder.path(), Some(&bad)).unwrap_err();
        assert!(matches!(refused, JournalReadError::Another { segment, .. } if segment == bad.segment));
    }
}

#[test]
fn one_writer_and_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let again = TokenJournal::open(settings(folder.path()));
    assert!(matches!(again, Err(JournalOpenError::InUse { .. })));
    drop(journal);
    let mut other = settings(folder.path());
    other.id.node = 2;
    assert!(matches!(TokenJournal::open(other), Err(JournalOpenError::Another { .. })));
    open(folder.path());
}

#[test]
fn an_unwritable_disk_is_said_and_forgotten_when_it_is_well_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, _) = open::open(&settings(folder.path())).unwrap();
    let commit = |writer: &mut Writer, n: u64| {
        let (sender, receiver) = channel();
        let done: JournalDone = Box::new(move |outcome| sender.send(outcome).unwrap());
        let ok = writer.commit(vec![Entry { record: record(n), done }]);
        let outcome = receiver.recv().unwrap();
        assert_eq!(ok, outcome.is_ok());
        outcome
    };
    assert_eq!(commit(&mut writer, 0), Ok(()));
    // A handle that may only be read stands for a disk that takes nothing.
    let path = segment_path(folder.path(), 0);
    let good = std::mem::replace(&mut writer.parts.file, fs::File::open(&path).unwrap());
    for n in [1, 2] {
        assert!(matches!(commit(&mut writer, n), Err(JournalError::Unwritable { .. })));
    }
    writer.parts.file = good;
    assert_eq!(commit(&mut writer, 3), Ok(()));
    drop(writer);
    assert_eq!(serials(folder.path()), [record(0).serial, record(3).serial]);
}

#[test]
fn many_at_once_share_the_disk() {
    struct Zero;
    impl Random for Zero {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
            buffer.fill(0);
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let journal = TokenJournal::open(JournalSettings { segment_records: 300, ..settings(folder.path()) });
    let journal = journal.unwrap();
    let source = SerialSource::new(1, &Zero).unwrap();
    let acknowledged = Mutex::new(std::collections::HashSet::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..100 {
                    let record = JournalRecord { serial: source.next(&Zero).unwrap(), ..record(n) };
                    let serial = record.serial;
                    let (sender, receiver) = channel();
                    journal.append(record, Box::new(move |outcome| sender.send(outcome).unwrap()));
                    if receiver.recv().unwrap().is_ok() {
                        acknowledged.lock().unwrap().insert(serial);
                    }
                }
            });
        }
    });
    drop(journal);
    let written: std::collections::HashSet<_> = serials(folder.path()).into_iter().collect();
    assert_eq!(written, acknowledged.into_inner().unwrap());
    assert_eq!(written.len(), 800);
}

/// What [`kill_9`] starts: appends until it is killed, and says on standard output what was acknowledged.
#[test]
#[ignore = "the child process of kill_9"]
fn child_of_kill_9() {
    let Some(folder) = std::env::var_os("NDOBA_TEST_JOURNAL") else { return };
    let folder = Path::new(&folder);
    let journal = Arc::new(open(folder));
    // Far above the numbers of the runs before, so that every record is another.
    let start = serials(folder).len() as u64 * 1000;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let journal = &journal;
            scope.spawn(move || {
                for n in 0u64.. {
                    let n = start + n * 4 + thread;
                    append(journal, n).unwrap();
                    println!("acknowledged {n}");
                }
            });
        }
    });
}

/// K-T07: whatever was acknowledged before SIGKILL is there afterwards, and no mark is before it.
#[test]
fn kill_9() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = std::collections::HashSet::new();
    for round in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "journal::tests::child_of_kill_9", "--ignored", "--nocapture"])
            .env("NDOBA_TEST_JOURNAL", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        let mut killed = false;
        // Read on after the kill: what had been said by then counts too.
        while let Some(Ok(line)) = lines.next() {
            if let Some(n) = line.strip_prefix("acknowledged ").and_then(|n| n.parse().ok()) {
                acknowledged.insert(record(n).serial);
                seen += 1;
            }
            if seen >= 20 * round && !killed {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "it ended by itself");

        let journal = open(folder.path());
        let written = serials(folder.path());
        let unique: std::collections::HashSet<_> = written.iter().copied().collect();
        assert!(acknowledged.is_subset(&unique), "an acknowledged record is missing");
        let mut latest = None;
        walk_journal(folder.path(), &mut |line| latest = latest.max(Some(line.record.gen_time))).unwrap();
        assert!(journal.mark() >= latest);
    }
    assert!(acknowledged.len() >= 300);
}
