//! The state of the work: stretches, what was decided of each, and the way back.

use std::ops::Range;

use anyhow::{Context, ensure};

use super::choose::{Candidate, first, uncertainty};
use super::manifest::{Manifest, Row};
use super::material::{Material, Proposal};
use super::segment::distance;
use crate::data::columns::Spectrum;

/// Longest label, in characters.
const LONGEST: usize = 64;

/// Shortest part that a cut leaves, in seconds: a window of the model.
pub(super) const SHORTEST_S: f64 = monitor_core::window::SECONDS;

/// Steps back that are kept.
const STEPS: usize = 1000;

/// What was decided of a stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// It has this label.
    Label(String),
    /// It gets none.
    Skip,
}

/// A part of a recording.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    /// Its number, never given twice.
    pub id: u64,
    /// Place of its recording.
    pub file: usize,
    /// From and to which second.
    pub part: Range<f64>,
    /// What the model proposes.
    pub proposal: Option<Proposal>,
    /// What was decided.
    pub decision: Option<Decision>,
    spectrum: Spectrum,
    /// Squared distance to the nearest decided stretch.
    distance: f64,
}

/// A step that can be taken back.
#[derive(Debug)]
enum Step {
    /// A decision about the stretch of this number.
    Decided(u64),
    /// The stretch that was cut in the two of these numbers.
    Cut(Box<Stretch>, [u64; 2]),
}

/// The state of the work.
#[derive(Debug)]
pub(crate) struct Session {
    materials: Vec<Material>,
    manifest: Manifest,
    labels: Vec<String>,
    /// Labels of the model, in its order.
    classes: Vec<String>,
    stretches: Vec<Stretch>,
    steps: Vec<Step>,
    next_id: u64,
    /// The stretch to show next in any case: that of a step taken back, or the first part of a cut.
    focus: Option<u64>,
}

impl Session {
    /// Begins, or continues from the `rows` of the manifest. `change` divides recordings ([`super::segment`]); `classes` are the
    /// model's; `labels` are offered besides.
    pub(crate) fn new(
        materials: Vec<Material>,
        (manifest, rows): (Manifest, Vec<Row>),
        change: f64,
        classes: Vec<String>,
        labels: &[String],
    ) -> Self {
        let mut session = Self {
            materials,
            manifest,
            labels: Vec::new(),
            classes,
            stretches: Vec::new(),
            steps: Vec::new(),
            next_id: 0,
            focus: None,
        };
        for label in labels.iter().chain(&session.classes.clone()).chain(rows.iter().map(|row| &row.label)) {
            session.offer(label);
        }
        for file in 0..session.materials.len() {
            session.divide(file, &rows, change);
        }
        session.measure();
        session
    }

    /// Adds the stretches of a recording; those of `rows` have their labels.
    fn divide(&mut self, file: usize, rows: &[Row], change: f64) {
        let material = &self.materials[file];
        let own: Vec<&Row> = rows.iter().filter(|row| row.path == material.path).collect();
        let mut edges: Vec<f64> = own.iter().flat_map(|row| [row.from_s, row.to_s]).collect();
        edges.retain(|edge| *edge < material.seconds);
        let stretches = material.stretches(change);
        edges.extend([0.0, material.seconds]);
        let given = edges.clone();
        // An edge of the sound near one that a person has set is that edge.
        let is_far = |edge: &f64| given.iter().all(|other| (edge - other).abs() >= SHORTEST_S);
        edges.extend(stretches.iter().map(|stretch| stretch.start).filter(is_far));
        edges.sort_by(f64::total_cmp);
        // Written edges are rounded to a thousandth.
        edges.dedup_by(|later, earlier| *later - *earlier < 2e-3);
        for pair in edges.windows(2) {
            let middle = (pair[0] + pair[1]) / 2.0;
            let row = own.iter().find(|row| row.from_s <= middle && middle < row.to_s);
            let decision = row.map(|row| Decision::Label(row.label.clone()));
            if decision.is_some() || pair[1] - pair[0] >= SHORTEST_S {
                self.add(file, pair[0]..pair[1], decision);
            }
        }
    }

    fn add(&mut self, file: usize, part: Range<f64>, decision: Option<Decision>) -> u64 {
        let material = &self.materials[file];
        let (proposal, spectrum) = (material.proposal(&part, &self.classes), material.spectrum(&part));
        let id = self.next_id;
        self.next_id += 1;
        self.stretches.push(Stretch { id, file, part, proposal, decision, spectrum, distance: f64::INFINITY });
        id
    }

    /// Computes all distances to decided stretches.
    fn measure(&mut self) {
        let decided: Vec<Spectrum> = self
            .stretches
            .iter()
            .filter(|stretch| stretch.decision.is_some())
            .map(|stretch| stretch.spectrum)
            .collect();
        for stretch in &mut self.stretches {
            let nearest = decided.iter().map(|other| distance(&stretch.spectrum, other)).fold(f64::INFINITY, f64::min);
            stretch.distance = nearest;
        }
    }

