//! One object into parts: opened, inflated, split and decoded, with what is refused of it.

use std::io::Read;
use std::sync::Arc;

use super::decode::Decoder;
use super::flow::{Flow, FlowReader, Help};
use super::intern::NULL;
use super::pipeline::{Floor, OBJECT_REFUSALS_MAX, ObjectResult, Setting};
use super::rows::{PART_ROWS_MAX, Part};
use crate::archive::{Content, Inflated, Inflater, Object, Unpacker, WHOLE_BYTES_MAX};
use crate::record::{Item, RECORD_BYTES_MAX, Reason, Refusal, Splitter};

/// A part takes so many rows of a large object, so that encoding them begins while more are decoded.
const STREAM_ROWS_MAX: usize = 8 * 1024;

/// The longest record is told by how much of it is read; an object that is there as a whole holds none longer.
const _: () = assert!(WHOLE_BYTES_MAX <= RECORD_BYTES_MAX);

/// What a worker reads objects with, one after another.
#[derive(Default)]
pub(super) struct Reader {
    decoder: Decoder,
    unpacker: Unpacker,
    /// The bytes of small objects.
    window: Vec<u8>,
}

impl Reader {
    /// Reads one object into `part`, handing full parts to `submit`.
    #[expect(clippy::too_many_arguments, reason = "what the floor, the object and the part are stands apart")]
    pub(super) fn read<'a>(
        &mut self,
        object: &Object,
        index: usize,
        floor: &Floor<'_, 'a>,
        setting: &Setting<'a>,
        part: &mut Part,
        result: &mut ObjectResult,
        submit: &mut dyn FnMut(&mut Part),
    ) {
        let source = match setting.opener.open(index) {
            Ok(source) => source,
            Err(error) => {
                let reason = Reason::Source(format!("cannot be read: {error}"));
                refuse(object, None, reason, result);
                return;
            }
        };
        let window = std::mem::take(&mut self.window);
        let known = match self.unpacker.open(source, setting.inflated_bytes_max, window) {
            Content::Whole { window, known } => {
                let filled = usize::try_from(known.inflated_bytes).unwrap_or(usize::MAX);
                let mut splitter = Splitter::of_whole(std::io::empty(), window, filled);
                self.split(&mut splitter, object, index, PART_ROWS_MAX, part, result, submit);
                self.window = splitter.into_window();
                Ok(known)
            }
            Content::Stream { source, window } => {
                self.window = window;
                let flow = Arc::new(Flow::new(Inflater::new(source, setting.inflated_bytes_max)));
                let help: Arc<dyn Help + 'a> = Arc::<Flow<_>>::clone(&flow);
                let changed = floor.begin_flow(Arc::clone(&help));
                let mut splitter = Splitter::new(FlowReader::new(&flow, changed));
                self.split(&mut splitter, object, index, STREAM_ROWS_MAX, part, result, submit);
                let ended = flow.end();
                floor.end_flow(&help);
                let inflated_bytes = splitter.into_source().given();
                match ended {
                    Some(inflater) => inflater.finish().map(|known| Inflated { inflated_bytes, ..known }),
                    None => Err(std::io::Error::other("reading ended in the middle of a step")),
                }
            }
        };
        end(object, known, result);
    }

    #[expect(clippy::too_many_arguments, reason = "what the object and the part are stands apart")]
    fn split<R: Read>(
        &mut self,
        splitter: &mut Splitter<R>,
        object: &Object,
        index: usize,
        rows_max: usize,
        part: &mut Part,
        result: &mut ObjectResult,
        submit: &mut dyn FnMut(&mut Part),
    ) {
        let object_place = u32::try_from(index).unwrap_or(NULL);
        let mut name = NULL;
        self.decoder.begin_object();
        while let Some(item) = splitter.next_item() {
            match item {
                Item::Record { index, text, members } => {
                    if part.is_full() || part.len() >= rows_max {
                        submit(part);
                        name = NULL;
                    }
                    if name == NULL {
                        name = part.object_id(&object.name);
                    }
                    match self.decoder.decode(text, members, (object_place, name), index, part) {
                        Ok(()) => result.counts.read += 1,
                        Err(reason) => refuse(object, Some(index), reason, result),
                    }
                }
                Item::Refused { index, reason } => refuse(object, index, reason, result),
                Item::SetAside(kind) => result.set_aside = Some(kind),
            }
        }
    }
}

/// What is said of an object once it was read to its end.
fn end(object: &Object, known: std::io::Result<Inflated>, result: &mut ObjectResult) {
    if result.refusals_unlisted > 0 {
        let reason = Reason::Unlisted(result.refusals_unlisted);
        result.refusals.push(Refusal { object: object.name.clone(), record_index: None, reason });
    }
    match known {
        Ok(known) => {
            result.raw_bytes = known.raw_bytes;
            result.inflated_bytes = known.inflated_bytes;
            // With a higher limit it is read again.
            result.sha256 = Some(known.sha256).filter(|_| !known.is_cut);
        }
        Err(error) => {
            if result.refusals.is_empty() {
                refuse(object, None, Reason::Source(format!("cannot be read: {error}")), result);
            }
        }
    }
}

fn refuse(object: &Object, record_index: Option<i64>, reason: Reason, result: &mut ObjectResult) {
    result.counts.read += 1;
    result.counts.refused += 1;
    if result.refusals.len() < OBJECT_REFUSALS_MAX {
        result.refusals.push(Refusal { object: object.name.clone(), record_index, reason });
    } else {
        result.refusals_unlisted += 1;
    }
}
