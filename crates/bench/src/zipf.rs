//! Which certificate is asked about: a few very often, most hardly ever (Zipf's law with exponent 1).

use rand::RngExt as _;

/// A long sequence of places among `count`, drawn by Zipf's law; the same for everybody who is compared.
pub(crate) fn sequence(count: usize, length: usize) -> Vec<u32> {
    let mut sum = 0.0;
    let mut cumulated = Vec::with_capacity(count);
    let mut rank = 0.0;
    for _ in 0..count {
        rank += 1.0;
        sum += 1.0 / rank;
        cumulated.push(sum);
    }
    let mut random = rand::rng();
    (0..length)
        .map(|_| {
            let drawn = random.random_range(0.0..sum);
            let place = cumulated.partition_point(|upper| *upper <= drawn);
            u32::try_from(place).unwrap_or(0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::sequence;

    #[test]
    fn the_first_is_asked_twice_as_often_as_the_second() {
        let drawn = sequence(1000, 200_000);
        let count = |wanted: u32| drawn.iter().filter(|place| **place == wanted).count();
        let (first, second) = (count(0), count(1));
        assert!(first > second * 17 / 10 && first < second * 23 / 10, "{first}, {second}");
        assert!(drawn.iter().all(|place| *place < 1000));
    }
}
