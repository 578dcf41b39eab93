//! What happens from outside in the runs of the sweep: small stories, each about one way that a text
//! can go, so that every call of each can be broken in every way.

use leadline_standins::carrier::Behaviour;

/// Someone else posts something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post {
    /// The form, as Kajabi posts it.
    Form {
        /// The submission's id.
        id: &'static str,
        /// The number in it.
        phone: &'static str,
    },
    /// A reply, as Twilio posts it.
    Reply {
        /// The message's id.
        sid: &'static str,
        /// The number.
        phone: &'static str,
        /// What it says.
        says: &'static str,
    },
    /// The receipt of a text that was accepted, the n-th in the ledger.
    Receipt {
        /// Which.
        nth: usize,
    },
}

/// One story. All begin on Tuesday, 6 January 2026, at 10:00 in New York.
#[derive(Debug, Clone)]
pub struct Story {
    /// What it is about.
    pub name: &'static str,
    /// What is posted, and how many minutes after the start.
    pub posts: Vec<(i64, Post)>,
    /// What the provider does with the texts it is handed, in order; after them it accepts.
    pub provider: Vec<Behaviour>,
    /// What is posted while this text, counted from 1, is handed to the provider.
    pub meanwhile: Option<(usize, Post)>,
    /// Whether receipts come.
    pub receipts: bool,
    /// Whether the provider's list can be read.
    pub list: bool,
    /// The hour's limit.
    pub per_hour: Option<u32>,
    /// Whether the client has a text that confirms an opt-out.
    pub confirms: bool,
    /// How many texts go out when nothing breaks.
    pub texts: usize,
}

/// The confirmation of an opt-out, where there is one.
pub const CONFIRMATION: &str = "You get no more texts.";

/// The first lead's number.
pub const PAT: &str = "+13055550123";
/// The second lead's number.
pub const KIM: &str = "+13055550124";
/// The third lead's number.
pub const LOU: &str = "+13055550125";

const FORM: (i64, Post) = (0, Post::Form { id: "1", phone: PAT });

fn stop(sid: &'static str) -> Post {
    Post::Reply { sid, phone: PAT, says: "STOP" }
}

impl Story {
    fn of(name: &'static str, provider: &[Behaviour], texts: usize) -> Self {
        Self {
            name,
            posts: vec![FORM],
            provider: provider.to_vec(),
            meanwhile: None,
            receipts: false,
            list: true,
            per_hour: None,
            confirms: false,
            texts,
        }
    }
}

/// The message ids of replies.
const REPLY: &str = "SM000000000000000000000000000000aa";

/// Every story.
#[must_use]
pub fn all() -> Vec<Story> {
    use Behaviour::{Accept, AnswerLost, Down, Refuse, RequestLost, Throttled};
    let refuse = |code| Refuse { code, http_status: 400 };
    vec![
        Story { receipts: true, ..Story::of("two texts and their receipts", &[], 2) },
        Story::of("turned away for now, then taken", &[Behaviour::CONGESTED; 2], 2),
        Story::of("the provider asks to wait, then takes it", &[Throttled], 2),
        Story::of("the answer is lost, the list has it", &[AnswerLost], 2),
        Story { receipts: true, ..Story::of("the answer is lost, the receipt tells", &[AnswerLost, AnswerLost], 2) },
        Story::of("the request is lost", &[RequestLost], 2),
        Story { list: false, ..Story::of("nobody can tell", &[AnswerLost], 1) },
        Story::of("the provider is down, and nothing went out", &[Accept, Down], 2),
        Story::of("the provider holds an opt-out", &[refuse(21610)], 0),
        Story::of("the number is a landline", &[refuse(30006)], 0),
        Story::of("the text is filtered", &[Accept, refuse(30007)], 1),
        Story::of("the account is refused, then works again", &[refuse(20003)], 2),
        Story { posts: vec![FORM, (90, stop(REPLY))], ..Story::of("a stop after the first text", &[], 1) },
        Story { meanwhile: Some((1, stop(REPLY))), ..Story::of("a stop during the call", &[], 1) },
        Story {
            meanwhile: Some((1, stop(REPLY))),
            ..Story::of("a stop during a call whose answer is lost", &[AnswerLost], 1)
        },
        Story {
            meanwhile: Some((1, stop(REPLY))),
            ..Story::of("a stop during a call that fails", &[Behaviour::CONGESTED], 0)
        },
        Story {
            posts: vec![FORM, (90, Post::Reply { sid: REPLY, phone: PAT, says: "Yes, please!" })],
            ..Story::of("an answer in words", &[], 1)
        },
        Story {
            posts: vec![FORM, (90, Post::Reply { sid: REPLY, phone: PAT, says: "please take me off your list" })],
            confirms: true,
            ..Story::of("a stop in free words, confirmed", &[], 2)
        },
        Story {
            posts: vec![FORM, (0, Post::Form { id: "2", phone: KIM }), (1, Post::Form { id: "3", phone: LOU })],
            per_hour: Some(2),
            ..Story::of("three at once, two an hour", &[Accept, AnswerLost], 6)
        },
        Story {
            posts: vec![FORM, (30, Post::Form { id: "4", phone: PAT }), (40, FORM.1)],
            ..Story::of("the form again and again", &[], 2)
        },
    ]
}

/// A story that is told over the real SDK, where each call is slower.
#[derive(Debug, Clone)]
pub struct OverTheSdk {
    /// The story.
    pub story: Story,
    /// Which of its requests break.
    pub breaks: Which,
}

/// Which requests of a story break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// All after the point up to which it is the same as the first story.
    New,
    /// Those of one operation, which the other stories do not have.
    Only(&'static str),
}

/// The stories over the real SDK. Together they make every kind of request that the others make.
#[must_use]
pub fn over_the_sdk() -> Vec<OverTheSdk> {
    let posts = vec![FORM, (90, stop(REPLY))];
    let text = Story { receipts: true, posts: posts.clone(), ..Story::of("a text, its receipt, a stop", &[], 1) };
    let lost = Story { posts, ..Story::of("a lost answer, a stop", &[Behaviour::AnswerLost], 1) };
    let two = Story {
        posts: vec![FORM, (0, Post::Form { id: "2", phone: KIM })],
        per_hour: Some(1),
        ..Story::of("two at once, one an hour", &[], 4)
    };
    vec![
        OverTheSdk { story: text, breaks: Which::All },
        OverTheSdk { story: lost, breaks: Which::New },
        OverTheSdk { story: two, breaks: Which::Only("BatchWriteItem") },
    ]
}

/// The stories in which two executions run at once, at every pair of places.
#[must_use]
pub fn of_two_at_once() -> Vec<Story> {
    let names = [
        "two texts and their receipts",
        "turned away for now, then taken",
        "the answer is lost, the list has it",
        "the request is lost",
        "the account is refused, then works again",
    ];
    all().into_iter().filter(|story| names.contains(&story.name)).collect()
}

/// A stop that comes while something else runs.
pub const STOP: Post = Post::Reply { sid: "SM000000000000000000000000000000bb", phone: PAT, says: "STOP" };
