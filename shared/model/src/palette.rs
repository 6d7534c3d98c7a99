//! Colours and patterns of states and of normal sound, warning and alarm: the same in pictures, report, page and terminal.
//!
//! One set for light and dark paper. Every colour has a contrast of at least 3:1 to both (WCAG 2.2, criterion 1.4.11), which
//! rules out the usual light hues. Within that range the hues of Okabe and Ito ("Color Universal Design", 2008) were moved apart
//! until any two differ, for normal sight and for each of the three kinds of dichromacy, by more than any two of theirs do.
//! No state is shown by colour alone: it also has a pattern (or a mark, in a scatter plot). Colour and pattern together repeat
//! after 28 states.

/// A colour in sRGB: red, green, blue, 0 to 255.
pub type Rgb = (u8, u8, u8);

/// Light paper.
pub const LIGHT_PAPER: Rgb = (255, 255, 255);
/// Dark paper.
pub const DARK_PAPER: Rgb = (20, 23, 26);

/// Colours of the states, in the order of the model's labels.
pub const STATES: [Rgb; 7] =
    [(29, 106, 155), (190, 90, 16), (1, 169, 103), (186, 127, 185), (217, 121, 0), (89, 106, 255), (150, 81, 72)];

/// The state *unknown*; time without a report is left as paper.
pub const UNKNOWN: Rgb = (118, 124, 130);
/// Normal sound: an anomaly score below the warning level.
pub const NORMAL: Rgb = (0, 145, 205);
/// Unusual sound: a warning.
pub const WARNING: Rgb = (205, 130, 0);
/// Unusual sound: an alarm. White text on it has a contrast above 4.5:1.
pub const ALARM: Rgb = (198, 44, 52);

/// Eight colours from dark to light that grow evenly in lightness (a coarse magma), for spectrograms of pages and clips.
pub const SPECTROGRAM: [Rgb; 8] = [
    (8, 6, 30),
    (48, 18, 89),
    (101, 26, 128),
    (155, 46, 127),
    (210, 66, 108),
    (245, 111, 92),
    (254, 178, 122),
    (252, 244, 190),
];

/// The texture of an area, beside its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// No lines.
    Plain,
    /// Lines that rise to the right.
    Rising,
    /// Lines that fall to the right.
    Falling,
    /// Upright lines.
    Upright,
}

/// The patterns, in the order of the states that have them.
pub const PATTERNS: [Pattern; 4] = [Pattern::Plain, Pattern::Rising, Pattern::Falling, Pattern::Upright];

/// The colour of the state `index`; repeats after seven.
#[must_use]
pub const fn state(index: usize) -> Rgb {
    STATES[index % STATES.len()]
}

/// The pattern of the state `index`; repeats after four, so that colour and pattern together repeat after 28.
#[must_use]
pub const fn pattern(index: usize) -> Pattern {
    PATTERNS[index % PATTERNS.len()]
}

impl Pattern {
    /// The pattern as a letter that fills a cell of a terminal.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Plain => '█',
            Self::Rising => '▓',
            Self::Falling => '▒',
            Self::Upright => '▌',
        }
    }
}

/// The nearest colour that a terminal of 256 colours has: its number in the 6 x 6 x 6 cube of xterm.
#[must_use]
pub const fn terminal((red, green, blue): Rgb) -> u8 {
    /// The place of a value among 0, 95, 135, 175, 215, 255.
    const fn place(value: u8) -> u8 {
        match value {
            0..48 => 0,
            48..115 => 1,
            _ => (value - 35) / 40,
        }
    }
    16 + 36 * place(red) + 6 * place(green) + place(blue)
}

/// The colour as CSS writes it.
#[must_use]
pub fn css((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The colours as a module of JavaScript, for pages: `palette` with `states`, `unknown`, `warning`, `alarm`, and
/// `spectrogram` as red, green and blue.
#[must_use]
pub fn script() -> String {
    let states = STATES.map(|colour| format!("\"{}\"", css(colour))).join(",");
    let [unknown, warning, alarm] = [UNKNOWN, WARNING, ALARM].map(css);
    let spectrogram = SPECTROGRAM.map(|(red, green, blue)| format!("[{red},{green},{blue}]")).join(",");
    format!(
        "export const palette = {{\"states\":[{states}],\"unknown\":\"{unknown}\",\"warning\":\"{warning}\",\"spectrogram\":[{spectrogram}],\"alarm\":\"{alarm}\"}};\n"
    )
}

#[cfg(test)]
mod tests;
