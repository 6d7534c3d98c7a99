use std::collections::HashSet;

use super::*;

/// A colour as linear light.
fn linear((red, green, blue): Rgb) -> [f64; 3] {
    [red, green, blue].map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

fn product(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|row| (0..3).map(|column| matrix[row][column] * vector[column]).sum())
}

/// Contrast as WCAG 2.2 defines it.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let [one, other] = [one, other].map(|colour| {
        let [red, green, blue] = linear(colour);
        0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    });
    one.max(other) / one.min(other)
}

/// The colour in Oklab (Ottosson, "A perceptual color space for image processing", 2020).
fn oklab(linear: [f64; 3]) -> [f64; 3] {
    const CONES: [[f64; 3]; 3] = [
        [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
        [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
        [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
    ];
    const LAB: [[f64; 3]; 3] = [
        [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
        [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
        [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
    ];
    product(&LAB, product(&CONES, linear).map(f64::cbrt))
}

/// Normal sight, protanopia, deuteranopia and tritanopia: matrices of Machado, Oliveira and Fernandes, "A Physiologically-based
/// Model for Simulation of Color Vision Deficiency", 2009, severity 1.0.
const SIGHTS: [[[f64; 3]; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
];

/// The smallest difference in Oklab between any two of `colours` for any sight.
fn smallest_difference(colours: &[Rgb]) -> f64 {
    let seen = |colour: Rgb, sight| oklab(product(sight, linear(colour)).map(|value| value.clamp(0.0, 1.0)));
    let difference = |one: [f64; 3], other: [f64; 3]| {
        one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
    };
    let pairs = colours.iter().enumerate().flat_map(|(at, one)| colours[..at].iter().map(move |other| (*one, *other)));
    pairs
        .flat_map(|(one, other)| SIGHTS.iter().map(move |sight| difference(seen(one, sight), seen(other, sight))))
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn every_colour_stands_out_from_light_and_dark_paper() {
    for colour in STATES.into_iter().chain([UNKNOWN, NORMAL, WARNING, ALARM]) {
        for paper in [LIGHT_PAPER, DARK_PAPER] {
            assert!(contrast(colour, paper) >= 3.0, "{colour:?} on {paper:?}: {:.2}", contrast(colour, paper));
        }
    }
    assert!(contrast(ALARM, LIGHT_PAPER) >= 4.5, "{:.2}", contrast(ALARM, LIGHT_PAPER));
}

#[test]
fn colours_differ_for_every_sight_more_than_those_of_okabe_and_ito() {
    let okabe_ito = [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233)];
    let states: Vec<Rgb> = STATES.into_iter().chain([UNKNOWN]).collect();
    assert!(smallest_difference(&states) > smallest_difference(&okabe_ito));
    assert!(smallest_difference(&[UNKNOWN, NORMAL, WARNING, ALARM]) > smallest_difference(&okabe_ito));
}

#[test]
fn twenty_eight_states_differ_in_colour_or_pattern_and_neighbours_in_both() {
    let seen: HashSet<_> = (0..28).map(|index| (state(index), pattern(index))).collect();
    assert_eq!(seen.len(), 28);
    assert!((0..100).all(|index| state(index) != state(index + 1) && pattern(index) != pattern(index + 1)));
    let letters: HashSet<char> = PATTERNS.into_iter().map(Pattern::letter).collect();
    assert_eq!(letters.len(), PATTERNS.len());
}

#[test]
fn a_terminal_has_a_colour_of_its_own_for_each_state() {
    let numbers: HashSet<u8> = STATES.into_iter().chain([UNKNOWN]).map(terminal).collect();
    assert_eq!(numbers.len(), STATES.len() + 1);
    assert_eq!([(0, 0, 0), (255, 255, 255), (95, 135, 175)].map(terminal), [16, 231, 67]);
}

#[test]
fn css_has_six_digits() {
    assert_eq!(css((1, 169, 255)), "#01a9ff");
}

#[test]
fn pages_receive_the_same_colours() {
    let script = script();
    let [first, .., last] = STATES.map(css);
    assert!(script.starts_with(&format!("export const palette = {{\"states\":[\"{first}\",")), "{script}");
    let rest = format!("\"{last}\"],\"unknown\":\"{}\",\"warning\":\"{}\",", css(UNKNOWN), css(WARNING));
    assert!(script.contains(&rest) && script.ends_with(&format!("\"alarm\":\"{}\"}};\n", css(ALARM))), "{script}");
}
