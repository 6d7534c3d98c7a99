//! Whether a refit replaces the head: only where it is no worse.
//!
//! A sample of some tens of windows changes macro-F1 by 0.02 with one window, and a fit moves every probability a little. So
//! "no worse" has the tolerances below. All comparisons are with the model's own head, not with an earlier refit, so that
//! tolerances do not add up.

use super::{Comparison, LeftOut, Refitted};

/// Most that macro-F1 on the carried sample may fall.
pub const MACRO_F1: f64 = 0.02;
/// Most that the cross-entropy may rise, in nats.
pub const LOG_LOSS: f64 = 0.05;
/// Share of the clips of a class of which more must be recognised when they are left out.
pub const OF_CLASS: f64 = 0.5;

/// Why a refit is refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Refusal {
    /// Macro-F1 on the carried sample fell.
    MacroF1(Comparison),
    /// The cross-entropy on the carried sample rose.
    LogLoss(Comparison),
    /// The cross-entropy on clips of classes that the model has rose.
    KnownClips(Comparison),
    /// Fewer clips are recognised when they are left out than by the model's own head: how many of how many.
    Clips {
        /// Clips that were left out in turn.
        clips: usize,
        /// Recognised before and after.
        right: [usize; 2],
    },
    /// Too few clips of a class are recognised when they are left out.
    OfClass {
        /// The class.
        class: usize,
        /// Its clips.
        clips: usize,
        /// Recognised ones.
        right: usize,
    },
}

impl Refusal {
    /// A sentence for people, with the names of the classes.
    pub fn text(&self, labels: &[String]) -> String {
        match *self {
            Self::MacroF1(Comparison { windows, macro_f1: [before, after], .. }) => format!(
                "macro-F1 on {windows} windows of the training data falls from {before:.3} to {after:.3}, more than {MACRO_F1}; \
                 check the labels"
            ),
            Self::LogLoss(Comparison { windows, log_loss: [before, after], .. }) => format!(
                "the log loss on {windows} windows of the training data rises from {before:.3} to {after:.3}, more than \
                 {LOG_LOSS}; check the labels"
            ),
            Self::KnownClips(Comparison { windows, log_loss: [before, after], .. }) => format!(
                "the log loss on {windows} windows of labelled clips, each left out in turn, rises from {before:.3} to \
                 {after:.3}, more than {LOG_LOSS}; check the labels"
            ),
            Self::Clips { clips, right: [before, after] } => format!(
                "of {clips} labelled clips {after} are recognised when they are left out, {before} by the model's own head; \
                 check the labels"
            ),
            Self::OfClass { class, clips, right } => format!(
                "of {clips} clips of the state {} only {right} are recognised when they are left out; check the labels, or \
                 label more clips",
                labels.get(class).map_or("?", String::as_str)
            ),
        }
    }
}

/// All reasons to refuse `refitted`.
pub fn refusals(refitted: &Refitted) -> Vec<Refusal> {
    let mut found = Vec::new();
    let validation = refitted.validation;
    if validation.macro_f1[1] < validation.macro_f1[0] - MACRO_F1 {
        found.push(Refusal::MacroF1(validation));
    }
    if validation.log_loss[1] > validation.log_loss[0] + LOG_LOSS {
        found.push(Refusal::LogLoss(validation));
    }
    if let Some(clips) = refitted.known.filter(|clips| clips.log_loss[1] > clips.log_loss[0] + LOG_LOSS) {
        found.push(Refusal::KnownClips(clips));
    }
    let right = right(&refitted.left_out);
    if right[1] < right[0] {
        found.push(Refusal::Clips { clips: refitted.left_out.len(), right });
    }
    let mut classes: Vec<usize> = refitted.left_out.iter().map(|clip| clip.class).collect();
    classes.sort_unstable();
    classes.dedup();
    for class in classes {
        let own: Vec<LeftOut> = refitted.left_out.iter().filter(|clip| clip.class == class).copied().collect();
        let recognised = self::right(&own)[1];
        if (recognised as f64) <= OF_CLASS * own.len() as f64 {
            found.push(Refusal::OfClass { class, clips: own.len(), right: recognised });
        }
    }
    found
}

/// How many clips are recognised before and after.
pub fn right(clips: &[LeftOut]) -> [usize; 2] {
    [0, 1].map(|side| clips.iter().filter(|clip| clip.predicted[side] == clip.class).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(macro_f1: [f64; 2], log_loss: [f64; 2]) -> Comparison {
        Comparison { windows: 50, macro_f1, log_loss }
    }

    fn refitted() -> Refitted {
        let left_out = |clip, class, before, after| LeftOut { clip, class, predicted: [before, after] };
        Refitted {
            weights: Vec::new(),
            bias: Vec::new(),
            new_confidence: vec![60],
            validation: comparison([0.95, 0.94], [0.10, 0.12]),
            known: Some(comparison([0.9, 0.9], [0.2, 0.2])),
            left_out: vec![left_out(0, 0, 0, 0), left_out(1, 2, 1, 2), left_out(2, 2, 0, 2)],
        }
    }

    #[test]
    fn a_refit_that_is_no_worse_has_no_refusal() {
        assert_eq!(refusals(&refitted()), []);
    }

    #[test]
    fn each_figure_that_is_worse_is_a_refusal() {
        let worse = Refitted { validation: comparison([0.95, 0.90], [0.10, 0.30]), ..refitted() };
        assert!(matches!(refusals(&worse)[..], [Refusal::MacroF1(_), Refusal::LogLoss(_)]));
        let worse = Refitted { known: Some(comparison([0.9, 0.9], [0.2, 0.3])), ..refitted() };
        assert!(matches!(refusals(&worse)[..], [Refusal::KnownClips(_)]));
        let mut worse = refitted();
        worse.left_out[1].predicted[1] = 0;
        let [Refusal::OfClass { class: 2, clips: 2, right: 1 }] = refusals(&worse)[..] else {
            panic!("{:?}", refusals(&worse))
        };
        worse.left_out[0].predicted[1] = 1;
        worse.left_out[2].predicted[1] = 1;
        assert!(refusals(&worse).contains(&Refusal::Clips { clips: 3, right: [1, 0] }));
    }
}
