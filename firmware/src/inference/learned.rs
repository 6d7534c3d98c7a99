//! What was learned on site, in place of the model's own: the baseline's anomaly tables, and the active refit.

use monitor_core::anomaly::Detector;
use monitor_core::classifier::Classifier;
use monitor_model::anomaly::baseline_file::BaselineTables;
use monitor_model::owned::OwnedModel;
use monitor_model::refit::overlay::OF_MODEL;

use crate::config::Config;
use crate::refit::active::{self, Active};
use crate::refit::baseline;
use crate::system::messages::warn;

/// See the module.
#[derive(Debug)]
pub(super) struct Learned {
    baseline: Option<BaselineTables>,
    refit: Option<Active>,
    /// Why an active refit is not used; the model's own head is.
    pub(super) rejected: Option<String>,
}

impl Learned {
    /// Loads what was learned with `model`. What cannot be used is reported, and the model's own is used.
    pub(super) fn load(config: &Config, model: &OwnedModel) -> Self {
        let settings = config.refit();
        let baseline = baseline::load(&settings, model.bytes()).unwrap_or_else(|ignored| {
            warn(ignored.to_string());
            None
        });
        let features = model.contents().classifier.kind().len();
        let own = baseline.as_ref().map(BaselineTables::file);
        let (refit, rejected) = match active::load(&settings, model.bytes(), features, own) {
            Ok(refit) => (refit, None),
            Err(ignored) => (None, Some(ignored.to_string())),
        };
        rejected.iter().for_each(|why| warn(why.clone()));
        if let Some(remark) = refit.as_ref().and_then(Active::remark) {
            warn(remark);
        }
        Self { baseline, refit, rejected }
    }

    /// Names of the classes: those of the refit, or the model's `own`, of which it has `classes`.
    pub(super) fn labels(&self, own: &[String], classes: usize) -> Vec<String> {
        match self.refit.as_ref().and_then(Active::head) {
            Some((_, labels, _)) => labels.iter().map(ToString::to_string).collect(),
            None if own.is_empty() => (0..classes).map(|class| format!("class_{class}")).collect(),
            None => own.to_vec(),
        }
    }

    /// The confidence of a class, 0 to 1, that the refit has added; `None` where the model's applies.
    pub(super) fn confidence(&self, class: usize) -> Option<f32> {
        let (_, _, confidences) = self.refit.as_ref().and_then(Active::head)?;
        let hundredths = confidences.get(class).filter(|hundredths| **hundredths != OF_MODEL)?;
        Some(f32::from(*hundredths) / 100.0)
    }

    /// The classifier `own` of the model with what was learned in it.
    pub(super) fn classifier<'a>(&'a self, own: Classifier<'a>) -> Classifier<'a> {
        let head = self.refit.as_ref().and_then(Active::head).map(|(head, _, _)| head.clone());
        // That the head takes the model's features was checked when it was loaded.
        let classifier = match head {
            Some(head) => own.clone().with_head(head).unwrap_or(own),
            None => own,
        };
        let widened = self.refit.as_ref().and_then(Active::tables);
        match widened.or(self.baseline.as_ref().map(BaselineTables::tables)) {
            Some(tables) => classifier.with_anomaly(Some(Detector::new(*tables))),
            None => classifier,
        }
    }

    /// What decides over scores and states, as bytes: equal where both are comparable with those before.
    pub(super) fn scored_by(&self) -> Vec<u8> {
        let baseline = self.baseline.as_ref().map_or(&[][..], BaselineTables::file).to_vec();
        let refit = match &self.refit {
            // The head alone moves a probability here and there.
            Some(refit) if refit.tables().is_none() => {
                refit.head().map_or_else(Vec::new, |(_, labels, _)| labels.join("\n").into_bytes())
            }
            Some(refit) => refit.file().to_vec(),
            None => Vec::new(),
        };
        [baseline, refit].concat()
    }
}
