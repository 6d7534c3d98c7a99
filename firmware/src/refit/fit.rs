//! A refit from labelled clips to a stored version.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use monitor_core::anomaly::AnomalyModel;
use monitor_core::decision::MAX_CLASSES;
use monitor_core::training_sample::{self, TrainingSample};
use monitor_model::owned::OwnedModel;
use monitor_model::refit::Refitted;
use monitor_model::refit::overlay::{self, OF_MODEL, is_label};

use super::clip_sound::ClipSound;
use super::head::fit_head;
use super::{Clip, Error, Report, Settings, Step, baseline, tables, versions};

/// Most clips of a refit.
pub(super) const MOST_CLIPS: usize = 500;

/// What to refit to.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The model and where to store.
    pub(crate) settings: Settings,
    /// All labelled clips so far.
    pub(crate) clips: Vec<Clip>,
    /// Whether to store an accepted refit and make it the active one.
    pub(crate) activate: bool,
}

/// Refits head and anomaly tables to the clips. Stores the result and makes it the active version if it is no worse and
/// `request.activate` is set. Takes seconds, and memory for the windows of the clips.
///
/// # Errors
/// [`Error`]. A refit that is worse is no error: the report states why it is refused.
pub(crate) fn refit(request: &Request, on_step: &dyn Fn(Step)) -> Result<Report, Error> {
    let started = Instant::now();
    let settings = &request.settings;
    settings.check()?;
    if request.activate {
        versions::check_writable(settings)?;
    }
    let count = request.clips.len();
    if count > MOST_CLIPS {
        return Err(Error::Clips(count));
    }
    let model = OwnedModel::load(&settings.model)?;
    let contents = model.contents();
    let classifier = &contents.classifier;
    let no_sample = || Error::NoSample(settings.model.clone());
    let entry = contents.file.metadata(training_sample::ENTRY).ok_or_else(no_sample)?;
    let sample =
        TrainingSample::from_bytes(entry).map_err(|cause| Error::Sample { path: settings.model.clone(), cause })?;
    let head = classifier.head().filter(|head| head.classes() == contents.labels.len()).ok_or_else(no_sample)?;
    let mut report = Report { labels: labels(&contents.labels, &request.clips)?, ..Report::default() };
    report.new_labels = report.labels[head.classes()..].to_vec();
    let learned = baseline::load(settings, model.bytes()).unwrap_or_else(|ignored| {
        report.remarks.push(ignored.to_string());
        None
    });
    let own = match &learned {
        Some(learned) => Some(*learned.tables()),
        None => classifier.anomaly().map(|detector| *detector.tables()),
    };
    let mut sounds = Vec::new();
    for (place, clip) in request.clips.iter().enumerate() {
        on_step(Step::Reading { clip: place + 1, of: count });
        let sound = ClipSound::read(clip, classifier, own.as_ref(), settings);
        let why = match sound {
            Ok(sound) if sound.windows > 0 => {
                sounds.push((clip, sound));
                continue;
            }
            Ok(_) => "it is shorter than a window of 0.975 s, or silent".into(),
            Err(why) => why,
        };
        report.remarks.push(format!("{} is left out: {why}", clip.file.display()));
    }
    let refitted = fit_head(sample, head, &sounds, &mut report, on_step)?;
    on_step(Step::Comparing);
    let tables = widen_tables(own.as_ref(), &sounds, settings, &mut report)?;
    if refitted.is_none() && tables.is_empty() && report.normal.is_none() {
        return Err(Error::Nothing);
    }
    if refitted.is_none() && tables.is_empty() {
        report.refused.push("the clips labelled normal are normal already, and none has a state".into());
    }
    report.accepted = report.refused.is_empty();
    if report.accepted && request.activate {
        report.version =
            Some(store(settings, &model, learned.as_ref().map(|own| own.file()), refitted, &tables, &report)?);
    }
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// The model's labels, then those of the clips that it does not have, in the order of the alphabet.
fn labels(own: &[String], clips: &[Clip]) -> Result<Vec<String>, Error> {
    let mut new: Vec<String> =
        clips.iter().filter_map(|clip| clip.label.clone()).filter(|label| !own.contains(label)).collect();
    new.sort_unstable();
    new.dedup();
    if let Some(label) = new.iter().find(|label| !is_label(label) || label.as_str() == "unknown") {
        return Err(Error::Label(label.clone()));
    }
    let labels = [own, &new].concat();
    if labels.len() > MAX_CLASSES { Err(Error::Classes(labels.len())) } else { Ok(labels) }
}

/// Widens the tables by the clips whose condition is known; empty if that changes nothing.
fn widen_tables(
    own: Option<&AnomalyModel<'_>>,
    sounds: &[(&Clip, ClipSound)],
    settings: &Settings,
    report: &mut Report,
) -> Result<Vec<u8>, Error> {
    let clips: Vec<_> = sounds
        .iter()
        .filter(|(clip, _)| clip.condition.is_some())
        .map(|(clip, sound)| (*clip, &sound.detectors))
        .collect();
    match own {
        _ if clips.is_empty() => Ok(Vec::new()),
        Some(own) => Ok(tables::widened(own, &clips, settings, report)),
        None => Err(Error::NoTables(settings.model.clone())),
    }
}

/// Stores the version and makes it the active one.
fn store(
    settings: &Settings,
    model: &OwnedModel,
    baseline: Option<&[u8]>,
    refitted: Option<Refitted>,
    tables: &[u8],
    report: &Report,
) -> Result<u32, Error> {
    let known = report.labels.len() - report.new_labels.len();
    let (labels, weights, bias, confidences) = match refitted {
        Some(Refitted { weights, bias, new_confidence, .. }) => {
            (report.labels.clone(), weights, bias, [vec![OF_MODEL; known], new_confidence].concat())
        }
        None => Default::default(),
    };
    let json = serde_json::to_string(report).unwrap_or_default();
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let parts = overlay::Parts {
        model: model.bytes(),
        baseline: baseline.filter(|_| !tables.is_empty()),
        created_unix: created,
        labels: &labels,
        confidences: &confidences,
        weights: &weights,
        bias: &bias,
        tables,
        report: &json,
    };
    let file = overlay::seal(&parts).map_err(|cause| Error::Unusable { number: 0, cause })?;
    versions::store(settings, &file)
}
