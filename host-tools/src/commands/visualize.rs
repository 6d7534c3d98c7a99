//! `host-tools visualize`: draws a data set and measures how well its classes are separated.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use monitor_core::features::FeatureKind;
use ndarray::{Array2, ArrayView2, Axis};
use serde::Serialize;

use crate::console::{JsonOut, Ui, check_files, check_folder, json};
use crate::data::dataset::Dataset;
use crate::data::feature_set::FeatureSet;
use crate::features::FeatureOptions;
use crate::plots::log_mel::band_centres;
use crate::plots::scatter::Scatter;
use crate::plots::{log_mel, scatter};
use crate::projection::{interpretation, pca, sample, silhouette, spectra, tsne};
use crate::train::Standardiser;

/// Options of `host-tools visualize`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools visualize --data recordings
  host-tools visualize --data recordings --out pictures --features logmel --most 500")]
pub(crate) struct Args {
    /// Folder of recordings (one folder per class), or a manifest
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Folder for the pictures
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub out: PathBuf,
    #[command(flatten)]
    pub features: FeatureOptions,
    /// Random seed of the sample of windows and of t-SNE
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Maximum number of windows for t-SNE and silhouette (10 to 2000); their time is quadratic in it
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(10..=2000))]
    pub most: u32,
    #[command(flatten)]
    pub json: JsonOut,
}

/// Columns of 10 ms from one window to the next: half a window, as in training.
const HOP_COLUMNS: u32 = monitor_core::window::DEFAULT_HOP;

#[derive(Debug, Serialize)]
struct Figures {
    features: String,
    classes: Vec<String>,
    windows_per_class: Vec<usize>,
    explained_variance: [f64; 2],
    sampled_windows: usize,
    seed: u64,
    silhouette: Option<f64>,
    interpretation: Option<&'static str>,
    tsne_perplexity: Option<f64>,
    #[serde(serialize_with = "json::paths")]
    pictures: Vec<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When the data cannot be read or are too few for a picture, a requested base model is missing, or a picture cannot be
/// written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    check_files(&[args.json.output()])?;
    check_folder("--out", &args.out)?;
    let ui = Ui::new(&args.json);
    let (kind, model) = args.features.find()?;
    let mut dataset = Dataset::load(&args.data, &ui)?;
    dataset.print_found(&ui);
    let set = FeatureSet::extract(dataset, kind, model.as_ref(), HOP_COLUMNS, None, &ui)?;
    let labels = set.labels();
    let classes = &set.dataset.classes;
    let total = labels.len();
    let what = format!("{kind} features ({} values), standardised", kind.len());
    ui.print(format!("{total} windows of {} classes; {what}", classes.len()));
    let x = Standardiser::fit(set.x.view()).apply(set.x.view()).mapv(f64::from);
    let mut pictures = Vec::new();
    let mut draw = |picture: crate::plots::Picture, name: &str| -> anyhow::Result<PathBuf> {
        let path = args.out.join(name);
        picture.save(&path)?;
        pictures.push(path.clone());
        Ok(path)
    };

    let projected = pca(x.view())?;
    let [first, second] = projected.explained.map(|share| 100.0 * share);
    let axes = [format!("PC 1 ({first:.1} % of the variance)"), format!("PC 2 ({second:.1} % of the variance)")];
    let picture = scatter::draw(&Scatter {
        title: "Principal components of the windows",
        subtitle: &format!("{what}; two components explain {:.1} % of the variance", first + second),
        axes: [&axes[0], &axes[1]],
        numbers: true,
        points: projected.points.view(),
        labels: &labels,
        classes,
    })?;
    let path = draw(picture, "embeddings_pca_check.png")?;
    let sum = first + second;
    ui.print(format!("PCA: {first:.1} % + {second:.1} % = {sum:.1} % of the variance -> {}", path.display()));

    let chosen = sample(&labels, args.most as usize, args.seed);
    let few = x.select(Axis(0), &chosen);
    let few_labels: Vec<usize> = chosen.iter().map(|&window| labels[window]).collect();
    let share = match chosen.len() {
        all if all == total => format!("all {total} windows"),
        part => format!("{part} of {total} windows (seed {})", args.seed),
    };
    let score = silhouette(few.view(), &few_labels);
    match score {
        Some(score) => ui.print(format!("Silhouette score {score:.2} on {share}: {}", interpretation(score))),
        None => ui.print("Silhouette score: none; it needs two classes"),
    }
    let perplexity = match project(few.view(), args, &share, &ui) {
        Ok((points, perplexity, took)) => {
            let subtitle =
                format!("{what}; {share}, exact, perplexity {perplexity:.0}; distances between groups mean little");
            let picture = scatter::draw(&Scatter {
                title: "t-SNE of the windows",
                subtitle: &subtitle,
                axes: ["t-SNE 1", "t-SNE 2"],
                numbers: false,
                points: points.view(),
                labels: &few_labels,
                classes,
            })?;
            let path = draw(picture, "embeddings_tsne_check.png")?;
            ui.print(format!("t-SNE: {share}, {:.1} s -> {}", took.as_secs_f64(), path.display()));
            Some(perplexity)
        }
        Err(error) => {
            ui.print(format!("No t-SNE: {error:#}"));
            remove_old(&args.out.join("embeddings_tsne_check.png"))?;
            None
        }
    };

    let (statistics, statistics_labels) = statistics(&set, &ui)?;
    let picture = log_mel::draw(
        "Mean log-mel spectrum of each class",
        "line: mean over all columns; area: one standard deviation about it; grey: the other classes",
        &spectra(statistics.view(), &statistics_labels, classes),
        &band_centres(),
    )?;
    let path = draw(picture, "class_log_mel.png")?;
    ui.print(format!("Mean log-mel spectra -> {}", path.display()));
    set.dataset.print_skipped(&ui);
    args.json.write(
        "acoustic-monitor/visualize/1",
        &Figures {
            features: kind.to_string(),
            classes: classes.clone(),
            windows_per_class: set.windows_per_class(),
            explained_variance: projected.explained,
            sampled_windows: chosen.len(),
            seed: args.seed,
            silhouette: score,
            interpretation: score.map(interpretation),
            tsne_perplexity: perplexity,
            pictures,
        },
    )
}

/// t-SNE with a spinner: points, perplexity, time.
fn project(x: ArrayView2<'_, f64>, args: &Args, share: &str, ui: &Ui) -> anyhow::Result<(Array2<f64>, f64, Duration)> {
    let started = Instant::now();
    let spinner = ui.spinner(format!("t-SNE of {share}"));
    let result = tsne(x, args.seed);
    spinner.finish_and_clear();
    let found = result?;
    Ok((found.points, found.perplexity, started.elapsed()))
}

/// The log-mel statistics of every window [windows x 128] and the labels: part of the features, or computed for the
/// picture.
fn statistics(set: &FeatureSet, ui: &Ui) -> anyhow::Result<(Array2<f32>, Vec<usize>)> {
    match set.kind {
        kind if kind.has_statistics() => {
            Ok((set.x.view().split_at(Axis(1), kind.network_len()).1.to_owned(), set.labels()))
        }
        _ => {
            let set = FeatureSet::extract(
                set.dataset.clone(),
                FeatureKind::LogMel,
                None,
                set.hop_columns,
                Some(set.gain),
                ui,
            )?;
            let labels = set.labels();
            Ok((set.x, labels))
        }
    }
}

/// Removes a picture of other data, which must not remain beside the new ones.
fn remove_old(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove the old {}", path.display()))
        }
        _ => Ok(()),
    }
}
