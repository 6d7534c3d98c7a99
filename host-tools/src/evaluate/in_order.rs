//! Work on all cores with results in the order of the items.

use std::collections::BTreeMap;
use std::sync::mpsc;

/// Does `work` on each of `items`, several at a time, and passes every result to `take` in the items' order, as soon as it
/// and all before it are ready. Items are started in order.
pub(crate) fn in_order<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync, mut take: impl FnMut(R)) {
    let (sender, results) = mpsc::channel();
    rayon::in_place_scope_fifo(|scope| {
        for (index, item) in items.iter().enumerate() {
            let (sender, work) = (sender.clone(), &work);
            scope.spawn_fifo(move |_| {
                // The receiver outlives the scope unless `take` panicked.
                let _ = sender.send((index, work(item)));
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut next = 0;
        for (index, result) in results {
            early.insert(index, result);
            while let Some(result) = early.remove(&next) {
                take(result);
                next += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items_however_long_each_takes() {
        let items: Vec<u64> = (0..40).collect();
        let mut taken = Vec::new();
        let work = |item: &u64| {
            std::thread::sleep(Duration::from_micros(40 - item));
            *item
        };
        in_order(&items, work, |item| taken.push(item));
        assert_eq!(taken, items);
    }

    #[test]
    fn without_items_nothing_is_taken() {
        in_order(&[], |item: &u8| *item, |_| panic!("there is nothing"));
    }
}
