//! `host-tools sign`: signs model files for devices with `require_signature`.

use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;

use crate::console::{JsonOut, Ui, check_files, json};
use crate::sign;

/// Options of `host-tools sign`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  host-tools sign --key monitor.key --generate
  host-tools sign --key monitor.key artifacts/sound_classifier.tflite
  host-tools sign --key monitor.key --password-file password.txt artifacts/sound_classifier.tflite")]
pub(crate) struct Args {
    /// Model files to sign; each signature is written beside its file as FILE.minisig
    #[arg(value_name = "MODEL", required_unless_present = "generate")]
    pub models: Vec<PathBuf>,
    /// Secret key by this command or by minisign; keep it on the workstation
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Generate a new pair of keys first: the secret key at --key, the public key beside it as KEY.pub
    #[arg(long)]
    pub generate: bool,
    /// File whose first line is the key's password [default: ask for it]
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    pub password_file: Option<PathBuf>,
    /// Generate a key without a password: anyone who can read the file can sign
    #[arg(long, requires = "generate")]
    pub no_password: bool,
    #[command(flatten)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Outcome {
    public_key: Option<String>,
    #[serde(serialize_with = "json::paths")]
    signatures: Vec<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When the key is missing or cannot be decrypted, or a model or a signature cannot be read or written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    // Before a key is made.
    check_files(&[args.json.output()])?;
    let ui = Ui::new(&args.json);
    let password = match &args.password_file {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{}: cannot read the password", path.display()))?;
            let line = text.lines().next().unwrap_or_default().to_owned();
            anyhow::ensure!(!line.is_empty(), "{}: the first line, the password, is empty", path.display());
            Some(line)
        }
        None => None,
    };
    let public_key = if args.generate {
        let password = match (&password, args.no_password) {
            (Some(password), _) => password.clone(),
            (None, true) => String::new(),
            (None, false) => anyhow::bail!("a new key needs --password-file FILE, or --no-password"),
        };
        let public = sign::generate(&args.key, password)?;
        ui.print(format!("public key: {}; copy it to the device and name it with listen.public_key", public.display()));
        Some(public.to_string_lossy().into_owned())
    } else {
        None
    };
    let mut signatures = Vec::new();
    if !args.models.is_empty() {
        let key = sign::secret_key(&args.key, password)?;
        for model in &args.models {
            let path = sign::sign(model, &key)?;
            ui.print(format!("signature: {}", path.display()));
            signatures.push(path);
        }
    }
    args.json.write("acoustic-monitor/sign/1", &Outcome { public_key, signatures })
}
