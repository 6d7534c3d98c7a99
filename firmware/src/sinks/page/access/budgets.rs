//! How often an address may ask: a token bucket for each.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are remembered; the one that was seen longest ago makes room.
const MOST: usize = 256;

/// An address and its bucket: `full` is when the bucket is full again.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    address: IpAddr,
    full: Instant,
    seen: Instant,
}

/// The buckets of all addresses.
#[derive(Debug)]
pub(super) struct Budgets {
    /// Tokens of a full bucket, and the time in which an address gets one more.
    burst: u32,
    refill: Duration,
    buckets: Mutex<Vec<Bucket>>,
}

impl Budgets {
    pub(super) const fn new(burst: u32, refill: Duration) -> Self {
        Self { burst, refill, buckets: Mutex::new(Vec::new()) }
    }

    /// Takes one token of an address at the time `now`.
    ///
    /// # Errors
    /// The time until the next one, when none is left.
    pub(super) fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let address = network(address);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let place = buckets.iter().position(|bucket| bucket.address == address).unwrap_or_else(|| {
            if buckets.len() >= MOST
                && let Some(oldest) = (0..buckets.len()).min_by_key(|index| buckets[*index].seen)
            {
                buckets.swap_remove(oldest);
            }
            buckets.push(Bucket { address, full: now, seen: now });
            buckets.len() - 1
        });
        let bucket = &mut buckets[place];
        bucket.seen = now;
        let full = bucket.full.max(now) + self.refill;
        let wait = full.saturating_duration_since(now + self.refill * self.burst);
        if !wait.is_zero() {
            return Err(wait);
        }
        bucket.full = full;
        Ok(())
    }

    /// Fills the bucket of an address.
    pub(super) fn clear(&self, address: IpAddr) {
        let address = network(address);
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).retain(|bucket| bucket.address != address);
    }
}

/// The address, or the network of 64 bits that one client has for itself.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.into(),
            None => std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_then_one_for_each_refill_and_address() {
        let (attempts, start) = (Budgets::new(5, Duration::from_secs(12)), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let take = |address: &str, seconds| attempts.take(address.parse().unwrap(), at(seconds));
        assert!((0..5).all(|_| take("10.0.0.1", 0).is_ok()));
        assert_eq!(take("10.0.0.1", 2), Err(Duration::from_secs(10)));
        assert!(take("10.0.0.2", 2).is_ok());
        assert!(take("10.0.0.1", 12).is_ok() && take("10.0.0.1", 13).is_err());
        attempts.clear("10.0.0.1".parse().unwrap());
        assert!(take("::ffff:10.0.0.1", 13).is_ok());
        assert!((0..5).all(|host| take(&format!("2001:db8::{host}"), 20).is_ok()));
        assert!(take("2001:db8::5", 20).is_err() && take("2001:db8:0:1::5", 20).is_ok());
    }

    #[test]
    fn the_addresses_are_bounded() {
        let (attempts, start) = (Budgets::new(5, Duration::from_secs(12)), Instant::now());
        (0..1000u32).for_each(|number| attempts.take(IpAddr::V4(number.into()), start).unwrap());
        assert_eq!(attempts.buckets.lock().unwrap().len(), MOST);
    }
}
