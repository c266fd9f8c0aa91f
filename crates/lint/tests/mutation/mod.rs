//! Damage to DER, one value at a time, with every length around it made right again: what a wrong encoder or a wrong
//! profile would make, not line noise, which both judges refuse alike.

use std::collections::BTreeSet;

/// A damaged document and what was done to it.
pub(crate) struct Damaged {
    pub(crate) der: Vec<u8>,
    pub(crate) how: String,
}

/// Every damage to the first part of a signed document, each once, in a fixed order.
pub(crate) fn all(der: &[u8]) -> Vec<Damaged> {
    let original = Node::read(der);
    let mut paths = Vec::new();
    // The signed part; what is behind it, algorithm and signature, is judged by who verifies.
    original.children[0].paths(&mut vec![0], &mut paths);
    let mut seen = BTreeSet::from([original.write()]);
    let mut damaged = Vec::new();
    for path in &paths {
        for (what, change) in CHANGES {
            let mut document = original.clone();
            let tag = document.at(path).tag;
            if !change(&mut document, path) {
                continue;
            }
            let der = document.write();
            if seen.insert(der.clone()) {
                damaged.push(Damaged { der, how: format!("{what} at {path:?}, tag {tag:02x}") });
            }
        }
    }
    damaged
}

/// A value with those inside it; also those inside the OCTET STRING of an extension.
#[derive(Clone)]
struct Node {
    tag: u8,
    content: Vec<u8>,
    children: Vec<Node>,
}

type Change = fn(&mut Node, &[usize]) -> bool;

/// What can be done to a value; false: not to this one.
const CHANGES: [(&str, Change); 10] = [
    ("removed", |document, path| document.with_siblings(path, |siblings, at| drop(siblings.remove(at)))),
    ("doubled", |document, path| {
        document.with_siblings(path, |siblings, at| siblings.insert(at, siblings[at].clone()))
    }),
    ("swapped with the next", |document, path| {
        let mut swapped = false;
        document.with_siblings(path, |siblings, at| {
            swapped = at + 1 < siblings.len();
            if swapped {
                siblings.swap(at, at + 1);
            }
        }) && swapped
    }),
    ("emptied", |document, path| {
        let node = document.at(path);
        let was = !node.content.is_empty() || !node.children.is_empty();
        node.content.clear();
        node.children.clear();
        was
    }),
    ("of another string type", |document, path| {
        let node = document.at(path);
        node.tag = match node.tag {
            0x0c => 0x13,
            0x13 => 0x0c,
            0x16 => 0x0c,
            0x17 => 0x18,
            _ => return false,
        };
        true
    }),
    ("in the other letter case", |document, path| {
        let node = document.at(path);
        let is_text = matches!(node.tag, 0x0c | 0x13 | 0x16 | 0x86) && node.content.is_ascii();
        let upper = node.content.iter().any(u8::is_ascii_lowercase);
        for octet in node.content.iter_mut().filter(|_| is_text) {
            *octet = if upper { octet.to_ascii_uppercase() } else { octet.to_ascii_lowercase() };
        }
        is_text
    }),
    ("with a space behind", |document, path| document.text(path, |text| text.push(b' '))),
    ("one letter shorter", |document, path| {
        document.text(path, |text| text.truncate(text.len().saturating_sub(1)))
    }),
    ("with another scheme", |document, path| {
        document.text(path, |text| {
            for (from, to) in [(&b"https://"[..], &b"http://"[..]), (b"http://", b"ftp://")] {
                if text.starts_with(from) {
                    text.splice(..from.len(), to.iter().copied());
                    return;
                }
            }
        })
    }),
    ("with its last bit turned", |document, path| {
        let node = document.at(path);
        let small = matches!(node.tag, 0x01 | 0x02 | 0x03 | 0x05 | 0x06) && node.content.len() < 24;
        match node.content.last_mut() {
            Some(last) if small => *last ^= if node.tag == 0x01 { 0xff } else { 0x40 },
            _ => return false,
        }
        true
    }),
];

impl Node {
    fn read(der: &[u8]) -> Self {
        let (node, rest) = Self::read_one(der).unwrap();
        assert!(rest.is_empty());
        node
    }

    fn read_one(der: &[u8]) -> Option<(Self, &[u8])> {
        let (tag, length, rest) = match *der {
            [tag, length @ 0..=0x7f, ref rest @ ..] => (tag, usize::from(length), rest),
            [tag, 0x81, length, ref rest @ ..] => (tag, usize::from(length), rest),
            [tag, 0x82, high, low, ref rest @ ..] => (tag, usize::from(high) << 8 | usize::from(low), rest),
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        // An OCTET STRING counts as constructed when it holds DER: an extension's value.
        let holds_values = tag & 0x20 != 0 || tag == 0x04;
        let children = if holds_values { Self::read_all(content).unwrap_or_default() } else { Vec::new() };
        let content = if children.is_empty() { content.to_vec() } else { Vec::new() };
        Some((Self { tag, content, children }, rest))
    }

    fn read_all(mut der: &[u8]) -> Option<Vec<Self>> {
        let mut all = Vec::new();
        while !der.is_empty() {
            let (node, rest) = Self::read_one(der)?;
            all.push(node);
            der = rest;
        }
        Some(all)
    }

    fn write(&self) -> Vec<u8> {
        let inner: Vec<u8> = self.children.iter().flat_map(Self::write).collect();
        let content = if self.children.is_empty() { &self.content } else { &inner };
        let mut der = vec![self.tag];
        match u16::try_from(content.len()).unwrap().to_be_bytes() {
            [0, length @ 0..=0x7f] => der.push(length),
            [0, length] => der.extend([0x81, length]),
            [high, low] => der.extend([0x82, high, low]),
        }
        der.extend_from_slice(content);
        der
    }

    fn paths(&self, path: &mut Vec<usize>, paths: &mut Vec<Vec<usize>>) {
        for (at, child) in self.children.iter().enumerate() {
            path.push(at);
            paths.push(path.clone());
            child.paths(path, paths);
            path.pop();
        }
    }

    fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |node, at| &mut node.children[*at])
    }

    fn with_siblings(&mut self, path: &[usize], change: impl FnOnce(&mut Vec<Self>, usize)) -> bool {
        let (at, parent) = path.split_last().unwrap();
        change(&mut self.at(parent).children, *at);
        true
    }

    fn text(&mut self, path: &[usize], change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let node = self.at(path);
        let is_text = matches!(node.tag, 0x0c | 0x13 | 0x16 | 0x17 | 0x86);
        if is_text {
            change(&mut node.content);
        }
        is_text
    }
}
