use super::*;

fn processed(label: usize, trained_on: bool, unknown: usize, alarms: usize) -> Judged {
    let (windows, scores) = (10, vec![0.5; 6]);
    Judged {
        label,
        group: 0,
        trained_on,
        windows,
        scores,
        unknown,
        warned: alarms > 0,
        alarms,
        explanations: Vec::new(),
    }
}

fn of(classes: &[&str], results: &[Judged]) -> OneClass {
    let names: Vec<(&str, bool)> = classes.iter().map(|class| (*class, *class == "normal")).collect();
    let trained_on = results.iter().filter(|result| result.trained_on).count();
    let needed = Some(Needed { windows: 10, seconds: 5.475 });
    figures("normal", &names, results, [trained_on, results.len()], 0.5, needed, true)
}

#[test]
fn normal_sound_alone_has_a_share_in_its_state_and_no_figure_of_faults() {
    let found = of(&["normal"], &[processed(0, false, 0, 0), processed(0, false, 2, 1)]);
    assert!((found.accuracy - 0.9).abs() < 1e-9);
    assert_eq!((found.recordings_right, found.too_short_to_alarm), ([1, 2], 0));
    assert!((found.classes[0].alarms_per_hour - 360.0).abs() < 1e-9);
    assert!(found.sentences()[1].contains("nothing here shows whether faults are detected"));
}

#[test]
fn other_sound_is_right_when_it_raises_the_alarm() {
    let found =
        of(&["fault", "normal"], &[processed(0, false, 6, 1), processed(0, false, 0, 0), processed(1, false, 0, 0)]);
    assert_eq!(found.recordings_right, [2, 3]);
    assert!((found.accuracy - (6.0 + 0.0 + 10.0) / 30.0).abs() < 1e-9);
    assert_eq!(found.table().1[0][1], "unknown");
    assert_eq!(found.sentences().len(), 1);
}

#[test]
fn without_a_folder_of_the_model_s_class_the_option_that_names_normal_sound_is_stated() {
    let found = of(&["day2", "fault"], &[processed(0, false, 0, 0), processed(1, false, 9, 1)]);
    assert_eq!(found.recordings_right, [1, 2]);
    assert!(found.sentences()[1].starts_with("No folder is named normal, so all of it counts as other sound."));
    let named = [("day2", true), ("fault", false)];
    let results = [processed(0, false, 0, 0), processed(1, false, 9, 1)];
    let found = figures("normal", &named, &results, [0, 2], 0.5, None, true);
    assert_eq!((found.recordings_right, &found.table().1[0][1][..], found.sentences().len()), ([2, 2], "normal", 1));
}

#[test]
fn recordings_that_were_trained_on_are_counted_apart_and_not_quoted() {
    let found = of(&["normal"], &[processed(0, true, 0, 0), processed(0, false, 5, 1)]);
    assert_eq!((found.files_trained_on, found.files, found.classes.len()), (1, 2, 2));
    assert!((found.accuracy - 0.5).abs() < 1e-9);
    assert!(found.lines().iter().any(|line| line.contains("[trained on, optimistic]")));
}
