//! The result of the checks.

use core::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be, or not used.
    Good,
    /// It works, but not as well as it could.
    Warn,
    /// It does not work.
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Check {
    /// What.
    pub name: &'static str,
    /// How bad.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    /// A check without a remedy.
    pub(super) fn new(name: &'static str, verdict: Verdict, found: impl Into<String>) -> Self {
        Self { name, verdict, found: found.into(), remedy: None }
    }

    /// With what to do.
    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// All that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Report {
    /// Whether nothing is broken.
    pub good: bool,
    /// One after the other.
    pub checks: Vec<Check>,
}

impl Report {
    /// Of `checks`.
    pub(super) fn new(checks: Vec<Check>) -> Self {
        Self { good: checks.iter().all(|check| check.verdict < Verdict::Broken), checks }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Check { name, verdict, found, remedy } in &self.checks {
            let mark = match verdict {
                Verdict::Good => "good",
                Verdict::Warn => "WARN",
                Verdict::Broken => "BROKEN",
            };
            writeln!(f, "{mark:<6} {name:<12} {found}")?;
            if let Some(remedy) = remedy {
                writeln!(f, "       {:<12} -> {remedy}", "")?;
            }
        }
        let count = |verdict| self.checks.iter().filter(|check| check.verdict == verdict).count();
        writeln!(f, "{} broken, {} warnings", count(Verdict::Broken), count(Verdict::Warn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_good_enough_and_anything_broken_is_not() {
        let warn = Check::new("level", Verdict::Warn, "quiet").remedy("come closer");
        let broken = Check::new("device", Verdict::Broken, "gone");
        assert!(Report::new(vec![warn.clone()]).good);
        let report = Report::new(vec![warn, broken]);
        assert!(!report.good);
        assert_eq!(
            report.to_string(),
            "WARN   level        quiet\n                    -> come closer\nBROKEN device       gone\n1 broken, 1 warnings\n"
        );
    }
}
