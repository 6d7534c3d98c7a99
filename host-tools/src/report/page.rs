//! The page, section by section.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use monitor_core::gain::Gain;
use monitor_core::model_card::ModelCard;

use super::card;
use super::html::{escape, paragraph, table, table_of_sentences, tile};
use super::one_class;
use super::verdict::{self, Verdict};
use crate::console::shown;
use crate::data::dataset::Dataset;
use crate::evaluate::changes::{Change, Followed};
use crate::evaluate::measured::Measured;
use crate::evaluate::one_class::OneClass;
use crate::evaluate::predictions::Evaluation;

const STYLE: &str = include_str!("style.css");

/// A picture of the page.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// Caption and text alternative.
    pub caption: String,
    /// The bytes of its PNG file.
    pub png: Vec<u8>,
}

/// Figures of a model.
#[derive(Debug)]
pub(crate) enum Accuracy {
    /// Of a model of several classes.
    Classes(Box<Evaluation>),
    /// Of a model of one class.
    OneClass(OneClass),
}

/// Content of the page.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// Name of the model's file.
    pub model: String,
    /// Its length.
    pub bytes: usize,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its classes.
    pub labels: &'a [String],
    /// Its card; `None` for a model by another program.
    pub card: Option<&'a ModelCard<'a>>,
    /// Its input gain.
    pub gain: Gain,
    /// The data set it was evaluated on.
    pub dataset: &'a Dataset,
    /// The figures.
    pub accuracy: &'a Accuracy,
    /// Recordings with a known timeline.
    pub timelines: &'a [Followed],
    /// Pictures, in their order.
    pub pictures: Vec<Picture>,
}