    /// The stretch to decide of next; `None` when all are decided.
    pub(super) fn next(&self) -> Option<&Stretch> {
        let focus = self.focus.and_then(|id| self.stretch(id)).filter(|stretch| stretch.decision.is_none());
        let candidate = |stretch: &Stretch| Candidate {
            uncertainty: uncertainty(stretch.proposal.as_ref()),
            distance: stretch.distance,
            seconds: stretch.part.end - stretch.part.start,
        };
        let waiting = self.stretches.iter().enumerate().filter(|(_, stretch)| stretch.decision.is_none());
        focus.or_else(|| {
            first(waiting.map(|(place, stretch)| (place, candidate(stretch)))).map(|place| &self.stretches[place])
        })
    }

    /// A stretch by its number.
    pub(super) fn stretch(&self, id: u64) -> Option<&Stretch> {
        self.stretches.iter().find(|stretch| stretch.id == id)
    }

    /// All stretches.
    pub(super) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The recording of a stretch.
    pub(super) fn material(&self, stretch: &Stretch) -> &Material {
        &self.materials[stretch.file]
    }

    /// Labels that are offered.
    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Whether a step can be taken back.
    pub(super) fn can_undo(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The file of the labels.
    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn offer(&mut self, label: &str) {
        if !self.labels.iter().any(|known| known == label) {
            self.labels.push(label.to_owned());
        }
    }

    /// Decides of a stretch that waits, and saves.
    ///
    /// # Errors
    /// When there is none of this number, the label cannot be used, or the manifest cannot be written; nothing is decided then.
    pub(super) fn decide(&mut self, id: u64, decision: Decision) -> anyhow::Result<()> {
        let place = self.place(id)?;
        if let Decision::Label(label) = &decision {
            let count = label.chars().count();
            let is_plain = label.trim() == label && !label.chars().any(char::is_control);
            ensure!(
                is_plain && (1..=LONGEST).contains(&count),
                "a label has 1 to {LONGEST} characters, no spaces around them"
            );
            self.offer(label);
        }
        self.stretches[place].decision = Some(decision);
        if let Err(error) = self.save() {
            self.stretches[place].decision = None;
            return Err(error);
        }
        self.step(Step::Decided(id));
        self.focus = None;
        let spectrum = self.stretches[place].spectrum;
        for stretch in &mut self.stretches {
            stretch.distance = stretch.distance.min(distance(&stretch.spectrum, &spectrum));
        }
        Ok(())
    }

    /// Cuts a stretch that waits in two, at this second of its recording.
    ///
    /// # Errors
    /// When there is none of this number, or a part would be shorter than a window.
    pub(super) fn cut(&mut self, id: u64, at_s: f64) -> anyhow::Result<()> {
        let place = self.place(id)?;
        let Range { start, end } = self.stretches[place].part.clone();
        let room = SHORTEST_S - 1e-6;
        ensure!(
            at_s.is_finite() && at_s - start >= room && end - at_s >= room,
            "a part has at least {SHORTEST_S} s: cut further from the ends"
        );
        let whole = self.stretches.remove(place);
        let parts = [start..at_s, at_s..end].map(|part| self.add(whole.file, part, None));
        self.focus = Some(parts[0]);
        self.step(Step::Cut(Box::new(whole), parts));
        self.measure();
        Ok(())
    }

    /// Takes the last step back, and saves; its stretch is next.
    ///
    /// # Errors
    /// When there is no step, or the manifest cannot be written.
    pub(super) fn undo(&mut self) -> anyhow::Result<()> {
        match self.steps.pop().context("there is no step to take back")? {
            Step::Decided(id) => {
                if let Some(stretch) = self.stretches.iter_mut().find(|stretch| stretch.id == id) {
                    stretch.decision = None;
                }
                self.focus = Some(id);
            }
            Step::Cut(whole, parts) => {
                self.stretches.retain(|stretch| !parts.contains(&stretch.id));
                self.focus = Some(whole.id);
                self.stretches.push(*whole);
            }
        }
        self.measure();
        self.save()
    }

    fn place(&self, id: u64) -> anyhow::Result<usize> {
        let waits = |stretch: &Stretch| stretch.id == id && stretch.decision.is_none();
        self.stretches.iter().position(waits).context("this stretch has been decided or cut already")
    }

    fn step(&mut self, step: Step) {
        if self.steps.len() == STEPS {
            self.steps.remove(0);
        }
        self.steps.push(step);
    }

    fn save(&self) -> anyhow::Result<()> {
        let row = |stretch: &Stretch| match &stretch.decision {
            Some(Decision::Label(label)) => Some(Row {
                path: self.materials[stretch.file].path.clone(),
                label: label.clone(),
                from_s: stretch.part.start,
                to_s: stretch.part.end,
            }),
            _ => None,
        };
        self.manifest.save(&self.stretches.iter().filter_map(row).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests;
