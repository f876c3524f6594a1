//! Parquet's encodings of numbers, as <https://parquet.apache.org/docs/file-format/data-pages/encodings/> has them.
#![expect(
    clippy::indexing_slicing,
    reason = "the hot path: every place is below a length looked at beside it"
)]

/// Values in a block of [`deltas`].
const BLOCK: usize = 128;

/// Values in one of a block's parts, which have a width each.
const MINIBLOCK: usize = 32;

/// A run of so many equal values is stored as one value and a count.
const RUN_MIN: usize = 16;

/// The bits that numbers up to `greatest` need; at least one, as not every reader knows of none.
pub(super) fn width_of(greatest: u32) -> u32 {
    (u32::BITS - greatest.leading_zeros()).max(1)
}

/// Appends numbers of so many bits: runs of equal ones as a run, others packed.
pub(super) fn hybrid(values: &[u32], width: u32, out: &mut Vec<u8>) {
    let (mut from, mut at) = (0, 0);
    while at < values.len() {
        let run = run_len(&values[at..]);
        if run >= RUN_MIN {
            packed_run(&values[from..at], width, out);
            equal_run(values[at], run, width, out);
            at += run;
            from = at;
        } else {
            // Packed values come in eights; the last ones may be fewer.
            at = (at + 8).min(values.len());
        }
    }
    packed_run(&values[from..], width, out);
}

/// As [`hybrid`], of numbers that come with how often each is repeated. `packed` is a buffer to be used again.
pub(super) fn hybrid_runs(
    runs: impl Iterator<Item = (u32, usize)>,
    width: u32,
    packed: &mut Vec<u32>,
    out: &mut Vec<u8>,
) {
    packed.clear();
    let mut last = (0, 0);
    for (value, count) in runs {
        if value == last.0 {
            last.1 += count;
        } else {
            end_run(last, width, packed, out);
            last = (value, count);
        }
    }
    end_run(last, width, packed, out);
    packed_run(packed, width, out);
}

/// Appends a run whose end is known; what is too short for one stays in `packed`.
fn end_run((value, count): (u32, usize), width: u32, packed: &mut Vec<u32>, out: &mut Vec<u8>) {
    // Packed values come in eights.
    let missing = packed.len().next_multiple_of(8) - packed.len();
    if count < missing + RUN_MIN {
        packed.extend(std::iter::repeat_n(value, count));
        return;
    }
    packed.extend(std::iter::repeat_n(value, missing));
    packed_run(packed, width, out);
    packed.clear();
    equal_run(value, count - missing, width, out);
}

fn equal_run(value: u32, count: usize, width: u32, out: &mut Vec<u8>) {
    varint((count as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

fn run_len(values: &[u32]) -> usize {
    let first = values[0];
    match values.get(..RUN_MIN) {
        Some(head) if head.iter().all(|value| *value == first) => {
            values.iter().position(|value| *value != first).unwrap_or(values.len())
        }
        _ => 1,
    }
}

fn packed_run(values: &[u32], width: u32, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let eights = values.len().div_ceil(8);
    varint(((eights as u64) << 1) | 1, out);
    let end = out.len() + eights * width as usize;
    let (mut held, mut bits) = (0_u64, 0);
    for value in values {
        held |= u64::from(*value) << bits;
        bits += width;
        if bits >= 32 {
            out.extend_from_slice(&held.to_le_bytes()[..4]);
            held >>= 32;
            bits -= 32;
        }
    }
    out.extend_from_slice(&held.to_le_bytes()[..bits.div_ceil(8) as usize]);
    out.resize(end, 0);
}

/// Appends numbers by what each has more than the one before it (`DELTA_BINARY_PACKED`).
pub(super) fn deltas(values: &[i64], out: &mut Vec<u8>) {
    for number in [BLOCK, BLOCK / MINIBLOCK, values.len()] {
        varint(number as u64, out);
    }
    let Some((first, rest)) = values.split_first() else {
        varint(0, out);
        return;
    };
    varint(zigzag(*first), out);
    let mut before = *first;
    let mut block = [0_i64; BLOCK];
    for values in rest.chunks(BLOCK) {
        for (delta, value) in block.iter_mut().zip(values) {
            *delta = value.wrapping_sub(before);
            before = *value;
        }
        let deltas = &block[..values.len()];
        let least = deltas.iter().copied().min().unwrap_or(0);
        varint(zigzag(least), out);
        let above = |delta: &i64| u64::from_le_bytes(delta.wrapping_sub(least).to_le_bytes());
        let mut widths = [0_u8; BLOCK / MINIBLOCK];
        for (width, deltas) in widths.iter_mut().zip(deltas.chunks(MINIBLOCK)) {
            let all = deltas.iter().map(above).fold(0, |all, delta| all | delta);
            *width = u8::try_from(u64::BITS - all.leading_zeros()).unwrap_or(64);
        }
        out.extend_from_slice(&widths);
        for (width, deltas) in widths.iter().zip(deltas.chunks(MINIBLOCK)) {
            let end = out.len() + MINIBLOCK / 8 * usize::from(*width);
            let (mut held, mut bits) = (0_u128, 0);
            for delta in deltas {
                held |= u128::from(above(delta)) << bits;
                bits += u32::from(*width);
                if bits >= 64 {
                    out.extend_from_slice(&held.to_le_bytes()[..8]);
                    held >>= 64;
                    bits -= 64;
                }
            }
            out.extend_from_slice(&held.to_le_bytes()[..bits.div_ceil(8) as usize]);
            out.resize(end, 0);
        }
    }
}

fn zigzag(value: i64) -> u64 {
    u64::from_le_bytes(((value << 1) ^ (value >> 63)).to_le_bytes())
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7F;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_and_the_rest_is_packed() {
        let mut out = Vec::new();
        hybrid(&[5; 20], 3, &mut out);
        assert_eq!(out, [40, 5]);
        out.clear();
        // The specification's own example: 0 to 7 in three bits each.
        hybrid(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut out);
        assert_eq!(out, [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        out.clear();
        hybrid(&[], 1, &mut out);
        assert!(out.is_empty());
        let mut packed = Vec::new();
        hybrid_runs([(5, 7), (5, 13)].into_iter(), 3, &mut packed, &mut out);
        assert_eq!(out, [40, 5]);
        out.clear();
        // Eight packed ones, the last of them of the run behind them.
        let runs = (0..7).map(|value| (value, 1)).chain([(7, 21)]);
        hybrid_runs(runs, 3, &mut packed, &mut out);
        assert_eq!(out, [3, 0b1000_1000, 0b1100_0110, 0b1111_1010, 40, 7]);
    }

    #[test]
    fn deltas_are_those_of_the_specification() {
        let mut out = Vec::new();
        deltas(&[1, 2, 3, 4, 5], &mut out);
        // Block, parts, count, first; the least difference is 1, and none has more.
        assert_eq!(out, [128, 1, 4, 5, 2, 2, 0, 0, 0, 0]);
        out.clear();
        deltas(&[], &mut out);
        assert_eq!(out, [128, 1, 4, 0, 0]);
    }
}
