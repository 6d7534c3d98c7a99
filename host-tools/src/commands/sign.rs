//! `host-tools sign`: vouch for a model file, for devices that take no other.

use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;

use crate::json::JsonOut;
use crate::sign;
use crate::ui::Ui;

/// Options of `host-tools sign`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model files to sign; each signature is written beside its file, with .minisig behind the name
    #[arg(value_name = "MODEL", required_unless_present = "generate")]
    pub models: Vec<PathBuf>,
    /// The secret key, as this command or minisign makes it; it stays on the workstation
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// First make a new pair of keys: the secret one at --key, the public one beside it with .pub behind the name
    #[arg(long)]
    pub generate: bool,
    /// Read the key's password from the first line of this file instead of asking for it
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    pub password_file: Option<PathBuf>,
    /// The new key has no password: whoever reads the file can sign
    #[arg(long, requires = "generate")]
    pub no_password: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonOut,
}

#[derive(Debug, Serialize)]
struct Outcome {
    public_key: Option<PathBuf>,
    signatures: Vec<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When there is no key or it does not open, or a model or a signature cannot be read or written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ui = Ui::new(&args.json);
    let password = match &args.password_file {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("{}: no password", path.display()))?;
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
        ui.say(format!("public key: {}; on the device, listen.public_key names a copy of it", public.display()));
        Some(public)
    } else {
        None
    };
    let mut signatures = Vec::new();
    if !args.models.is_empty() {
        let key = sign::secret_key(&args.key, password)?;
        for model in &args.models {
            let path = sign::sign(model, &key)?;
            ui.say(format!("signature: {}", path.display()));
            signatures.push(path);
        }
    }
    args.json.write(&Outcome { public_key, signatures })
}
