use super::*;
use crate::resample::Resampler;
use crate::window::SAMPLES;
use proptest::prelude::*;

/// A deterministic mixture of a tone and noise.
fn signal(len: usize) -> Vec<f32> {
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    (0..len).map(|n| 0.3 * libm::sinf(n as f32 * 0.11) + 0.2 * noise()).collect()
}

/// A copy of a verdict, compared bit for bit.
#[derive(Clone, Debug, PartialEq)]
struct Copied {
    index: u64,
    start: u64,
    features: Vec<f32>,
    level: f32,
    gap: bool,
}

/// Every verdict of a log-mel pipeline that `script` drives.
fn verdicts(rate_hz: u32, hop: u32, script: impl FnOnce(&mut Pipeline, &mut dyn FnMut(&Verdict))) -> Vec<Copied> {
    let mut storage = vec![0.0; Resampler::storage_len(rate_hz).unwrap()];
    let mut pipeline = Pipeline::new(Classifier::log_mel(), rate_hz, hop, &mut storage, &mut []).unwrap();
    let mut found = Vec::new();
    script(&mut pipeline, &mut |verdict: &Verdict| {
        found.push(Copied {
            index: verdict.index,
            start: verdict.start_sample,
            features: verdict.features.to_vec(),
            level: verdict.level_dbfs,
            gap: verdict.spans_gap,
        });
    });
    found
}

#[test]
fn with_a_hop_of_one_second_window_k_starts_at_16000_k() {
    let samples = signal(16_000 * 3);
    let found = verdicts(16_000, 100, |pipeline, on| pipeline.push(&samples, on));
    assert_eq!(found.iter().map(|verdict| verdict.start).collect::<Vec<_>>(), [0, 16_000, 32_000]);
}

#[test]
fn after_a_year_and_at_every_turn_of_a_32_bit_counter_windows_are_the_same_and_their_numbers_go_on() {
    let samples = signal(48_000 * 4);
    let from = |index: u64, position: u64| {
        let mut storage = vec![0.0; Resampler::storage_len(48_000).unwrap()];
        let mut back = BackEnd::new(Classifier::log_mel(), &mut []).unwrap();
        let mut front = FrontEnd::new(48_000, 48, &mut storage).unwrap().continuing(index, position);
        let mut found = Vec::new();
        front.push(&mut back, &samples, |verdict| {
            found.push((verdict.index - index, verdict.start_sample - position, verdict.features.to_vec()));
        });
        found
    };
    let fresh = from(0, 0);
    assert!(fresh.len() > 5);
    let year = 365 * 24 * 3600 * 16_000;
    // 2^32 samples of 16 kHz are three days; 2^32 windows, of 0.48 s, are 65 years.
    for (index, position) in [(560_000, (1 << 32) - 20_000), (u64::from(u32::MAX) - 2, 1 << 40), (65_700_000, year)] {
        assert_eq!(from(index, position), fresh, "{index} {position}");
    }
}

#[test]
fn the_level_is_that_of_the_windows_own_samples() {
    let samples = signal(16_000 * 3);
    for verdict in verdicts(16_000, 30, |pipeline, on| pipeline.push(&samples, on)) {
        let own = &samples[verdict.start as usize..verdict.start as usize + SAMPLES];
        let energy: f64 = own.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        let expected = 10.0 * (energy / SAMPLES as f64).log10();
        assert!((f64::from(verdict.level) - expected).abs() < 1e-5, "{} {expected}", verdict.level);
    }
}

#[test]
fn the_features_are_the_statistics_of_the_windows_patch() {
    let samples = signal(SAMPLES);
    let mut storage = [];
    let mut pipeline = Pipeline::new(Classifier::log_mel(), 16_000, 48, &mut storage, &mut []).unwrap();
    let mut windows = 0;
    pipeline.push(&samples, |verdict| {
        let mut expected = [0.0; 128];
        crate::stats::log_mel_stats(verdict.patch, &mut expected);
        assert_eq!(verdict.features, expected);
        assert!(verdict.probabilities.is_empty());
        windows += 1;
    });
    assert_eq!(windows, 1);
}

#[test]
fn windows_that_reach_back_across_a_gap_are_marked_and_later_ones_are_not() {
    let samples = signal(16_000 * 4);
    let found = verdicts(16_000, 48, |pipeline, on| {
        pipeline.push(&samples[..32_000], &mut *on);
        pipeline.gap(8_000);
        pipeline.push(&samples[40_000..], on);
    });
    for verdict in &found {
        let end = verdict.start + SAMPLES as u64;
        let reaches_back = end > 32_000 && verdict.start < 40_000;
        assert_eq!(verdict.gap, reaches_back, "window at {}", verdict.start);
        assert!(end <= 32_000 || end >= 40_400, "no window ends within the gap: {end}");
    }
    assert!(found.iter().any(|verdict| verdict.gap) && found.iter().any(|verdict| !verdict.gap && verdict.start > 0));
}

