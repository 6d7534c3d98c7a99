//! What to record next where groups of recordings are few: the same words in training and on the device.

/// Number of groups from which thresholds and figures are of some use: a statement about conditions that were not recorded needs
/// several that were.
pub const GROUPS: usize = 6;

/// The recordings that are asked for.
pub const CONDITIONS: &str = "6 loads, speeds or days, each in a file of its own";

/// The advice for a model of `groups` groups; `None` if they are enough. `within_recording`: the groups are parts of one recording.
pub fn on_groups(groups: usize, within_recording: bool) -> Option<String> {
    if within_recording {
        return Some(format!(
            "Advice: the groups are parts of one recording, so nothing is known of other loads or days; record {CONDITIONS}, and \
             train again."
        ));
    }
    (groups < GROUPS).then(|| {
        let groups = if groups == 1 { "1 group".to_string() } else { format!("{groups} groups") };
        format!(
            "Advice: {groups} of normal recordings are few, so a new load or another day may raise a false alarm; record \
             {CONDITIONS}, and train again."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_groups_are_answered_with_what_to_record() {
        assert!(on_groups(1, false).unwrap().contains("1 group of normal recordings"));
        assert!(on_groups(5, false).unwrap().contains("record 6 loads, speeds or days"));
        assert_eq!(on_groups(6, false), None);
        assert!(on_groups(8, true).unwrap().contains("parts of one recording"));
    }
}
