//! `backtrail` answers, from AWS CloudTrail logs: who is really behind this activity, what did this user or key do, and
//! what did it leave behind.
//!
//! # The flow, and the house that shows it
//!
//! ```text
//! objects -> records -> events (lake) -> queries ──> rows ──> investigate, lineage ──> report ──> cli
//!    archive     record        lake       query     inquiry
//!
//! policies of today ──> what they say to a request ───> and to all that happened ──> report ──> cli
//!    snapshot            policy, with what exists: catalog        replay
//! ```
//!
//! Log *objects* (files) are found and inflated, split into *records*, and become *events*: rows of a Delta Lake table.
//! Questions are asked in SQL, or, where one answer needs thought over many rows, folded in plain code that knows no
//! engine. Only `report` turns log text into output text. Where a lake is too large for one machine, executors of a
//! `cluster` do the reading of `lake` and `query`.
//!
//! The modules stand in the order of the flow; each uses only those above it:
//!
//! | module | one line | uses |
//! |---|---|---|
//! | [`pack`] | values as bytes, on their way to another process of this version | – |
//! | [`aws`] | the words of AWS: account, ARN, access key id, denial message, time. No I/O | `pack` |
//! | [`lineage`] | issuances, links, chains up and down, session names, why a chain stops; knows no engine | `aws` |
//! | [`catalog`] | which actions, resource types and condition keys exist; which requests an event stands for | `aws` |
//! | [`policy`] | the IAM evaluator: pure, total, three-valued; knows no log and no file | `aws` |
//! | [`snapshot`] | the current policies: reads authorization details, organization and resource policies into `policy`'s types | `aws`, `catalog`, `policy` |
//! | [`replay`] | records to requests, the policies' decision beside what AWS did, what a proposal changes; knows no engine | `pack`, `aws`, `catalog`, `policy`, `snapshot` |
//! | [`unused`] | what users and roles may do and never did, what else is unused, the policies that are enough; knows no engine | `pack`, `aws`, `catalog`, `policy`, `snapshot`, `replay` |
//! | [`archive`] | finds log objects in folders and in S3, reads their names, opens and inflates them with limits; all words with S3 | `aws` |
//! | [`record`] | splits any envelope into records, checks them, refuses with a reason; the tally | `aws`, `archive` |
//! | [`lake`] | the columns; records to rows to Parquet; Delta commits, ledger, compaction, in a folder or in S3; the session | `aws`, `archive`, `record` |
//! | [`query`] | the named questions in `queries/*.sql`, read-only SQL, typed rows | `pack`, `aws`, `lineage`, `lake` |
//! | [`investigate`] | folds the rows of one subject into one answer; knows no engine | `aws`, `lineage`'s plain values, `query`'s plain row |
//! | [`inquiry`] | puts a question to a lake: who is meant, which rows are theirs, what could be seen at all | `pack`, `aws`, `lineage`, `catalog`, `snapshot`, `replay`, `unused`, `lake`, `query`, `investigate` |
//! | [`cluster`] | Ballista's scheduler and executors, sessions whose reading they do, folds of a lake in shares, and ingests | `archive`, `lake`, `query` |
//! | [`report`] | results to text, JSON and CSV; the only place where log text becomes output text | `aws`, plain results of `lineage`, `catalog`, `policy`, `snapshot`, `replay`, `unused`, `lake`, `query`, `investigate`, `inquiry` |
//! | [`cli`] | arguments -> plan -> command -> report; exit codes; progress | all |
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | object | one file of a log archive, in a folder or in S3 |
//! | record | one entry of an object |
//! | event | a record as a row of the table `events` |
//! | duplicate | a record with the same JSON value as one that is an event already: CloudTrail delivers at least once |
//! | copy | the record that another account has of a call which the caller's own account recorded, too; for replays such a call is one |
//! | refusal | an entry, or the rest of an object, that could not be read, with the reason |
//! | set aside | an object of a known kind that holds no CloudTrail events |
//! | ledger | the table `objects`: which object was read when, in which state, with which counts |
//! | batch | the objects of one commit |
//! | site | where a lake is: a folder, or a prefix of a bucket |
//! | shard | one of so many parts of a listing, told by the objects' names; jobs that share a lake read one each |
//! | lane | the folder of one account and region in a log archive, in which the days lie in order |
//! | piece | the bytes of an object that one request to S3 gets |
//! | flow | the inflated bytes of a large object on their way to who decodes it, in blocks that any idle worker inflates |
//! | part | up to some ten thousand rows on their way to Parquet; becomes a row group for each day in it |
//! | subject | whom an investigation or a trace is about |
//! | credential | what a request was signed with: key, ARN, unique id and creation of the session together |
//! | issuance | a record whose success made a credential, or a way in |
//! | session | what one issuance led to: of a role, of a sign-in, of a federated user; it may have several keys |
//! | link | one step from a credential up to who made it, with its rule and the record that proves it |
//! | origin | who stands at the end of the links: the one who acted |
//! | request | one action on one resource by one caller, which policies allow or deny; a call may be several |
//! | layer | where policies stand: identity, boundary, session, SCPs, RCPs, resource, VPC endpoint |
//! | decision | what the evaluator says to a request: allowed, denied, or undetermined |
//! | snapshot | the policies of today, with what is missing of them |
//! | verdict | a decision beside what AWS did then: same, now denied, now allowed, undetermined, no request |
//! | proposal | policies that are proposed, replayed beside those of today; may be written as a patch of them |
//! | shape | what of a record tells which requests it stands for and which policies are in play |
//! | granted | an action that a principal's policies can allow on some resource, in some context |
//! | mark | what is known of a granted action: used, unused, not observable; or used without being granted |
//! | finding | something unused, or used without a grant, with an id that two runs share |
//! | suggestion | the policies that would have been enough for what a principal did |
//! | catalog | which actions, resource types and condition keys exist |
//! | scheduler, executor | of a cluster: who takes jobs and hands out their tasks, and who runs those, as many beside each other as it has slots |
//! | share | of a cluster: what one task does of a whole. Of a listing, read into the lake as a shard is by a job; or of a lake's files, folded in plain code |
//! | job | a part of a plan that a cluster runs as a whole; a statement is one job, some, or none |
//! | scratch place | of a cluster: a folder or a prefix of a bucket that client and executors see and write to; a run keeps what it makes on its way in a folder of its own there, and removes it |
//! | gap | why links end before that: what is missing, and what would close it |
//!
//! # Invariants
//!
//! - Nothing is dropped silently: `read = kept + duplicate + refused`, for each object and in total, checked before every
//!   commit. Everything has a limit, named (`…_MAX`), and says when it is reached.
//! - A row rebuilds its record: the same JSON value, numbers with their text. Only session tokens are kept as hashes.
//!   What a column can't give back exactly stays verbatim in `rest` or `identity_rest` ([`lake::rebuild`]).
//! - Exactly once: a batch is a commit of `events` that names the files of its ledger; whoever comes next ends what was
//!   left undone, and of two writers of one batch number one succeeds (`lake::commit`). The other takes what came out of its
//!   batch before it tries again (`lake::rebase`), so a record is kept once, whoever else writes.
//! - The same objects give the same rows, whatever order threads and deliveries take: of several copies of a record the
//!   first in the listing is kept (`lake::pipeline`); between jobs that share a lake, the first that was committed.
//! - `investigate`, `lineage`, `replay`, `unused` and `report` know no engine, clock, file or environment; only `lake`, `query` and `cluster` speak DataFusion; only
//!   `cli` prints and reads arguments, environment and clock (but for the time of a commit, which Delta asks for). The AWS
//!   SDK reads environment and profile files for its chain of credentials and regions, in `cli::s3` and nowhere else; only
//!   that file and `archive::s3` speak to the SDK; a lake in S3 is `lake::s3`, over `archive::s3`.
//! - What is on its way from S3 has limits, too: pieces and their bytes (`archive::s3::ahead`), pages and days of a listing
//!   (`archive::s3::merge`), tries of a request (`cli::s3`). So has what is inflated at a time: an object as a whole
//!   ([`archive::WHOLE_BYTES_MAX`]), or else some blocks ahead of who decodes them (`lake::flow`).
//! - What goes a shorter way comes out the same: objects inflated as a whole (`archive::whole`), values skipped by blocks
//!   (`record::block`), values and names known again (`record::memo`), callers read in one pass (`lake::decode`), calls on
//!   objects that are told by how statements fit
//!   them (`replay::fold::object`), calls that are told by what readings look at in their parameters
//!   (`replay::fold::parameters`), steps of lineage made by hand in the place of joins (`query::lineage`) are held by tests
//!   against the longer way. What is odd takes the longer way, so that it is refused with its reason.
//! - Three values: what is not known of a request or of its policies makes it undetermined, never allowed or denied by
//!   guess; trouble in a policy never widens access ([`policy`], [`snapshot`]). `policy` knows no file; `snapshot` reads them.
//! - A statement gives the same rows wherever it runs. What goes to a cluster is a list of what is known to be right in
//!   parts (`cluster::split`); everything else, and whatever can't be sent, is done by the client, over what the cluster gives
//!   (`cluster::cut`). The Delta log is read by the client alone; each node asks S3 with its own credentials; every wait for a
//!   cluster has a limit.
//! - No unsafe code. Input never panics. Every listing is totally ordered.
//!
//! `tests/it/tree.rs` holds the edges of the table above.

pub mod archive;
pub mod aws;
pub mod catalog;
pub mod cli;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod inquiry;
pub mod investigate;
pub mod lake;
pub mod lineage;
pub mod pack;
pub mod policy;
pub mod query;
pub mod record;
pub mod replay;
pub mod report;
pub mod snapshot;
pub mod unused;
