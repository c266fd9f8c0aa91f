//! The font inside the program: what is used of it goes into the document.

use std::collections::BTreeMap;

use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

/// DejaVu Sans has Georgian, Latin, Greek, Cyrillic and Armenian; its licence lies beside it.
const DEJAVU: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");

/// Georgian needs no shaping: a character is a glyph.
pub(crate) struct Font {
    face: Face<'static>,
    used: GlyphRemapper,
    /// The glyphs of the document, by their number there: width in thousandths of the size, and the character.
    glyphs: BTreeMap<u16, (f32, char)>,
}

/// A character that the font does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) char);

/// The font in the program does not read: a fault of ours.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the font does not read: {0}")]
pub(crate) struct BadFont(String);

/// What a font descriptor says, in thousandths of the size.
pub(crate) struct Metrics {
    pub(crate) bbox: [f32; 4],
    pub(crate) ascent: f32,
    pub(crate) descent: f32,
    pub(crate) cap_height: f32,
}

impl Font {
    pub(crate) fn new() -> Result<Self, BadFont> {
        let face = Face::parse(DEJAVU, 0).map_err(|error| BadFont(error.to_string()))?;
        Ok(Self { face, used: GlyphRemapper::new(), glyphs: BTreeMap::new() })
    }

    /// The width of a text, in thousandths of the size.
    pub(crate) fn width(&self, text: &str) -> Result<f32, Missing> {
        text.chars().try_fold(0.0, |sum, c| Ok(sum + self.advance(self.glyph(c)?)))
    }

    /// The octets that show a text, two for each glyph.
    pub(crate) fn encode(&mut self, text: &str) -> Result<Vec<u8>, Missing> {
        let mut octets = Vec::new();
        for c in text.chars() {
            let glyph = self.glyph(c)?;
            let place = self.used.remap(glyph.0);
            let width = self.advance(glyph);
            self.glyphs.entry(place).or_insert((width, c));
            octets.extend_from_slice(&place.to_be_bytes());
        }
        Ok(octets)
    }

    /// Width and character of each used glyph, by its number in the document.
    pub(crate) fn glyphs(&self) -> &BTreeMap<u16, (f32, char)> {
        &self.glyphs
    }

    /// The font with the used glyphs only.
    pub(crate) fn subset(&self) -> Result<Vec<u8>, BadFont> {
        subsetter::subset(DEJAVU, 0, &self.used).map_err(|error| BadFont(error.to_string()))
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let bbox = self.face.global_bounding_box();
        let scaled = |value: i16| self.scaled(f32::from(value));
        Metrics {
            bbox: [scaled(bbox.x_min), scaled(bbox.y_min), scaled(bbox.x_max), scaled(bbox.y_max)],
            ascent: scaled(self.face.ascender()),
            descent: scaled(self.face.descender()),
            cap_height: scaled(self.face.capital_height().unwrap_or_else(|| self.face.ascender())),
        }
    }

    fn glyph(&self, c: char) -> Result<GlyphId, Missing> {
        self.face.glyph_index(c).filter(|glyph| glyph.0 != 0).ok_or(Missing(c))
    }

    fn advance(&self, glyph: GlyphId) -> f32 {
        self.scaled(f32::from(self.face.glyph_hor_advance(glyph).unwrap_or_default()))
    }

    fn scaled(&self, value: f32) -> f32 {
        value * 1000.0 / f32::from(self.face.units_per_em())
    }
}
