//! What must hold in every state, and what must happen in one at least, lest the rest mean nothing.

use stateright::{Model, Property};

use crate::{
    protocol::{ASKS, Action, Protocol},
    state::{Item, Proof, State, Text},
};

/// Our property above all.
pub const AT_MOST_ONE: &str = "the provider accepts at most one text";
/// Which also says that no request is written whose claim came after the opt-out. One that was claimed
/// before may still leave: that gap is known, and nothing closes it.
pub const NO_CLAIM_AFTER_NO: &str = "no claim is written after the opt-out";

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.deliveries)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        // Idle ones last, so that the runs that are told begin nothing before it is needed. What one can
        // do, its equal beside it need not do as well.
        for at in (0..state.workers.len()).rev() {
            if state.workers.get(at + 1) != Some(&state.workers[at]) {
                self.what_next(state, at, actions);
            }
        }
        for (at, text) in state.texts.iter().enumerate() {
            match text {
                Text::Pending { .. } => actions.push(Action::Accepts(at)),
                Text::Accepted { current: true, .. } if self.in_flight(state.item) => {
                    actions.push(Action::CallsBack(at));
                }
                Text::Accepted { .. } | Text::None => {}
            }
        }
        if !state.opted_out && !matches!(state.item, Item::Sent(_) | Item::Over) {
            actions.push(Action::OptOut);
        }
        actions.push(Action::Tick);
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        self.step(before, action).map(State::sorted).filter(|after| after != before)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(AT_MOST_ONE, |_, state: &State| state.accepted() <= 1),
            Property::always(NO_CLAIM_AFTER_NO, |_, state: &State| !state.claimed_after_no),
            Property::always("a text is settled as sent only if it was accepted", |_, state: &State| {
                !matches!(state.item, Item::Sent(_)) || state.accepted() > 0
            }),
            Property::always("a text that the provider has or may still take cannot be claimed", |_, state: &State| {
                !matches!(state.item, Item::Free | Item::RetryScheduled) || state.written() == 0
            }),
            Property::sometimes("sent", |_, state: &State| state.item == Item::Sent(Proof::Answer)),
            Property::sometimes("surely absent, tried again and sent", |_, state: &State| {
                state.was_absent && matches!(state.item, Item::Sent(_))
            }),
            Property::sometimes("found in the list", |_, state: &State| state.item == Item::Sent(Proof::List)),
            Property::sometimes("settled by the callback", |_, state: &State| {
                state.item == Item::Sent(Proof::Callback)
            }),
            Property::sometimes("on the operator's list", |_, state: &State| {
                matches!(state.item, Item::Unknown { asked: ASKS, .. })
            }),
            Property::sometimes("ended by the opt-out", |_, state: &State| state.opted_out && state.item == Item::Over),
        ]
    }
}
