//! The head of a refit: fitted to the clips with a state, and compared with the model's own.

use std::collections::BTreeMap;

use monitor_core::head::Head;
use monitor_core::training_sample::TrainingSample;
use monitor_model::refit::{self as model_refit, LabelledClip, Refitted};

use super::clip_sound::ClipSound;
use super::report::{Doubtful, HeldOut, OfLabel, Validation};
use super::{Clip, Error, Report, Step};

/// Fits the head to the clips with a state and adds the comparison to `report`; `None` if there is no such clip.
pub(super) fn fit_head(
    sample: TrainingSample<'_>,
    head: &Head<'_>,
    sounds: &[(&Clip, ClipSound)],
    report: &mut Report,
    on_step: &dyn Fn(Step),
) -> Result<Option<Refitted>, Error> {
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    let (mut clips, mut files) = (Vec::new(), Vec::new());
    for (clip, sound) in sounds {
        let class = clip.label.as_ref().and_then(|label| report.labels.iter().position(|other| other == label));
        let Some(class) = class else { continue };
        let name = clip.group.clone().unwrap_or_else(|| clip.file.display().to_string());
        let next = groups.len();
        let group = *groups.entry(name).or_insert(next);
        clips.push(LabelledClip { windows: sound.features.clone(), class, group });
        files.push(&clip.file);
    }
    if clips.is_empty() && report.new_labels.is_empty() {
        return Ok(None);
    }
    let classes = report.labels.len();
    let mut on_round = |round, of| on_step(Step::Fitting { round, of });
    let refitted = model_refit::refit(sample, head, classes, &clips, &mut on_round).map_err(|error| match error {
        model_refit::Error::TooFewClips { class, groups } => {
            Error::TooFewClips { label: report.labels.get(class).cloned().unwrap_or_default(), groups }
        }
        other => Error::Fit(other),
    })?;
    let name = |class: usize| report.labels.get(class).cloned().unwrap_or_default();
    let of_class = |class: usize| refitted.left_out.iter().filter(move |clip| clip.class == class).copied();
    let right = |class: usize| model_refit::acceptance::right(&of_class(class).collect::<Vec<_>>());
    let by_label = (0..classes).filter(|class| of_class(*class).next().is_some()).map(|class| OfLabel {
        label: name(class),
        clips: of_class(class).count(),
        right: right(class),
    });
    let doubtful = refitted.left_out.iter().filter(|clip| clip.predicted[1] != clip.class).map(|clip| Doubtful {
        file: files.get(clip.clip).map(|file| file.to_path_buf()).unwrap_or_default(),
        label: name(clip.class),
        recognised: name(clip.predicted[1]),
    });
    let held_out = HeldOut {
        clips: refitted.left_out.len(),
        right: model_refit::acceptance::right(&refitted.left_out),
        by_label: by_label.collect(),
        doubtful: doubtful.collect(),
    };
    let refusals = model_refit::acceptance::refusals(&refitted);
    report.refused.extend(refusals.iter().map(|refusal| refusal.text(&report.labels)));
    let within_recording = sample.flags.within_recording;
    report.validation = Some(Validation { figures: refitted.validation, within_recording });
    report.held_out = Some(held_out);
    Ok(Some(refitted))
}
