//! Goes through every order in which a protocol can run, and says what was found.

use serde::Serialize;
use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::{
    designs::Design,
    protocol::{Action, Protocol},
    trace::{Line, tell},
};

/// What was found about a protocol.
#[derive(Debug, Serialize)]
pub struct Findings {
    /// States that can be reached, each counted once.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// The most steps that a state is away from the first.
    pub depth: usize,
    /// The properties.
    pub properties: Vec<Finding>,
}

/// What was found about a property.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What it says.
    pub property: &'static str,
    /// Whether it must hold in all states. If not, there must be one in which it does.
    pub always: bool,
    /// Whether it is as it must be.
    pub right: bool,
    /// A shortest run that breaks it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub broken_by: Vec<Line>,
}

/// What was found about a design that must fail.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// Its name.
    pub design: &'static str,
    /// What it does.
    pub words: &'static str,
    /// The property that it must break.
    pub property: &'static str,
    /// A shortest run that breaks it. Empty: it does not fail.
    pub broken_by: Vec<Line>,
}

impl Findings {
    /// Whether all is as it must be.
    #[must_use]
    pub fn right(&self) -> bool {
        self.properties.iter().all(|finding| finding.right)
    }
}

/// Visits every state of a protocol.
#[must_use]
pub fn check(protocol: Protocol) -> Findings {
    let checker = protocol.checker().spawn_bfs().join();
    let discoveries = checker.discoveries();
    let properties = protocol.properties().into_iter().map(|property| {
        let always = property.expectation != Expectation::Sometimes;
        let right = discoveries.contains_key(property.name) != always;
        let broken_by = if always && !right { shortest(protocol, property.name) } else { None };
        let broken_by = broken_by.map_or_else(Vec::new, |run| tell(&protocol, &run));
        Finding { property: property.name, always, right, broken_by }
    });
    Findings {
        properties: properties.collect(),
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
    }
}

/// Looks for the run that shows how a design fails: with as few deliveries as it can, in as few steps.
/// Two workers and five deliveries are enough for each. `None` for ours, which must not fail.
#[must_use]
pub fn fail(design: Design) -> Option<Failure> {
    let property = design.breaks()?;
    let broken_by = (1..=5).find_map(|deliveries| {
        let protocol = Protocol::new(design, 2, deliveries);
        shortest(protocol, property).map(|run| tell(&protocol, &run))
    });
    Some(Failure { design: design.name(), words: design.words(), property, broken_by: broken_by.unwrap_or_default() })
}

/// A shortest run that breaks a property, if any does.
#[must_use]
pub fn shortest(protocol: Protocol, property: &'static str) -> Option<Vec<Action>> {
    let mut found: Option<Vec<Action>> = None;
    loop {
        let mut search = protocol.checker().finish_when(HasDiscoveries::AnyOf([property].into()));
        if let Some(run) = &found {
            // The checker goes on for a while after a find and keeps the last: look for a shorter one.
            search = search.target_max_depth(run.len() + 1);
        }
        match search.spawn_bfs().join().discovery(property) {
            Some(shorter) => found = Some(shorter.into_actions()),
            None => return found,
        }
    }
}
