//! `host-tools page`: a fleet, or recordings, on a page in the browser.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use monitor_model::owned::OwnedModel;

use crate::console::shown;
use crate::evaluate::model::named_contents;
use crate::evaluate::predict::wav_files;
use crate::fleet::address::Address;
use crate::fleet::{self, Broker};
use crate::{pages, web};

const EXAMPLES: &str = "Examples:
  host-tools page --mqtt broker.plant --open
  host-tools page --model sound_classifier.tflite shift.wav
  host-tools page --model sound_classifier.tflite recordings";

/// Options of `host-tools page`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)), after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Recordings, or folders of recordings
    #[arg(value_name = "WAV", group = "what", requires = "model")]
    pub recordings: Vec<PathBuf>,
    /// Follow the devices that report to an MQTT broker; port 1883, with --ca 8883
    #[arg(long, value_name = "HOST[:PORT]", group = "what")]
    pub mqtt: Option<Address>,
    /// Model for recordings
    #[arg(long, value_name = "FILE", conflicts_with = "mqtt")]
    pub model: Option<PathBuf>,
    #[command(flatten)]
    pub page: web::Options,
    #[command(flatten)]
    pub broker: fleet::Options,
}

/// Runs the command.
///
/// # Errors
/// When the broker cannot be reached, there is no recording, the model cannot be used, or the port is taken.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let server = web::Server::bind(&args.page)?;
    let router = match (&args.mqtt, &args.model) {
        (Some(address), _) => {
            let broker = Broker::connect(address, &args.broker)?;
            pages::fleet::router(broker, address.to_string(), Duration::from_secs_f64(args.broker.silent))?
        }
        (None, Some(path)) => {
            let files = wav_files(&args.recordings)?;
            let model = OwnedModel::load(path).context("cannot use the model")?;
            let contents = named_contents(&model).with_context(|| format!("cannot use the model {}", shown(path)))?;
            contents.judge(contents.hop_columns()).with_context(|| format!("cannot use the model {}", shown(path)))?;
            pages::recordings::router(files.into_iter().map(|file| (file.clone(), shown(&file))).collect(), model)
        }
        (None, None) => {
            ensure!(args.recordings.is_empty(), "name the model by --model");
            anyhow::bail!("name recordings and --model, or a broker by --mqtt")
        }
    };
    server.run(router)
}
