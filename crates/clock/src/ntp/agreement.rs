//! What several sources together say, when some of them may be wrong.

/// Closed, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Where it begins.
    pub low: i64,
    /// Where it ends; not below `low`.
    pub high: i64,
}

impl Interval {
    /// Whether they share a point.
    pub fn meets(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }

    /// Longer by `margin` on both sides.
    #[must_use]
    pub fn widened(self, margin: i64) -> Self {
        Self { low: self.low.saturating_sub(margin), high: self.high.saturating_add(margin) }
    }
}

/// The shortest interval that holds every point which at least `quorum` of `intervals` share; `None` when there is
/// no such point.
///
/// ```text
///   A      ├───────┤                    quorum 3 of 4
///   B          ├───────┤
///   C        ├────────┤
///   D                        ├────┤     a falseticker: it meets nothing
///   ───────────├───┤────────────────▶   the agreement
/// ```
///
/// The promise: **if at least `quorum` of the sources are right, UTC lies in the agreement.** For UTC then lies in
/// the intervals of all who are right, so it is a point that `quorum` of them share. The others may be silent or
/// lie in any way, together too: they can widen the agreement, never move it off UTC. With a quorum of more than half
/// of all configured sources two groups cannot agree without a common member.
///
/// This is Marzullo's intersection (as in RFC 5905 §11.2.1) with two differences: the number of points' owners is
/// fixed instead of as great as can be had, because four that happen to agree do not prove that only one of five
/// lies; and midpoints play no part, because a bound is wanted and no best guess.
pub fn agreement(intervals: &[Interval], quorum: usize) -> Option<Interval> {
    /// Beginnings before ends, so that intervals which touch share that point.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Edge {
        Begins,
        Ends,
    }
    let begins = intervals.iter().map(|one| (one.low, Edge::Begins));
    let ends = intervals.iter().map(|one| (one.high, Edge::Ends));
    let mut edges: Vec<_> = begins.chain(ends).collect();
    edges.sort();

    let (mut sharing, mut low, mut high) = (0, None, None);
    for (at, edge) in edges {
        match edge {
            Edge::Begins => {
                sharing += 1;
                if sharing >= quorum && low.is_none() {
                    low = Some(at);
                }
            }
            Edge::Ends => {
                if sharing >= quorum {
                    high = Some(at);
                }
                sharing -= 1;
            }
        }
    }
    Some(Interval { low: low?, high: high? })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;

    use super::*;

    fn of(ends: &[(i64, i64)]) -> Vec<Interval> {
        ends.iter().map(|(low, high)| Interval { low: *low, high: *high }).collect()
    }

    #[test]
    fn a_liar_among_three_is_outvoted_and_two_are_not() {
        let honest = [(-10, 10), (-5, 20)];
        let found = |third| agreement(&of(&[honest[0], honest[1], third]), 2);
        assert_eq!(found((1000, 1010)), Some(Interval { low: -5, high: 10 }));
        // One that lies a little widens the agreement and cannot push the truth out of it.
        assert_eq!(found((8, 18)), Some(Interval { low: -5, high: 18 }));
        assert_eq!(agreement(&of(&[(0, 1), (10, 11), (20, 21)]), 2), None);
        assert_eq!(agreement(&of(&honest), 3), None);
        assert_eq!(agreement(&[], 1), None);
    }

    #[test]
    fn touching_is_agreeing() {
        assert_eq!(agreement(&of(&[(0, 5), (5, 9)]), 2), Some(Interval { low: 5, high: 5 }));
    }

    #[test]
    fn two_groups_with_a_member_in_common_both_count() {
        let two_opinions = of(&[(0, 10), (1, 9), (0, 100), (90, 100), (91, 99)]);
        assert_eq!(agreement(&two_opinions, 3), Some(Interval { low: 1, high: 99 }));
    }

    proptest::proptest! {
        /// Whatever the wrong ones say, the truth is in the agreement of those who are right.
        #[test]
        fn the_truth_is_in_it(
            right in vec((0i64..1000, 0i64..1000), 2..7),
            wrong in vec((-5000i64..5000, 0i64..3000), 0..6),
            truth in -1000i64..1000,
        ) {
            let quorum = right.len();
            let mut all = of(&right.iter().map(|(before, after)| (truth - before, truth + after)).collect::<Vec<_>>());
            all.extend(of(&wrong.iter().map(|(low, length)| (*low, low + length)).collect::<Vec<_>>()));
            let found = agreement(&all, quorum).unwrap();
            proptest::prop_assert!(found.low <= truth && truth <= found.high);
        }

        /// The same by counting at every point.
        #[test]
        fn as_counted_point_by_point(ends in vec((-40i64..40, 0i64..30), 0..8), quorum in 1usize..5) {
            let all = of(&ends.iter().map(|(low, length)| (*low, low + length)).collect::<Vec<_>>());
            let shared: Vec<i64> = (-50..100)
                .filter(|at| all.iter().filter(|one| one.low <= *at && *at <= one.high).count() >= quorum)
                .collect();
            let counted = shared.first().zip(shared.last()).map(|(low, high)| Interval { low: *low, high: *high });
            proptest::prop_assert_eq!(agreement(&all, quorum), counted);
        }
    }
}
