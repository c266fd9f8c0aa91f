//! Lines on pages, and pages in a PDF (ISO 32000).

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::font::{BadFont, Font, Metrics, Missing};
use crate::text::Line;

/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 50.0;
/// Small enough that a first part is signed on the page that it stands on.
const SIZE: f32 = 9.0;
const LEADING: f32 = 1.3;
const FONT: Name<'static> = Name(b"F1");
/// Six capitals mark a font of which only a part is there (ISO 32000-1 §9.6.4).
const SUBSET_NAME: Name<'static> = Name(b"NDOBAA+DejaVuSans");
const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A document that grows from its top.
pub(crate) struct Document {
    font: Font,
    footer: String,
    pages: Vec<Vec<Placed>>,
    /// How far the last page is written, from its top.
    down: f32,
}

/// A piece of text at its place, or a rule.
enum Placed {
    Text { x: f32, y: f32, size: f32, octets: Vec<u8> },
    Rule { x: f32, y: f32, length: f32 },
}

impl Document {
    pub(crate) fn new(footer: String) -> Result<Self, BadFont> {
        Ok(Self { font: Font::new()?, footer, pages: Vec::new(), down: 0.0 })
    }

    pub(crate) fn begin_page(&mut self) {
        self.pages.push(Vec::new());
        self.down = 0.0;
    }

    /// Writes a line of the template, on as many lines of the page as it takes.
    pub(crate) fn line(&mut self, line: &Line) -> Result<(), Missing> {
        match line {
            Line::Title(words) => self.words(words, 15.0, 0.0, 8.0),
            Line::Heading(words) => self.words(words, 11.0, 8.0, 2.0),
            Line::Paragraph(words) => self.words(words, SIZE, 0.0, 3.0),
            Line::Signature(words) => {
                self.room(70.0);
                self.down += 40.0;
                let y = self.height();
                self.put(Placed::Rule { x: MARGIN, y, length: 240.0 });
                self.words(words, SIZE, 0.0, 4.0)
            }
        }
    }

    fn words(&mut self, words: &str, size: f32, before: f32, after: f32) -> Result<(), Missing> {
        self.down += before;
        for text in self.wrapped(words, size)? {
            self.room(size * LEADING);
            self.down += size * LEADING;
            let y = self.height();
            let octets = self.font.encode(&text)?;
            self.put(Placed::Text { x: MARGIN, y, size, octets });
        }
        self.down += after;
        Ok(())
    }

    /// The text on lines that fit between the margins; a word longer than a line is cut.
    fn wrapped(&self, words: &str, size: f32) -> Result<Vec<String>, Missing> {
        let most = (PAGE.0 - 2.0 * MARGIN) * 1000.0 / size;
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in words.split(' ') {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.font.width(&longer)? <= most {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if self.font.width(&line)? > most {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        lines.push(line);
        Ok(lines)
    }

    /// Goes to a new page where so much does not fit on this one.
    fn room(&mut self, needed: f32) {
        if self.pages.is_empty() || self.down + needed > PAGE.1 - 2.0 * MARGIN {
            self.begin_page();
        }
    }

    fn height(&self) -> f32 {
        PAGE.1 - MARGIN - self.down
    }

    fn put(&mut self, placed: Placed) {
        if let Some(page) = self.pages.last_mut() {
            page.push(placed);
        }
    }

    /// The PDF.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, BadFont> {
        let count = self.pages.len();
        let mut contents = Vec::new();
        for (place, page) in std::mem::take(&mut self.pages).into_iter().enumerate() {
            let footer = format!("{} · {}/{count}", self.footer, place + 1);
            // Our own words, which the font has.
            let octets = self.font.encode(&footer).unwrap_or_default();
            let footer = Placed::Text { x: MARGIN, y: MARGIN / 2.0, size: 7.0, octets };
            contents.push(drawn(page.iter().chain([&footer])));
        }
        let mut pdf = Pdf::new();
        let mut next = 0_i32;
        let mut id = || {
            next += 1;
            Ref::new(next)
        };
        let (catalog, tree, font, info) = (id(), id(), id(), id());
        let pages: Vec<(Ref, Ref)> = contents.iter().map(|_| (id(), id())).collect();
        let parts = [id(), id(), id(), id()];
        pdf.catalog(catalog).pages(tree).lang(TextStr("ka-GE"));
        pdf.document_info(info).title(TextStr("Subscriber agreement")).producer(TextStr("Ndoba"));
        let length = i32::try_from(count).unwrap_or(i32::MAX);
        pdf.pages(tree).kids(pages.iter().map(|(page, _)| *page)).count(length);
        for ((page, content), octets) in pages.iter().zip(&contents) {
            let mut page = pdf.page(*page);
            page.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).parent(tree).contents(*content);
            page.resources().fonts().pair(FONT, font);
            page.finish();
            pdf.stream(*content, octets);
        }
        embed(&mut pdf, font, parts, &self.font)?;
        Ok(pdf.finish())
    }
}

fn drawn<'a>(page: impl Iterator<Item = &'a Placed>) -> Vec<u8> {
    let mut content = Content::new();
    for placed in page {
        match placed {
            Placed::Text { x, y, size, octets } => {
                content.begin_text().set_font(FONT, *size).next_line(*x, *y).show(Str(octets)).end_text();
            }
            Placed::Rule { x, y, length } => {
                content.set_line_width(0.6).move_to(*x, *y).line_to(x + length, *y).stroke();
            }
        }
    }
    content.finish().to_vec()
}

/// The font as ISO 32000-1 §9.7 wants a composite one, with the characters behind its glyphs, so that the text can be
/// searched and read aloud.
fn embed(
    pdf: &mut Pdf,
    font: Ref,
    [cid, descriptor, file, map]: [Ref; 4],
    used: &Font,
) -> Result<(), BadFont> {
    pdf.type0_font(font)
        .base_font(SUBSET_NAME)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(map);
    let Metrics { bbox: [left, bottom, right, top], ascent, descent, cap_height } = used.metrics();
    let mut described = pdf.cid_font(cid);
    described
        .subtype(CidFontType::Type2)
        .base_font(SUBSET_NAME)
        .system_info(SYSTEM)
        .font_descriptor(descriptor)
        .default_width(0.0)
        .cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = described.widths();
    for (glyph, (width, _)) in used.glyphs() {
        widths.consecutive(*glyph, [*width]);
    }
    widths.finish();
    described.finish();
    pdf.font_descriptor(descriptor)
        .name(SUBSET_NAME)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(ascent)
        .descent(descent)
        .cap_height(cap_height)
        .stem_v(80.0)
        .font_file2(file);
    let subset = used.subset()?;
    pdf.stream(file, &subset).pair(Name(b"Length1"), i32::try_from(subset.len()).unwrap_or(i32::MAX));
    let mut characters = UnicodeCmap::new(Name(b"Ndoba"), SYSTEM);
    for (glyph, (_, c)) in used.glyphs() {
        characters.pair(*glyph, *c);
    }
    pdf.cmap(map, &characters.finish());
    Ok(())
}