#[test]
fn after_a_gap_the_first_clean_window_is_as_if_nothing_had_been_before() {
    let samples = signal(16_000 * 2);
    let fresh = verdicts(16_000, 1, |pipeline, on| pipeline.push(&samples, on));
    let after = verdicts(16_000, 1, |pipeline, on| {
        pipeline.push(&samples[..9_999], &mut *on);
        pipeline.gap(1);
        pipeline.push(&samples, on);
    });
    let clean = after.iter().find(|verdict| !verdict.gap).unwrap();
    assert_eq!((&clean.features, clean.level, clean.start), (&fresh[0].features, fresh[0].level, 10_000));
}

#[test]
fn too_little_memory_and_a_hop_of_zero_are_refused() {
    let refused = Pipeline::new(Classifier::log_mel(), 48_000, 48, &mut [], &mut []).map(|_| ());
    assert!(matches!(refused, Err(Error::Resample(_))), "{refused:?}");
    let refused = Pipeline::new(Classifier::log_mel(), 16_000, 0, &mut [], &mut []).map(|_| ());
    assert!(matches!(refused, Err(Error::Window(_))), "{refused:?}");
}

#[test]
fn a_recording_of_exactly_one_window_gives_one_window_at_any_rate() {
    for rate in [8_000, 16_000, 44_100, 48_000] {
        let samples = signal(rate as usize * 975 / 1000 + 1);
        let found = verdicts(rate, 48, |pipeline, on| {
            pipeline.push(&samples, &mut *on);
            pipeline.finish(on);
        });
        assert_eq!(found.len(), 1, "{rate} Hz");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn verdicts_do_not_depend_on_the_size_of_the_pieces(
        sizes in prop::collection::vec(1_usize..3_000, 1..20), hop in 1_u32..60, gap in 0_u64..5_000,
    ) {
        let samples = signal(48_000 * 5 / 2);
        let (before, after) = samples.split_at(70_001);
        let whole = verdicts(48_000, hop, |pipeline, on| {
            pipeline.push(before, &mut *on);
            pipeline.gap(gap);
            pipeline.push(after, on);
        });
        let pieces = verdicts(48_000, hop, |pipeline, on| {
            let mut sizes = sizes.iter().cycle();
            for (part, gap) in [(before, Some(gap)), (after, None)] {
                let mut rest = part;
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                    pipeline.push(now, &mut *on);
                    rest = later;
                }
                if let Some(gap) = gap {
                    pipeline.gap(gap);
                }
            }
        });
        prop_assert_eq!(whole, pieces);
    }
}

/// A front end at 16 kHz with log-mel features.
fn ends(hop: u32) -> (FrontEnd<'static>, BackEnd<'static>) {
    (FrontEnd::new(16_000, hop, &mut []).unwrap(), BackEnd::new(Classifier::log_mel(), &mut []).unwrap())
}

#[test]
fn skipped_windows_do_not_change_later_ones() {
    let samples = signal(16_000 * 4);
    let whole = verdicts(16_000, 48, |pipeline, on| pipeline.push(&samples, on));
    let (mut front, mut back) = ends(48);
    let mut found = Vec::new();
    let mut passed = 0;
    for (number, piece) in samples.chunks(1600).enumerate() {
        if (12..20).contains(&number) {
            passed += front.skip(piece);
        } else {
            front.push(&mut back, piece, |verdict| found.push((verdict.index, verdict.features.to_vec())));
        }
    }
    assert!(passed > 0);
    assert_eq!(found.len() as u64 + passed, whole.len() as u64);
    assert!(found.iter().all(|(index, features)| whole[*index as usize].features == *features));
}

#[test]
fn another_classifier_continues_where_the_first_stopped() {
    let samples = signal(16_000 * 4);
    let whole = verdicts(16_000, 48, |pipeline, on| pipeline.push(&samples, on));
    let (mut front, mut first) = ends(48);
    let (_, mut second) = ends(48);
    let mut found = Vec::new();
    front.push(&mut first, &samples[..30_123], |verdict| found.push((verdict.start_sample, verdict.features.to_vec())));
    front
        .push(&mut second, &samples[30_123..], |verdict| found.push((verdict.start_sample, verdict.features.to_vec())));
    assert_eq!(found, whole.iter().map(|one| (one.start, one.features.clone())).collect::<Vec<_>>());
}

#[test]
fn a_new_hop_holds_from_the_next_window() {
    let samples = signal(16_000 * 4);
    let (mut front, mut back) = ends(100);
    let mut starts = Vec::new();
    front.push(&mut back, &samples[..32_000], |verdict| starts.push(verdict.start_sample));
    front.set_hop_columns(25).unwrap();
    front.push(&mut back, &samples[32_000..], |verdict| starts.push(verdict.start_sample));
    assert!(starts[2] + SAMPLES as u64 <= 32_000 + 4_000, "{starts:?}");
    assert!(starts[2..].windows(2).all(|two| two[1] - two[0] == 4_000), "{starts:?}");
}

#[test]
fn a_front_end_of_another_rate_continues_number_and_time_and_marks_the_gap() {
    let (front, mut back) = ends(48);
    let mut front = front.continuing(7, 320_000);
    let mut found = Vec::new();
    front.push(&mut back, &signal(16_000 * 2), |v| found.push((v.index, v.start_sample, v.spans_gap)));
    assert_eq!(found[0], (7, 320_000, false));
    front.gap(16_000);
    assert_eq!(front.position(), 320_000 + 48_000);
}