impl Page<'_> {
    /// The whole page.
    pub(crate) fn html(&self) -> String {
        let title = format!("{}: report", self.model);
        let sections = [
            ("Accuracy", self.figures()),
            ("Changes of state", self.changes()),
            ("Data", self.data()),
            ("Pictures", self.images()),
            ("Model card", card::properties(self.card, self.labels, self.gain, self.bytes, &self.sha256)),
            ("Limits", self.limits()),
        ];
        let body: String = sections
            .iter()
            .filter(|(_, content)| !content.is_empty())
            .map(|(heading, content)| format!("<section>\n<h2>{heading}</h2>\n{content}</section>\n"))
            .collect();
        let head = format!(
            "<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
             style-src 'unsafe-inline'\">\n<title>{}</title>\n<style>\n{STYLE}{}</style>\n",
            escape(&title),
            verdict::colours()
        );
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n{head}</head>\n<body>\n<h1>{}</h1>\n{}{}{body}</body>\n</html>\n",
            escape(&self.model),
            self.verdict().html(),
            self.summary()
        )
    }

    fn verdict(&self) -> Verdict {
        match self.accuracy {
            Accuracy::Classes(evaluation) => Verdict::of_classes(evaluation, self.timelines),
            Accuracy::OneClass(evaluation) => Verdict::of_one_class(evaluation),
        }
    }

    fn limits(&self) -> String {
        match self.accuracy {
            Accuracy::Classes(evaluation) => card::limits(self.card, evaluation, self.labels),
            Accuracy::OneClass(evaluation) => one_class::limits(self.card, evaluation),
        }
    }

    fn summary(&self) -> String {
        let evaluation = match self.accuracy {
            Accuracy::Classes(evaluation) => evaluation,
            Accuracy::OneClass(evaluation) => return one_class::summary(evaluation),
        };
        let measured = evaluation.quotable();
        let Evaluation { training_known, files_trained_on, never_trained_on, .. } = &**evaluation;
        let files = evaluation.all.sample_size.files;
        let training = match (training_known, never_trained_on) {
            (false, _) => paragraph("warning", "The model file does not record what it was trained on."),
            (true, Some(_)) => paragraph(
                "soft",
                &format!(
                    "The figures are of recordings that were not trained on. The model was trained on {files_trained_on} of {files} files here."
                ),
            ),
            (true, None) if *files_trained_on == 0 => {
                paragraph("soft", &format!("The model was trained on none of these {files} files."))
            }
            (true, None) => paragraph(
                "warning",
                &format!(
                    "The model was trained on all {files} files: these figures measure memory, not performance on new recordings."
                ),
            ),
        };
        let (window, recording) = (&measured.by_window, &measured.by_recording.confusion);
        let tiles = [
            tile(format!("{:.3}", window.macro_average.f1), "macro-F1 by window (balanced over classes, 1 is best)"),
            tile(format!("{} of {}", recording.correct(), recording.total()), "recordings right"),
            tile(format!("{:.3}", window.accuracy), "accuracy by window"),
            tile(format!("{:.3}", measured.reliability.ece), "calibration error (ECE)"),
        ];
        format!(
            "{}{training}<div class=\"tiles\">\n{}</div>\n",
            paragraph("soft", &measured.sample_size.to_string()),
            tiles.concat()
        )
    }

    fn figures(&self) -> String {
        let evaluation = match self.accuracy {
            Accuracy::Classes(evaluation) => evaluation,
            Accuracy::OneClass(evaluation) => return one_class::figures(evaluation),
        };
        let mut text = of_measured(evaluation.quotable());
        if evaluation.never_trained_on.is_some() {
            text += "<h3>All recordings, including those trained on</h3>\n";
            text += &paragraph("soft", &format!("{}.", evaluation.all.sample_size));
            text += &of_measured(&evaluation.all);
        }
        text
    }

    fn changes(&self) -> String {
        let of = |followed: &Followed| {
            let row = |Change { span, delay_s }: &Change| {
                let delay = delay_s.map_or("never reported".into(), |delay| format!("{delay:.1}"));
                vec![span.label.clone(), format!("{:.1}", span.start_s), format!("{:.1}", span.end_s), delay]
            };
            let rows: Vec<Vec<String>> = followed.changes.iter().map(row).collect();
            let seconds = followed.seconds;
            let rate = followed.false_reports_per_hour;
            format!("<h3>{}</h3>\n", escape(&followed.file))
                + &paragraph(
                    "soft",
                    &format!("{seconds:.0} s; false reports: {}, {rate:.1} per hour", followed.false_reports),
                )
                + &table(&["state", "from (s)", "to (s)", "reported after (s)"], &rows)
        };
        self.timelines.iter().map(of).collect()
    }

    fn data(&self) -> String {
        let row = |class: &crate::data::dataset::ClassSummary| {
            let counts = [class.files, class.recordings, class.groups].map(|count| count.to_string());
            [vec![class.class.clone()], counts.to_vec(), vec![format!("{:.1}", class.seconds)]].concat()
        };
        let rows: Vec<Vec<String>> = self.dataset.per_class().iter().map(row).collect();
        let mut text = table(&["class", "files", "recordings", "groups", "seconds"], &rows);
        self.dataset.remarks.iter().for_each(|remark| text += &paragraph("soft", remark));
        if !self.dataset.skipped.is_empty() {
            text += "<h3>Not used</h3>\n";
            let row = |skipped: &crate::data::dataset::Skipped| vec![shown(&skipped.path), skipped.reason.clone()];
            text += &table_of_sentences(&["file", "why"], &self.dataset.skipped.iter().map(row).collect::<Vec<_>>());
        }
        text
    }

    fn images(&self) -> String {
        let of = |Picture { caption, png }: &Picture| {
            let (caption, data) = (escape(caption), STANDARD.encode(png));
            format!(
                "<figure><img alt=\"{caption}\" src=\"data:image/png;base64,{data}\"><figcaption>{caption}</figcaption></figure>\n"
            )
        };
        self.pictures.iter().map(of).collect()
    }
}

/// The table of the classes and the confidence interval.
fn of_measured(measured: &Measured) -> String {
    let figures = &measured.by_window;
    let three = |figures: [f64; 3]| figures.map(|figure| format!("{figure:.3}")).to_vec();
    let mut rows: Vec<Vec<String>> = figures
        .classes
        .iter()
        .map(|class| {
            [
                vec![class.class.clone()],
                three([class.precision, class.recall, class.f1]),
                vec![class.support.to_string()],
            ]
            .concat()
        })
        .collect();
    for (name, average) in [("macro average", figures.macro_average), ("weighted average", figures.weighted_average)] {
        let values = three([average.precision, average.recall, average.f1]);
        rows.push([vec![name.to_string()], values, vec![figures.confusion.total().to_string()]].concat());
    }
    let interval = measured.intervals.map_or_else(
        || "No interval: there is no window.".to_string(),
        |of| format!("95 % interval of the macro-F1 by window, by resampling recordings: {}.", of.macro_f1),
    );
    table(&["class", "precision", "recall", "F1", "windows"], &rows) + &paragraph("soft", &interval)
}
