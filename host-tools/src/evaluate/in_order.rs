//! Work on all cores with results in the order of the items.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use rayon::ThreadPoolBuilder;

/// Does `work` on each of `items`, several at a time, and passes every result to `take` in the items' order, as soon as it
/// and all before it are ready. Items are started in order. Fewer items than cores are done one after the other, each on all cores.
///
/// Each thread is a pool of rayon of its own, in which an item does its parts. In a common pool, a thread that waits for parts of its
/// item would begin other items meanwhile, one within the other, until its stack overflows.
pub(crate) fn in_order<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync, mut take: impl FnMut(R)) {
    let count = rayon::current_num_threads();
    if items.len() < count {
        return items.iter().for_each(|item| take(work(item)));
    }
    let (sender, results) = mpsc::channel();
    let started = AtomicUsize::new(0);
    let begin = || {
        let index = started.fetch_add(1, Ordering::Relaxed);
        items.get(index).map(|item| (index, work(item)))
    };
    // The receiver outlives the scope unless `take` panicked.
    let all = |sender: &Sender<_>| while begin().is_some_and(|result| sender.send(result).is_ok()) {};
    thread::scope(|scope| {
        let spawned = (0..count).filter(|_| {
            let (sender, all) = (sender.clone(), &all);
            let run = move || match ThreadPoolBuilder::new().num_threads(1).use_current_thread().build() {
                Ok(pool) => pool.install(|| all(&sender)),
                Err(_) => all(&sender),
            };
            thread::Builder::new().spawn_scoped(scope, run).is_ok()
        });
        if spawned.count() == 0 {
            // No thread can be started: all is done here.
            all(&sender);
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
    fn an_item_that_waits_for_its_parts_does_not_begin_another_in_its_thread() {
        thread_local!(static DEPTH: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
        let pause = || thread::sleep(Duration::from_micros(50));
        let work = |_: &u32| {
            DEPTH.set(DEPTH.get() + 1);
            for _ in 0..4 {
                rayon::join(pause, pause);
            }
            DEPTH.replace(DEPTH.get() - 1)
        };
        let items: Vec<u32> = (0..200).collect();
        in_order(&items, work, |depth| assert_eq!(depth, 1));
    }

    #[test]
    fn without_items_nothing_is_taken() {
        in_order(&[], |item: &u8| *item, |_| panic!("there is nothing"));
    }
}
